// The relay on a real server on port 0, a scripted upstream behind it, and requests of clients.
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { afterEach } from 'vitest'
import type { AnswerObserver } from '../../src/chat/begin.js'
import type { ChatConfig } from '../../src/chat/chat-config.js'
import type { LogStore } from '../../src/chat/log/chat-log.js'
import { MemoryStore } from '../../src/chat/log/memory-store.js'
import { type MockOptions, type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import {
  type AuditEntry,
  type AuditTrail,
  type ChatLimits,
  type Identity,
  noKeys,
  type RelayKeys,
  type Rollout,
} from '../../src/chat/ports.js'
import { Relay } from '../../src/chat/relay.js'
import { chatPlugin } from '../../src/chat/routes.js'
import { Breakers } from '../../src/chat/upstream/breakers.js'
import { createUndiciEdge, type UpstreamEdge } from '../../src/chat/upstream/edge.js'
import { type Clock, systemClock } from '../../src/clock/clock.js'
import { SETTINGS } from '../../src/config/settings.js'
import type { HttpPlugin } from '../../src/contract/plugin.js'
import type { HttpConfig } from '../../src/http/http-config.js'
import type { HttpParts } from '../../src/http/server.js'
import { createLog } from '../../src/log/log.js'
import { CountedLimits, countedTimers, identity } from './chat-doubles.js'
import { ChatReader } from './chat-reader.js'
import { type Rig, startRig } from './http-rig.js'

export const PREFIX = '/api/v2/bali-zero'

/** What a server has that nothing is set for. */
export const DEFAULTS = Object.fromEntries(
  SETTINGS.map(({ key, setting }) => [key, setting.default]),
) as ChatConfig

export type ChatRig = {
  readonly rig: Rig
  readonly relay: Relay
  readonly mock: MockUpstream
  readonly limits: CountedLimits
  readonly records: AuditEntry[]
  /** Tokens that were verified. */
  readonly verified: string[]
  /** The rules in force, and bearers they refuse. */
  readonly jwt: { rules: string; readonly refused: Set<string> }
  /** The connections of the requests so far, as the server has them. */
  readonly connections: Socket[]
  readonly timers: ReturnType<typeof countedTimers>
  readonly flag: { enabled: boolean; allows: boolean; canStart: boolean; hasKey: boolean }
  /** What the relay reported to its observer. */
  readonly observed: {
    ends: string[]
    retries: number
    errors: string[]
    unknown: number
    tokens: number
    rateLimited: number
    /** The newest upstream was paused, and not resumed since. */
    isHeldBack: boolean
  }
  readonly lines: string[]
  setChat(changes: Partial<ChatConfig>): void
  readonly base: string
  close(): Promise<void>
}

export type ChatRigOptions = {
  readonly chat?: Partial<ChatConfig>
  readonly http?: Partial<HttpConfig>
  /** Of the server. */
  readonly parts?: Pick<HttpParts, 'timers' | 'plugins'>
  readonly mock?: MockOptions
  /** Instead of the mock's own URL. */
  readonly backends?: (mock: MockUpstream) => readonly string[]
  readonly breakerRestMs?: number
  readonly pingMs?: number
  readonly connectTimeoutMs?: number
  /** Notified as well as `observed`. */
  readonly observer?: AnswerObserver
  /** Its own memory unless given. */
  readonly store?: LogStore
  /** Gets every record too. */
  readonly trail?: Pick<AuditTrail, 'record'>
  /** The system's unless given. */
  readonly clock?: Clock
  /** Instead of the double that knows `person:NAME`. */
  readonly identity?: Identity
  /** None unless given. */
  readonly keys?: RelayKeys
  /** Instead of the double that counts, which then sees nothing. */
  readonly realLimits?: ChatLimits
  /** Awaited before a token is verified. */
  readonly beforeVerify?: () => Promise<void>
}

export async function startChatRig(options: ChatRigOptions = {}): Promise<ChatRig> {
  // As the program does: loads what the first question needs before it comes.
  await Promise.all([import('undici'), import('cockatiel')])
  const mock = await startMockUpstream(options.mock)
  const { clock = systemClock, identity: inner = identity } = options
  const backends = options.backends?.(mock) ?? [mock.url]
  let config: ChatConfig = { ...DEFAULTS, ragBackendUrl: backends, ...options.chat }
  const timers = countedTimers()
  const limits = new CountedLimits()
  const records: AuditEntry[] = []
  const flag = { enabled: true, allows: true, canStart: true, hasKey: true }
  const audit: AuditTrail = {
    record: entry => {
      records.push(entry)
      options.trail?.record(entry)
    },
    canStart: () => flag.canStart,
    close: async () => {},
  }
  const rollout: Rollout = {
    allows: () => flag.allows,
    get enabled() {
      return flag.enabled
    },
    percentage: 100,
  }
  const observed: ChatRig['observed'] = {
    ends: [],
    retries: 0,
    errors: [],
    unknown: 0,
    tokens: 0,
    rateLimited: 0,
    isHeldBack: false,
  }
  const watched = (edge: UpstreamEdge): UpstreamEdge => ({
    open: (request, handlers) => {
      const call = edge.open(request, handlers)
      const hold = (isHeldBack: boolean, how: () => void) => () => {
        observed.isHeldBack = isHeldBack
        how()
      }
      return {
        abort: () => call.abort(),
        pause: hold(true, () => call.pause()),
        resume: hold(false, () => call.resume()),
      }
    },
    close: () => edge.close(),
  })
  const observer: AnswerObserver = {
    ...options.observer,
    onStreamEnd: (reason, durationMs) => {
      observed.ends.push(reason)
      options.observer?.onStreamEnd?.(reason, durationMs)
    },
    onRetry: () => observed.retries++,
    onUpstreamError: code => observed.errors.push(code),
    onUnknownFrame: () => observed.unknown++,
    onTokens: (count, gapMs) => {
      observed.tokens += count
      options.observer?.onTokens?.(count, gapMs)
    },
  }
  const lines: string[] = []
  const destination = new Writable({
    write: (piece: Buffer, _, done) => {
      lines.push(piece.toString())
      done()
    },
  })
  const log = createLog({ level: 'debug', format: 'json', destination })
  const relay = new Relay({
    config: () => config,
    store: options.store ?? new MemoryStore({ logBytes: () => config.chatLogBytes, timers }),
    edge: () => watched(createUndiciEdge(options.connectTimeoutMs)),
    breakers: new Breakers(options.breakerRestMs),
    ...(options.pingMs === undefined ? {} : { pingMs: options.pingMs }),
    audit,
    observer,
    spent: (options.realLimits ?? limits).spent,
    log,
    clock,
    timers,
  })
  const verified: string[] = []
  const jwt = { rules: inner.rules, refused: new Set<string>() }
  const watchedIdentity: Identity = {
    get rules() {
      return jwt.rules
    },
    get hasKey() {
      return flag.hasKey
    },
    verify: async bearer => {
      verified.push(bearer)
      await options.beforeVerify?.()
      return jwt.refused.has(bearer) ? null : inner.verify(bearer)
    },
  }
  const parts = {
    config: () => config,
    relay,
    identity: watchedIdentity,
    keys: options.keys ?? noKeys,
    rollout,
    limits: options.realLimits ?? limits,
    audit,
    timers,
    clock,
    observer: { onRateLimited: () => void observed.rateLimited++ },
  }
  const connections: Socket[] = []
  const watch: HttpPlugin = {
    name: 'watch',
    register: app => void app.addHook('onRequest', async ({ raw }) => void connections.push(raw.socket)),
  }
  const rig = await startRig(options.http, {
    ...options.parts,
    plugins: [watch, chatPlugin(parts), ...(options.parts?.plugins ?? [])],
  })
  return {
    rig,
    relay,
    mock,
    limits,
    records,
    verified,
    jwt,
    connections,
    timers,
    flag,
    observed,
    lines,
    setChat: changes => {
      config = { ...config, ...changes }
    },
    base: `${rig.url}${PREFIX}`,
    close: async () => {
      await relay.close(30_000)
      await rig.close()
      await mock.close()
    },
  }
}

/** How each test of a file starts a rig; closed after the test. */
export function chatRigForEach(): (options?: ChatRigOptions) => Promise<ChatRig> {
  let rig: ChatRig | null = null
  afterEach(async () => {
    await rig?.close()
    rig = null
  })
  return async options => {
    rig = await startChatRig(options)
    return rig
  }
}

export function ask(
  rig: ChatRig,
  body: unknown = { query: 'what is a KITAS?' },
  headers: Readonly<Record<string, string>> = {},
  path = '/chat-stream',
): ChatReader {
  return new ChatReader(`${rig.base}${path}`, { method: 'POST', headers, body })
}

export function resume(rig: ChatRig, streamId: string, after: number | null, headers = {}): ChatReader {
  const query = after === null ? '' : `?after=${after}`
  return new ChatReader(`${rig.base}/chat-stream/${streamId}${query}`, { headers })
}

export function stop(rig: ChatRig, streamId: string, headers = {}): Promise<ChatReader> {
  return new ChatReader(`${rig.base}/chat-stream/${streamId}`, { method: 'DELETE', headers }).end()
}

/** After so many turns the wait is for another process, which needs the machine. */
const TURNS = 200

/** Checks again after each turn of the event loop, later every few milliseconds, until the condition holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs
  for (let turn = 0; !(await holds()); turn++) {
    if (performance.now() > giveUpAt) throw new Error(`never held: ${what}`)
    await new Promise(resolve => void (turn < TURNS ? setImmediate(resolve) : setTimeout(resolve, 5)))
  }
}
