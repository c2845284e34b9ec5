// The relay on a real server on port 0, a scripted upstream behind it, and clients that read as a browser would.
import http from 'node:http'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { afterEach } from 'vitest'
import type { AnswerObserver } from '../../src/chat/begin.js'
import type { ChatConfig } from '../../src/chat/chat-config.js'
import type { LogStore } from '../../src/chat/log/chat-log.js'
import { MemoryStore } from '../../src/chat/log/memory-store.js'
import { type MockOptions, type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { Relay } from '../../src/chat/relay.js'
import { chatPlugin } from '../../src/chat/routes.js'
import type { AuditEntry, AuditTrail, ChatLimits, Identity, Lease, Rollout } from '../../src/chat/seams.js'
import { Breakers } from '../../src/chat/upstream/breakers.js'
import { createUndiciEdge, type UpstreamEdge } from '../../src/chat/upstream/edge.js'
import { systemClock } from '../../src/clock/clock.js'
import { systemTimers, type Timers } from '../../src/clock/timers.js'
import { SETTINGS } from '../../src/config/settings.js'
import type { HttpPlugin } from '../../src/guards/seam.js'
import type { HttpConfig } from '../../src/http/http-config.js'
import { createLog } from '../../src/log/log.js'
import { createSseParser } from '../../src/sse/parse.js'
import { type Rig, startRig } from './http-rig.js'

export const PREFIX = '/api/v2/bali-zero'

const DEFAULTS = Object.fromEntries(SETTINGS.map(({ key, setting }) => [key, setting.default])) as ChatConfig

/** Tokens `person:NAME` are NAME's. */
export const identity: Identity = {
  verify: async bearer => {
    const name = /^person:(\w+)$/.exec(bearer)?.[1]
    return name === undefined
      ? null
      : { key: `iss|${name}`, email: `${name}@example.org`, role: 'member', tokenId: name }
  },
}

/** Counts what is taken and given back. */
export class CountedLimits implements ChatLimits {
  leased = 0
  started: string[] = []
  refuse: 'user' | 'instance' | 'rate' | null = null
  async start(key: string) {
    this.started.push(key)
    if (this.refuse !== 'rate') return { ok: true, headers: { RateLimit: '"default";r=19;t=60' } } as const
    return { ok: false, retryAfterSec: 17, headers: { RateLimit: '"default";r=0;t=17' } } as const
  }
  lease(key: string | null): Lease | 'user' | 'instance' {
    if (this.refuse === 'instance' || (this.refuse === 'user' && key !== null)) return this.refuse
    this.leased++
    let isHeld = true
    return {
      release: () => {
        if (isHeld) this.leased--
        isHeld = false
      },
    }
  }
  bypasses(apiKey: string): boolean {
    return apiKey === 'internal-key'
  }
}

/** Counts the timers that are waiting. */
export function countedTimers(): Timers & { readonly waiting: () => number } {
  let waiting = 0
  return {
    waiting: () => waiting,
    after: (ms, run) => {
      waiting++
      let isWaiting = true
      const settle = (): void => {
        if (isWaiting) waiting--
        isWaiting = false
      }
      const cancel = systemTimers.after(ms, () => {
        settle()
        run()
      })
      return () => {
        settle()
        cancel()
      }
    },
  }
}

export type ChatRig = {
  readonly rig: Rig
  readonly relay: Relay
  readonly mock: MockUpstream
  readonly limits: CountedLimits
  readonly records: AuditEntry[]
  /** Tokens that were looked at. */
  readonly verified: string[]
  /** The connections of the requests so far, as the server has them. */
  readonly connections: Socket[]
  readonly timers: ReturnType<typeof countedTimers>
  readonly flag: { enabled: boolean; allows: boolean; canStart: boolean }
  /** What the relay told its observer. */
  readonly told: {
    ends: string[]
    retries: number
    errors: string[]
    unknown: number
    tokens: number
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
  readonly mock?: MockOptions
  /** Instead of the mock's own URL. */
  readonly backends?: (mock: MockUpstream) => readonly string[]
  readonly breakerRestMs?: number
  readonly pingMs?: number
  readonly connectTimeoutMs?: number
  /** Told too, besides `told`. */
  readonly observer?: AnswerObserver
  /** Memory of its own unless given. */
  readonly store?: LogStore
  /** Waited for before a token is looked at. */
  readonly beforeVerify?: () => Promise<void>
}

export async function startChatRig(options: ChatRigOptions = {}): Promise<ChatRig> {
  // As the program does: what the first question needs is loaded before it comes.
  await Promise.all([import('undici'), import('cockatiel')])
  const mock = await startMockUpstream(options.mock)
  const backends = options.backends?.(mock) ?? [mock.url]
  let config: ChatConfig = { ...DEFAULTS, ragBackendUrl: backends, ...options.chat }
  const timers = countedTimers()
  const limits = new CountedLimits()
  const records: AuditEntry[] = []
  const flag = { enabled: true, allows: true, canStart: true }
  const audit: AuditTrail = {
    record: entry => records.push(entry),
    canStart: () => flag.canStart,
    close: async () => {},
  }
  const rollout: Rollout = {
    allows: () => flag.allows,
    get enabled() {
      return flag.enabled
    },
  }
  const told: ChatRig['told'] = {
    ends: [],
    retries: 0,
    errors: [],
    unknown: 0,
    tokens: 0,
    isHeldBack: false,
  }
  const watched = (edge: UpstreamEdge): UpstreamEdge => ({
    open: (request, handlers) => {
      const { abort, pause, resume } = edge.open(request, handlers)
      const hold = (isHeldBack: boolean, how: () => void) => () => {
        told.isHeldBack = isHeldBack
        how()
      }
      return { abort, pause: hold(true, pause), resume: hold(false, resume) }
    },
    close: () => edge.close(),
  })
  const observer: AnswerObserver = {
    ...options.observer,
    onStreamEnd: (reason, durationMs) => {
      told.ends.push(reason)
      options.observer?.onStreamEnd?.(reason, durationMs)
    },
    onRetry: () => told.retries++,
    onUpstreamError: code => told.errors.push(code),
    onUnknownFrame: () => told.unknown++,
    onTokens: (count, gapMs) => {
      told.tokens += count
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
    log,
    clock: systemClock,
    timers,
  })
  const verified: string[] = []
  const watchedIdentity: Identity = {
    verify: async bearer => {
      verified.push(bearer)
      await options.beforeVerify?.()
      return identity.verify(bearer)
    },
  }
  const parts = {
    config: () => config,
    relay,
    identity: watchedIdentity,
    rollout,
    limits,
    audit,
    timers,
    clock: systemClock,
  }
  const connections: Socket[] = []
  const watch: HttpPlugin = {
    name: 'watch',
    register: app => void app.addHook('onRequest', async ({ raw }) => void connections.push(raw.socket)),
  }
  const rig = await startRig(options.http, { plugins: [watch, chatPlugin(parts)] })
  return {
    rig,
    relay,
    mock,
    limits,
    records,
    verified,
    connections,
    timers,
    flag,
    told,
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

/** How each test of a file starts a rig, which is closed behind it. */
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

export type ChatEvent = {
  readonly name: string
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly sequence: number | undefined
  readonly timestamp: number
}

const TERMINAL = new Set(['done', 'error', 'aborted'])

/** One request and what came of it. */
export class ChatReader {
  readonly events: ChatEvent[] = []
  readonly comments: string[] = []
  retryMs: number | null = null
  text = ''
  status = 0
  headers: http.IncomingHttpHeaders = {}
  isOver = false
  /** The body ended in order. */
  isComplete = false
  readonly #request: http.ClientRequest
  #response: http.IncomingMessage | null = null
  readonly #waiting: (() => void)[] = []
  readonly #parser

  constructor(
    url: string,
    options: {
      readonly method?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
    } = {},
  ) {
    this.#parser = createSseParser({
      onEvent: ({ event: name, data, id }) => {
        const event = JSON.parse(data) as Omit<ChatEvent, 'name' | 'id'>
        this.events.push({ name, id, ...event })
      },
      onComment: text => this.comments.push(text),
      onRetry: ms => {
        this.retryMs = ms
      },
    })
    const { method = 'GET', headers = {}, body } = options
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const type = text === undefined ? {} : { 'content-type': 'application/json' }
    this.#request = http.request(url, { method, headers: { ...type, ...headers }, agent: false })
    this.#request.on('response', response => {
      this.#response = response
      this.status = response.statusCode ?? 0
      this.headers = response.headers
      const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true
      response.on('data', (bytes: Buffer) => {
        this.text += bytes.toString('utf8')
        if (isStream) this.#parser.push(bytes)
        this.#wake()
      })
      response.on('end', () => {
        this.isComplete = true
      })
      response.on('error', () => {})
      response.on('close', () => this.#over())
      this.#wake()
    })
    this.#request.on('error', () => this.#over())
    this.#request.end(text)
  }

  #over(): void {
    this.isOver = true
    this.#wake()
  }
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async until(holds: (reader: this) => boolean): Promise<this> {
    while (!holds(this)) {
      if (this.isOver) throw new Error(`over before it held: ${this.status} ${this.text.slice(-500)}`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return this
  }
  async end(): Promise<this> {
    while (!this.isOver) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this
  }
  /** Goes away. */
  cut(): void {
    this.#request.destroy()
  }
  /** Takes nothing any more. */
  stall(): void {
    this.#response?.pause()
  }
  goOn(): void {
    this.#response?.resume()
  }

  get json(): Record<string, unknown> {
    return JSON.parse(this.text) as Record<string, unknown>
  }
  get numbered(): readonly ChatEvent[] {
    return this.events.filter(({ sequence }) => sequence !== undefined)
  }
  ofType(type: string): readonly ChatEvent[] {
    return this.events.filter(event => event.type === type)
  }
  get answer(): string {
    return this.ofType('token')
      .map(({ data }) => data)
      .join('')
  }
  get terminals(): readonly ChatEvent[] {
    return this.events.filter(({ type }) => TERMINAL.has(type))
  }
  get lastSequence(): number {
    return this.numbered.at(-1)?.sequence ?? -1
  }
  get streamId(): string {
    return String(this.headers['x-stream-id'])
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

/** After so many turns of the loop it is another process that is waited for, which needs the machine. */
const TURNS = 200

/** Looks again after each turn of the loop, later every few milliseconds, until it holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs
  for (let turn = 0; !(await holds()); turn++) {
    if (performance.now() > giveUpAt) throw new Error(`did not come to hold: ${what}`)
    await new Promise(resolve => void (turn < TURNS ? setImmediate(resolve) : setTimeout(resolve, 5)))
  }
}
