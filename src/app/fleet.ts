// This server as a node of a fleet: the link to Redis, the node, and what they report. Loaded only where G6_REDIS_URL is set.
import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Engine } from '../chat/shared/engine.js'
import type { Clock } from '../clock/clock.js'
import { systemTimers } from '../clock/timers.js'
import type { BoardLooks } from '../declared/board.js'
import type { CycleResult, Output, SourceState } from '../engine/cycle.js'
import type { BoardSource } from '../engine/followed-boards.js'
import type { FleetSource } from '../fleet/board-text.js'
import { FleetBoards } from '../fleet/fleet-boards.js'
import { fleetKeys } from '../fleet/keys.js'
import { readMembers } from '../fleet/members.js'
import { FLEET_TIMES, FleetNode, type FleetObserver } from '../fleet/node.js'
import { Pushes } from '../fleet/pushes.js'
import { Requests } from '../fleet/requests.js'
import { getNotify, notifyKey, putNotify } from '../fleet/scripts/notify.js'
import { CLEAR, KeySeal, keysFrom, type Seal } from '../fleet/seal.js'
import type { FleetHealth } from '../http/health-document.js'
import type { Listening } from '../http/listeners.js'
import type { FleetDocument } from '../protocol/fleet.js'
import { parseRedisAddress } from '../redis/address.js'
import { EngineError } from '../redis/connection.js'
import { type Link, openLink } from '../redis/link.js'
import { createServers } from './fleet-servers.js'
import type { Fleet, FleetParts } from './parts.js'
import { VERSION } from './version.js'

/** All that ask for the nodes within this time get one reading. */
const ONCE_MS = 1_000

/** How long a start waits to learn whether this fleet is its own; a Redis that is away does not keep a server from starting. */
const JOIN_MS = 2_000

export class ForeignFleetError extends Error {
  override readonly name = 'ForeignFleetError'
}

export function createFleet(parts: FleetParts): Fleet {
  const { settings, metrics, log, clock, connections } = parts
  const { config } = parts
  const parsed = parseRedisAddress(config.redisUrl ?? '')
  if (!parsed.ok) throw new Error(`G6_REDIS_URL: ${parsed.error}`)
  const { address } = parsed
  const faults = new FaultLog(parts)
  const seal = sealOf(config.fleetKeyFile)
  const pushes = new Pushes({
    targets: parts.pushTargets,
    seal,
    onFault: error => faults.say('push', String(error)),
  })
  const requests = new Requests({ seal, onFault: error => faults.say('requests', String(error)) })
  let node: FleetNode | null = null
  let link: Link | null = null
  let latest: CycleResult | null = null
  let isForeign = false
  let isLarge = false
  let isFull = false
  let isUnopened = false
  let onEngine: (engine: Engine) => void = () => {}
  let id = ''
  let members: { readonly atMs: number; readonly read: Promise<FleetDocument> } | null = null
  let settle: (error: Error | null) => void = () => {}
  let onSeat: () => void = () => {}
  const settled = new Promise<Error | null>(resolve => {
    settle = resolve
  })

  const boards = new FleetBoards({
    own: parts.own,
    limits: parts.limits,
    timezone: () => settings().timezone,
    clock,
    isAdrift: () => node?.seat === 'adrift',
  })

  const document = (): Promise<FleetDocument> => {
    const nowMs = clock.monotonicMs()
    if (members === null || nowMs - members.atMs >= ONCE_MS) members = { atMs: nowMs, read: readAll() }
    return members.read
  }
  const { port, servers } = createServers(parts, document)

  const offer = (): void => {
    if (latest === null || latest.board.generation === 0) return
    isLarge = false
    node?.own(
      { board: latest.board, source: sourceOf(latest.source, parts.looks(), clock) },
      isFresh(latest.source),
    )
  }

  const observer: FleetObserver = {
    onJoined: () => {
      if (isForeign) log.info({ fleet: config.fleet }, 'this fleet knows a token of this server now')
      isForeign = false
      settle(null)
    },
    onForeign: () => {
      settle(new ForeignFleetError(foreignText(config.fleet)))
      if (!isForeign) log.error({ fleet: config.fleet }, foreignText(config.fleet))
      isForeign = true
    },
    onSeat: (from, to) => {
      log.info({ from, to, term: node?.term ?? null }, SEAT_TEXT[to])
      setSeat()
      // A follower asks its sources seldom; what it shows from now on is its own.
      if (to === 'leading' || to === 'alone') void parts.own.refresh()
      onSeat()
    },
    onEngine: isGone => {
      metrics.g6_fleet_engine_up.set(isGone ? 0 : 1)
      if (isGone) log.warn('Redis does not answer: the fleet is degraded; no reader is cut')
      else log.info('Redis answers again')
    },
    onTerm: () => metrics.g6_fleet_term_changes_total.inc(),
    onFenced: () => metrics.g6_fleet_fenced_total.inc(),
    onPull: why => metrics.g6_fleet_pulls_total.inc({ why }),
    onNotice: seconds => metrics.g6_fleet_notice_lag_seconds.observe(seconds),
    onUnshared: why => {
      isLarge = true
      metrics.g6_fleet_unshared_total.inc({ why })
      faults.say('share', 'the board is over 4 MiB and is not shared with the fleet')
    },
    onReadable: why => {
      if (why === null) log.info('the board of the fleet can be read again')
      else log.error(UNREADABLE_TEXT[why])
    },
    onFault: (what, error) => faults.say(what, String(error)),
  }
  const setSeat = (): void => metrics.g6_fleet_seat.only({ seat: node?.seat ?? 'following' })

  const forget = metrics.onScrape(() => {
    metrics.g6_fleet_nodes.set(node?.nodes ?? null)
  })

  return {
    boards,
    pushTargets: pushes.targets,
    looks: () => (boards.looks === undefined ? parts.looks() : boards.looks),
    servers,
    output: {
      name: 'fleet',
      inCycle: true,
      publish: result => {
        latest = result
        offer()
      },
      close: () => Promise.resolve(),
    } satisfies Output,

    async start(listening) {
      const name = nameOf(listening)
      id = `${name}.${randomBytes(4).toString('hex')}`
      const ca = config.redisCaFile === null ? {} : { ca: readFileSync(config.redisCaFile, 'utf8') }
      link = await openLink({
        address,
        ...ca,
        monotonicMs: clock.monotonicMs,
        observer: {
          onReset: (_lane, why) => {
            metrics.g6_fleet_link_resets_total.inc({ why })
            // Redis does not answer, so the tokens of this fleet are unknown.
            if (why === 'connect' || why === 'deadline') settle(null)
          },
          onUp: () => node?.reached(),
          onAnswer: (_lane, seconds) => metrics.g6_fleet_engine_seconds.observe(seconds),
        },
      })
      metrics.g6_fleet_engine_up.set(1)
      const keys = fleetKeys(config.fleet, address.db, id)
      const startedMs = Math.round(clock.nowMs())
      node = new FleetNode({
        id,
        keys,
        link,
        ports: {
          show: (board, source) => boards.show(board, source),
          servers: port,
          presence: () => ({
            name,
            version: VERSION,
            started: startedMs,
            readers: connections.streams,
            chat: connections.count('chat'),
            rss: process.memoryUsage.rss(),
          }),
        },
        seal,
        marks: () => marksOf(settings()),
        clock,
        newLife: () => randomBytes(16).toString('hex'),
        mayLead: parts.mayLead,
        refreshMs: () => settings().summaryRefreshSec * 1000,
        observer,
      })
      log.info({ fleet: config.fleet, node: id }, parts.mayLead ? JOINS : FOLLOWS)
      node.start()
      pushes.start({ run: link.run, keys })
      link.subscribe(keys.channels.push, name => pushes.notice(name))
      requests.start({ link, channel: keys.channels.requests, node: id })
      setSeat()
      offer()
      const made = { link, node }
      onEngine({
        link,
        node: id,
        fleet: config.fleet,
        db: address.db,
        get isGone() {
          return made.node.isEngineGone
        },
        get nodes() {
          return made.node.nodes
        },
      })
      const cancel = systemTimers.after(JOIN_MS, () => settle(null))
      const error = await settled
      cancel()
      if (error !== null) throw error
    },

    async stop() {
      settle(null)
      pushes.stop()
      await node?.stop()
    },

    close() {
      forget()
      node?.kill()
      link?.close()
    },

    reload: () => node?.rejoin(),
    catchUp: () => node?.catchUp() ?? Promise.resolve(),

    onEngine: listener => {
      onEngine = listener
    },
    setFull: full => {
      isFull = full
    },
    seal,
    setUnopened: unopened => {
      isUnopened = unopened
    },

    health,

    notify: {
      seat: () => node?.seat ?? 'following',
      put: async (text, wallMs) => {
        const lease = node?.lease ?? null
        if (link === null || lease === null) return false
        const keys = fleetKeys(config.fleet, address.db, id)
        return putNotify(link.run, keys, notifyKey(config.fleet), lease, { text, wallMs }, seal)
      },
      get: () => (link === null ? Promise.resolve(null) : getNotify(link.run, notifyKey(config.fleet), seal)),
    },
    requests,
    onSeat: run => {
      onSeat = run
    },

    isFollower: () => node?.seat === 'following' && node.term !== null,

    document,
  }

  async function readAll(): Promise<FleetDocument> {
    const { fleet, degraded } = health()
    const { name, node: own, seat, term } = fleet
    const common = { name, node: own, seat, term, degraded }
    const nodes = node === null ? [] : [{ ...node.info, node: own }]
    if (link === null || node === null || node.isEngineGone) return { ...common, nodes }
    try {
      return {
        ...common,
        nodes: await readMembers(link.run, fleetKeys(config.fleet, address.db, own), FLEET_TIMES.goneMs),
      }
    } catch (error) {
      if (error instanceof EngineError) return { ...common, nodes }
      throw error
    }
  }

  function health(): FleetHealth {
    const degraded = [
      ...(node?.isEngineGone === true ? ['engine' as const] : []),
      ...(isForeign ? ['foreign' as const] : []),
      ...(node?.unreadable == null ? [] : [node.unreadable]),
      ...(isUnopened && node?.unreadable !== 'key' ? ['key' as const] : []),
      ...(isLarge ? ['large' as const] : []),
      ...(isFull ? ['full' as const] : []),
    ]
    return {
      fleet: {
        name: config.fleet,
        node: id,
        seat: node?.seat ?? 'following',
        term: node?.term ?? null,
        nodes: node?.nodes ?? 1,
      },
      degraded,
    }
  }
}

const UNREADABLE_TEXT = {
  version: 'the board of the fleet is of a later version; this server shows its own',
  key:
    'the board of the fleet is not encrypted with a key that this server has, so it shows its own: ' +
    'G6_FLEET_KEY_FILE must name the same keys at all servers',
} as const

const JOINS = 'a node of a fleet'
const FOLLOWS = 'a node of a fleet; it has no status source of its own, so it shows the board of the others'

const SEAT_TEXT = {
  following: 'follows the board of the fleet',
  leading: 'publishes the board of the fleet',
  alone: 'shows its own board until Redis is back',
  adrift: 'shows the last board of the fleet until Redis is back',
} as const

function foreignText(fleet: string): string {
  return (
    `the fleet "${fleet}" on this Redis belongs to other servers: none of its tokens (G6_SSE_API_TOKEN) is known here; ` +
    'give this fleet a name of its own (G6_FLEET), or its servers the same token'
  )
}

/** The port with all routes, else the first; what is not printable cannot be part of a lease. */
function nameOf(listening: readonly Listening[]): string {
  const open = listening.find(({ name }) => name === 'unified') ?? listening[0]
  const at = open === undefined ? '' : open.url.startsWith('http') ? new URL(open.url).port : open.url
  return `${hostname()}:${at}`.replace(/[^!-~]/g, '_').slice(0, 200)
}

type Tokens = {
  readonly sseApiToken: string | null
  readonly sseApiTokenPrevious: string | null
  readonly fleet: string
}

/** Throws an Error that names the setting. */
function sealOf(file: string | null): Seal {
  if (file === null) return CLEAR
  try {
    return new KeySeal(keysFrom(readFileSync(file, 'utf8')))
  } catch (error) {
    throw new Error(
      `G6_FLEET_KEY_FILE cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Servers without a token have the mark of none. */
function marksOf({ sseApiToken, sseApiTokenPrevious, fleet }: Tokens): readonly string[] {
  const tokens = [sseApiToken, sseApiTokenPrevious].filter(token => token !== null)
  return (tokens.length === 0 ? [''] : tokens).map(token =>
    createHmac('sha256', token).update(`g6 fleet ${fleet}`).digest('hex'),
  )
}

const isFresh = ({ state, tooOld }: SourceState): boolean =>
  (state === 'fresh' || state === 'closed') && !tooOld

function sourceOf(
  { state, error, ageSec, changedAtMs, tooOld }: SourceState,
  looks: BoardLooks | null,
  { nowMs }: Clock,
): FleetSource {
  const changedAgoSec = changedAtMs === null ? null : (nowMs() - changedAtMs) / 1000
  return {
    state,
    error,
    age_sec: ageSec,
    changed_ago_sec: changedAgoSec,
    too_old: tooOld,
    ...(looks === null ? {} : { looks }),
  }
}

/** One line for each fault, not for each time that it happens. */
class FaultLog {
  readonly #parts: Pick<FleetParts, 'log'>
  readonly #reported = new Map<string, string>()

  constructor(parts: Pick<FleetParts, 'log'>) {
    this.#parts = parts
  }

  say(what: string, text: string): void {
    if (this.#reported.get(what) === text) return
    this.#reported.set(what, text)
    this.#parts.log.warn({ what, why: text }, 'a fault in the fleet')
  }
}

/** Of a server that names no source: it makes no board. */
export function noSource(fleet: string): BoardSource {
  return {
    name: `fleet ${fleet}`,
    start: () => {},
    news: { board: null, fault: null, heardAtMs: null },
    members: null,
    looks: null,
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
