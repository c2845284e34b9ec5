// A real HTTP server on port 0 with a scripted hub behind it, and clients that speak raw bytes.
import { connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { SETTINGS } from '../../src/config/settings.js'
import { Connection } from '../../src/connection/connection.js'
import { Connections } from '../../src/connection/connections.js'
import type { HttpPlugin } from '../../src/contract/plugin.js'
import type { RejectReason } from '../../src/contract/refusal.js'
import type { HttpConfig } from '../../src/http/http-config.js'
import type { ListenerPlan } from '../../src/http/listen-plan.js'
import { createHttpServer, type HttpParts, type HttpServer } from '../../src/http/server.js'
import type { HubLike, JoinRequest } from '../../src/hub/hub-types.js'
import { createLog } from '../../src/log/log.js'
import { boardMaker, textPanel } from './boards.js'

export const BOARD = boardMaker()(textPanel('indices', 'NIFTY 1'), textPanel('alerts', 'none'))

/** Remembers the readers that joined; the test plays the hub. */
export class ScriptedHub implements HubLike {
  board: HubLike['board'] = BOARD
  readonly connections = new Connections()
  readonly joined: JoinRequest[] = []
  readonly closed: JoinRequest[] = []
  readonly drained: JoinRequest[] = []
  /** Streams that the server ended: the place of each in `joined`, and why. */
  readonly ended: { readonly index: number; readonly reason: string }[] = []
  /** Written to every stream as it joins. */
  greeting: Buffer | null = null
  readonly #waiting: (() => void)[] = []

  join(request: JoinRequest): void {
    this.joined.push(request)
    this.connections.open(new Connection(request, this.connections.nowMs()), {
      kind: 'board',
      stallMs: () => Number.POSITIVE_INFINITY,
      onTick: () => {},
      describe: () => ({ position: 1, behind: 0, subset: null }),
      lastBytes: () => null,
      onDrain: () => {
        this.drained.push(request)
        this.#wake()
      },
      onLeave: (_, reason) => {
        if (reason !== 'client') this.ended.push({ index: this.joined.indexOf(request), reason })
        this.#wake()
      },
      onClose: () => {
        this.closed.push(request)
        this.#wake()
      },
    })
    const { framing, encoding } = request.wire
    const hello = ': hi\n\n'
    const bytes = this.greeting ?? Buffer.from(framing === 'chunked' ? `6\r\n${hello}\r\n` : hello)
    if (encoding === 'plain') request.transport.write(bytes)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when the condition holds; checked after each join, drain and close. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }
}

const DEFAULTS = Object.fromEntries(SETTINGS.map(({ key, setting }) => [key, setting.default])) as HttpConfig

/** The defaults, but without limits that a test could hit by chance. */
export function httpConfig(changes: Partial<HttpConfig> = {}): HttpConfig {
  return { ...DEFAULTS, sseIpConnectRate: { count: 0, windowSec: 60 }, sseMaxConnections: 1_000, ...changes }
}

export const ALL_ROUTES: ListenerPlan = {
  name: 'unified',
  port: 0,
  setting: 'G6_UNIFIED_HTTP_PORT',
  surfaces: ['stream', 'resync', 'metrics', 'other'],
}

export type Rig = {
  readonly server: HttpServer
  readonly hub: ScriptedHub
  readonly url: string
  readonly port: number
  readonly urls: readonly { name: string; url: string }[]
  readonly rejected: RejectReason[]
  readonly resyncs: () => number
  /** Parsed log lines so far. */
  readonly logged: () => Record<string, unknown>[]
  /** Takes effect at `server.reload()`. */
  setConfig(changes: Partial<HttpConfig>): void
  /** Advances the server's clocks. */
  pass(ms: number): void
  close(): Promise<void>
}

export async function startRig(
  changes: Partial<HttpConfig> = {},
  parts: Partial<HttpParts> & { readonly plugins?: readonly HttpPlugin[] } = {},
): Promise<Rig> {
  let config = httpConfig(changes)
  const hub = new ScriptedHub()
  const rejected: RejectReason[] = []
  const counts = { resyncs: 0 }
  const lines: string[] = []
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  let addedMs = 0
  const server = createHttpServer({
    config: () => config,
    listeners: [ALL_ROUTES],
    hub,
    connections: hub.connections,
    panelKeys: () => new Set(['indices', 'alerts']),
    health: () => ({ ok: true }),
    ready: () => ({ ok: true, reason: '' }),
    metrics: accept => Promise.resolve({ contentType: 'text/plain', body: `accept ${accept ?? 'none'}\n` }),
    log: createLog({ level: 'info', format: 'json', destination }),
    clock: { nowMs: () => Date.now() + addedMs, monotonicMs: () => performance.now() + addedMs },
    // Retry-After: 5.
    random: () => 0.4,
    version: '1.2.3',
    observer: {
      onRejected: reason => rejected.push(reason),
      onResync: () => (counts.resyncs += 1),
    },
    ...parts,
  })
  const urls = await server.listen()
  const url = urls[0]?.url ?? ''
  return {
    server,
    hub,
    url,
    urls,
    port: Number(new URL(url).port),
    rejected,
    resyncs: () => counts.resyncs,
    logged: () => lines.map(line => JSON.parse(line) as Record<string, unknown>),
    setConfig: more => {
      config = { ...config, ...more }
    },
    pass: ms => {
      addedMs += ms
    },
    close: () => server.close(),
  }
}

/** A raw connection that collects its input. */
export class RawClient {
  readonly socket: Socket
  text = ''
  closed = false
  error: Error | null = null
  readonly #waiting: (() => void)[] = []

  constructor(port: number, request: string, localAddress?: string) {
    const where = { port, host: '127.0.0.1' }
    this.socket = connect(localAddress === undefined ? where : { ...where, localAddress })
    this.socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1')
      this.#wake()
    })
    this.socket.on('error', error => {
      this.error = error
    })
    this.socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
    this.socket.write(request)
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.text)?.[1] ?? 0)
  }
  get head(): string {
    return this.text.split('\r\n\r\n')[0] ?? ''
  }
  get body(): string {
    return this.text.slice(this.head.length + 4)
  }
  header(name: string): string | null {
    const line = this.head.split('\r\n').find(each => each.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    return line === undefined ? null : line.slice(name.length + 1).trim()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when the text has come; throws when the connection closes without it. */
  async until(part: string): Promise<this> {
    while (!this.text.includes(part)) {
      if (this.closed) throw new Error(`closed before ${JSON.stringify(part)} came: ${this.text}`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return this
  }
  async end(): Promise<this> {
    while (!this.closed) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this
  }
}

/** Lets closed handles finish. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}

/** A request with a Host of this machine. */
export function raw(line: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Host: 'localhost', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** Opens a stream and waits for its first bytes. */
export async function readStream(
  rig: Rig,
  headers: Readonly<Record<string, string>> = {},
  path = '/summary/events',
): Promise<RawClient> {
  return new RawClient(rig.port, raw(`GET ${path}`, headers)).until('\r\n\r\n')
}
