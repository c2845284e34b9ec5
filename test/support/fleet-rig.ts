// A fleet in one process: nodes as a program would make them, each behind its own bad connection to one real Redis, with what a
// reader would see recorded. All times are a tenth of the real ones. Promises about boards are checked with every board shown.
import { expect } from 'vitest'
import { type Board, changedSince, emptyBoard, nextBoard } from '../../src/board/board.js'
import { FLEET_PROTO, type FleetSource } from '../../src/fleet/board-text.js'
import { fleetKeys } from '../../src/fleet/keys.js'
import { FLEET_TIMES, FleetNode, type FleetTimes } from '../../src/fleet/node.js'
import { parseNotice } from '../../src/fleet/scripts/publish.js'
import { SEAT_LIMITS } from '../../src/fleet/seat.js'
import { decideResume } from '../../src/hub/resume.js'
import { LANE_TIMES } from '../../src/redis/lane.js'
import { type Link, openLink } from '../../src/redis/link.js'
import { textPanel } from './boards.js'
import { eventually } from './eventually.js'
import { type FaultProxy, startFaultProxy } from './fault-proxy.js'
import { type RedisServer, startRedis } from './redis-server.js'

const BEAT_MS = FLEET_TIMES.beatMs / 10

export const TENTH: FleetTimes = {
  ...FLEET_TIMES,
  beatMs: BEAT_MS,
  leaseMs: FLEET_TIMES.leaseMs / 10,
  goneMs: FLEET_TIMES.goneMs / 10,
  deafMs: FLEET_TIMES.deafMs / 10,
  lowerTermMs: FLEET_TIMES.lowerTermMs / 10,
  seat: {
    ...SEAT_LIMITS,
    closedMs: SEAT_LIMITS.closedMs / 10,
    deadHolderMs: SEAT_LIMITS.deadHolderMs / 10,
    longestStepMs: SEAT_LIMITS.longestStepMs / 10,
    freshAgainMs: SEAT_LIMITS.freshAgainMs / 10,
  },
}

const LANES = {
  deadlineMs: LANE_TIMES.deadlineMs / 10,
  connectMs: LANE_TIMES.connectMs / 10,
  retryMs: LANE_TIMES.retryMs / 10,
  retryMaxMs: LANE_TIMES.retryMaxMs / 10,
}

const SOURCE: FleetSource = { state: 'fresh', error: null, age_sec: 0, changed_ago_sec: 0, too_old: false }

const hashesOf = (board: Board): string =>
  [...board.panels.values()].map(({ key, hash }) => `${key} ${hash}`).join('\n')

/** What a reader has: the panels by hash, and its position in each epoch. */
class Reader {
  readonly #panels = new Map<string, string>()
  readonly #highest = new Map<string, number>()
  id: string | null = null

  isAhead({ epoch, generation }: Board): boolean {
    return generation < (this.#highest.get(epoch) ?? 0)
  }

  /** As the hub would: an update since its position, or everything. */
  read(board: Board): void {
    const resume = decideResume(this.id, board, '')
    const position = resume.kind === 'resumed' ? resume.position : 0
    if (resume.kind !== 'resumed') this.#panels.clear()
    const { changed, removed } = changedSince(board, position)
    for (const key of removed) this.#panels.delete(key)
    for (const { key, hash } of changed) this.#panels.set(key, hash)
    const had = [...this.#panels].map(([key, hash]) => `${key} ${hash}`).sort()
    expect(had.join('\n')).toBe(hashesOf(board).split('\n').sort().join('\n'))
    const { epoch, generation } = board
    // B4: within an epoch its generation never falls.
    expect(generation).toBeGreaterThanOrEqual(this.#highest.get(epoch) ?? 0)
    this.#highest.set(epoch, generation)
    this.id = `${epoch}-${generation}`
  }
}

export class Member {
  node: FleetNode | null = null
  link: Link | null = null
  isFresh = true
  /** Its loop makes no boards, although it beats. */
  isHung = false
  marks: readonly string[] = ['mark']
  /** The version of the board that it writes. */
  proto = FLEET_PROTO
  readonly reader = new Reader()
  /** Of the board of the servers. */
  serversReader = new Reader()
  seen: string[] = []
  /** Cycles of its loop. */
  cycles = 0
  #own: Board = emptyBoard('')
  #ofServers: Board = emptyBoard('')
  #life = 0
  /** Its reader comes from an earlier process. */
  #isNew = false

  constructor(
    readonly fleet: Fleet,
    readonly name: string,
    readonly proxy: FaultProxy,
  ) {}

  /** A new process: another epoch, and nothing known. */
  async start(): Promise<void> {
    this.#life++
    this.#isNew = true
    const id = `${this.name}.${this.#life}`
    this.#own = emptyBoard(`${this.name}${this.#life}x${this.fleet.number}`)
    this.#ofServers = emptyBoard(`${this.#own.epoch}s`)
    this.serversReader = new Reader()
    const monotonicMs = () => performance.now()
    const link = await openLink({
      address: {
        kind: 'single',
        at: { host: '127.0.0.1', port: this.proxy.port },
        tls: false,
        db: 0,
        username: null,
        password: null,
      },
      monotonicMs,
      times: LANES,
      observer: { onReset: (lane, why) => this.seen.push(`${lane} ${why}`) },
    })
    this.link = link
    this.node = new FleetNode({
      id,
      keys: fleetKeys('test', 0, id),
      link,
      ports: {
        show: board => {
          this.fleet.check(board)
          // A publisher that is killed may have shown a generation that never reached Redis. Its reader, ahead of everybody, waits for the
          // next epoch.
          if (this.#isNew && this.reader.isAhead(board)) return
          this.#isNew = false
          this.reader.read(board)
        },
        servers: {
          show: board => {
            this.fleet.check(board)
            this.serversReader.read(board)
          },
          // It changes now and then.
          make: () => {
            const panels = [textPanel('s0', id), textPanel('s1', `${Math.floor(this.cycles / 3)}`)]
            this.#ofServers = nextBoard(this.#ofServers, panels, this.cycles, this.cycles)
            return Promise.resolve({ board: this.#ofServers, source: SOURCE })
          },
        },
        presence: () => ({
          name: this.name,
          version: '1',
          started: 0,
          readers: 1,
          chat: 0,
          rss: 0,
        }),
      },
      marks: () => this.marks,
      proto: this.proto,
      newLife: () => `${id} ${Math.random()}`,
      clock: { nowMs: () => Date.now(), monotonicMs },
      times: TENTH,
      observer: {
        onSeat: (from, to) => this.seen.push(`${from} > ${to}`),
        onEngine: isGone => this.seen.push(isGone ? 'engine gone' : 'engine back'),
        onPull: why => {
          if (why === 'reader') this.seen.push('pull for a reader')
        },
        onForeign: () => this.seen.push('foreign'),
        onFault: (what, error) => this.fleet.faults.push(`${this.name} ${what}: ${String(error)}`),
      },
    })
    this.cycle()
    this.node.start()
  }

  /** One cycle of its loop: it reads the file, unless its own view of it is stale. */
  cycle(): void {
    if (this.node === null || this.isHung) return
    this.cycles++
    if (this.isFresh) this.#own = nextBoard(this.#own, this.fleet.panels(), this.cycles, this.cycles)
    this.fleet.check(this.#own)
    this.node.own({ board: this.#own, source: SOURCE }, this.isFresh)
  }

  /** SIGKILL. */
  kill(): void {
    this.node?.kill()
    this.link?.close()
    this.node = null
    this.link = null
  }

  /** SIGTERM. */
  async stop(): Promise<void> {
    await this.node?.stop()
    this.kill()
  }
}

export class Fleet {
  static #count = 0
  readonly number = Fleet.#count++
  readonly members: Member[] = []
  readonly faults: string[] = []
  readonly redis: RedisServer
  /** Without faults: for what is not a node's. */
  admin: Link
  /** The content of the file that all read. */
  value = 1
  readonly #boards = new Map<string, string>()
  readonly #published = new Map<string, { readonly epoch: string; readonly generation: number }>()
  readonly #loop: NodeJS.Timeout
  #dumped: { readonly key: string; readonly dump: Buffer; readonly ttlMs: number }[] = []

  private constructor(redis: RedisServer, admin: Link) {
    this.redis = redis
    this.admin = admin
    this.#loop = setInterval(() => {
      for (const member of this.members) member.cycle()
    }, BEAT_MS)
    admin.subscribe(fleetKeys('test', 0, '').channels.board, message => this.#onNotice(message))
  }

  static async start(size: number): Promise<Fleet> {
    const redis = await startRedis()
    const admin = await openLink({
      address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
      monotonicMs: () => performance.now(),
    })
    const fleet = new Fleet(redis, admin)
    for (let i = 0; i < size; i++) {
      const proxy = await startFaultProxy(redis.path)
      fleet.members.push(new Member(fleet, 'abcdefgh'[i] ?? '', proxy))
    }
    await Promise.all(fleet.members.map(member => member.start()))
    return fleet
  }

  async close(): Promise<void> {
    clearInterval(this.#loop)
    for (const member of this.members) {
      member.kill()
      await member.proxy.close()
    }
    this.admin.close()
    await this.redis.close()
  }

  panels() {
    const { value } = this
    const all = [textPanel('p0', `${value}`), textPanel('p1', `${Math.floor(value / 3)}`)]
    return value % 4 === 0 ? all : [...all, textPanel('p2', `${value % 2}`)]
  }

  change(): void {
    this.value++
    for (const member of this.members) member.cycle()
  }

  /** B1: one id, one board, over all nodes and all times. */
  check(board: Board): void {
    const id = `${board.epoch}-${board.generation}`
    const hashes = hashesOf(board)
    expect(this.#boards.get(id) ?? hashes).toBe(hashes)
    this.#boards.set(id, hashes)
  }

  /** B3: of one term one publisher, and generations of an epoch that do not fall. */
  #onNotice(message: string): void {
    const notice = parseNotice(message)
    if (notice === null) throw new Error(`not a notice: ${message}`)
    const { term, epoch, generation } = notice
    const ofTerm = this.#published.get(`term ${term}`)
    if (ofTerm !== undefined) expect(epoch).toBe(ofTerm.epoch)
    this.#published.set(`term ${term}`, { epoch, generation })
    const ofEpoch = this.#published.get(`epoch ${epoch}`)
    if (ofEpoch !== undefined) expect(generation).toBeGreaterThanOrEqual(ofEpoch.generation)
    this.#published.set(`epoch ${epoch}`, { epoch, generation })
  }

  /** Resolves after so many cycles of the loops. */
  async cycles(count: number): Promise<void> {
    const { promise, done } = waiting()
    let left = count
    const timer = setInterval(() => {
      left--
      if (left <= 0) done()
    }, BEAT_MS)
    await promise
    clearInterval(timer)
  }

  async flush(): Promise<void> {
    await this.admin.commands.send(['FLUSHALL']).catch(() => {})
  }

  async restart(): Promise<void> {
    await this.redis.kill()
    await this.redis.start()
    await eventually(() => this.admin.commands.isUp, 'the server is back')
  }

  /** What a replica that lags behind, or a dump, has. */
  async dump(): Promise<void> {
    const keys = fleetKeys('test', 0, '')
    this.#dumped = []
    for (const key of [keys.lease, keys.term, keys.life, keys.board, keys.since]) {
      const dump = await this.admin.commands.send(['DUMP', key], { as: 'bytes' })
      const ttlMs = Number(await this.admin.commands.send(['PTTL', key]))
      if (dump instanceof Buffer) this.#dumped.push({ key, dump, ttlMs: Math.max(0, ttlMs) })
    }
  }

  async restore(): Promise<void> {
    for (const { key, dump, ttlMs } of this.#dumped)
      await this.admin.commands.send(['RESTORE', key, ttlMs, dump, 'REPLACE'])
  }

  /** Of the board in Redis. */
  async publishedProto(): Promise<unknown> {
    const head = await this.admin.commands.send(['HGET', fleetKeys('test', 0, '').board, 'head'])
    return (JSON.parse(String(head)) as { readonly proto: unknown }).proto
  }

  get leader(): Member | null {
    return this.members.find(({ node }) => node?.seat === 'leading') ?? null
  }

  /** B2: all nodes show what one publisher shows, and that is the file as it is now. */
  async converge(): Promise<Member> {
    const now = JSON.stringify(this.panels().map(({ key, lines }) => [key, lines]))
    const isEqual = (): Member | false => {
      const leading = this.members.filter(({ node }) => node?.seat === 'leading')
      const [leader] = leading
      if (leader?.node == null || leading.length !== 1) return false
      const { epoch, generation } = leader.node.shown
      const shown = (board: Board) =>
        JSON.stringify([...board.panels.values()].map(({ key, lines }) => [key, lines]))
      if (shown(leader.node.shown) !== now) return false
      return this.members.every(({ node }) => {
        if (node === null || node.isEngineGone) return false
        return node.shown.epoch === epoch && node.shown.generation === generation && shown(node.shown) === now
      })
        ? leader
        : false
    }
    const state = () =>
      this.members
        .map(({ name, node, link, seen }) => {
          const { epoch = '', generation = 0 } = node?.shown ?? {}
          return `${name}: ${node?.seat} ${epoch}-${generation} up ${link?.commands.isUp} (${seen.join(', ')})`
        })
        .join('\n')
    return await eventually(isEqual, () => `all equal\n${state()}\n${this.faults.join('\n')}`)
  }

  /** B5: an id of the epoch in force is resumed at every node, with the same panels. */
  checkResume(): void {
    const boards = this.members.flatMap(({ node }) => (node === null ? [] : [node.shown]))
    const [first] = boards
    if (first === undefined) return
    for (let position = 1; position <= first.generation; position++) {
      const due = changedSince(first, position)
      for (const board of boards) {
        expect(decideResume(`${first.epoch}-${position}`, board, '').kind).toBe('resumed')
        expect(changedSince(board, position)).toEqual(due)
      }
    }
  }
}

function waiting(): { readonly promise: Promise<void>; readonly done: () => void } {
  let done = (): void => {}
  const promise = new Promise<void>(resolve => {
    done = resolve
  })
  return { promise, done }
}
