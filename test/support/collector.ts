// The collector of the Python original, as its followers see it: its event bus and its `/events` and
// `/events/stats`.
//
// - Ids begin at 1 with every start and rise by one; there is no `stream_id`.
// - A reader gets every kept event with an id above its `Last-Event-ID` (or `last_id=`); nothing else counts.
// - `force_full=1` first sends the last published `panel_full` again, with the reader's own id (0 for none); then everything above
//   that id follows, including differences before that full status.
// - A full status replaces the one before it in the history; 2048 events are kept.
// - From 1638 events in the history on, it sends differences without content, for good.
// - The snapshot guard: 500 events after the last full status it publishes that one again as new, with
//   the old event's payload in place of the status.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Document = Readonly<Record<string, unknown>>

export type CollectorOptions = {
  /** `G6_PANEL_DIFF_FULL_INTERVAL`: a full status after so many differences; 0: never again. */
  readonly fullInterval?: number
  readonly maxEvents?: number
  /** `G6_EVENTS_BACKLOG_DEGRADE` */
  readonly backlogDegrade?: number
  /** `G6_EVENTS_SNAPSHOT_GAP_MAX` */
  readonly snapshotGapMax?: number
  /** `G6_EVENTS_SSE_RETRY_MS` */
  readonly retryMs?: number
  /** Silence after which it sends a comment. */
  readonly heartbeatMs?: number
  /** `G6_HTTP_BASIC_USER`, `G6_HTTP_BASIC_PASS` */
  readonly basic?: { readonly user: string; readonly password: string }
  /** Clock of the collector, epoch ms. */
  readonly nowMs?: () => number
}

type Event = {
  readonly id: number
  readonly type: string
  readonly timestamp_ist: string
  readonly payload: Record<string, unknown>
}
type Reader = { lastId: number; readonly types: ReadonlySet<string>; readonly response: ServerResponse }

const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** Equal as in Python: the order of members does not matter. */
const same = (a: unknown, b: unknown): boolean =>
  isObject(a) && isObject(b)
    ? Object.keys(a).length === Object.keys(b).length &&
      Object.keys(a).every(key => key in b && same(a[key], b[key]))
    : JSON.stringify(a) === JSON.stringify(b)

function difference(before: Document, after: Document, depth: number): Document {
  const added: Record<string, unknown> = {}
  const changed: Record<string, unknown> = {}
  const nested: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(after)) {
    const old = before[key]
    if (!(key in before)) added[key] = value
    else if (same(old, value)) continue
    else if (depth > 0 && isObject(old) && isObject(value)) nested[key] = difference(old, value, depth - 1)
    else changed[key] = { old, new: value }
  }
  const removed = Object.keys(before).filter(key => !(key in after))
  return { added, removed, changed, ...(Object.keys(nested).length === 0 ? {} : { nested }) }
}

/** One run of the collector: everything it forgets when it restarts. */
class Run {
  events: Event[] = []
  lastId = 0
  generation = 0
  degraded = false
  status: Document | null = null
  counter = 0

  constructor(
    readonly options: Required<Omit<CollectorOptions, 'basic'>>,
    readonly onEvent: () => void,
  ) {}

  publish(type: string, payload: Document, replaces = false): void {
    const { maxEvents, backlogDegrade, nowMs } = this.options
    if (replaces) this.events = this.events.filter(event => event.type !== type)
    this.lastId++
    if (this.events.length + 1 >= backlogDegrade) this.degraded = true
    const left =
      this.degraded && type === 'panel_diff'
        ? { degraded: true, reason: 'backpressure', orig_keys: Object.keys(payload).slice(0, 5) }
        : payload
    if (type === 'panel_full') this.generation++
    const stamped = { ...left, _generation: this.generation }
    const timed = type.startsWith('panel_') ? { publish_unixtime: nowMs() / 1000, ...stamped } : stamped
    const timestamp_ist = new Date(nowMs()).toISOString()
    this.events.push({ id: this.lastId, type, timestamp_ist, payload: timed })
    this.events = this.events.slice(-maxEvents)
    this.onEvent()
  }

  /** A new status: the first is full, then differences, and a full one again after every so many. */
  write(status: Document): void {
    const before = this.status
    this.status = status
    const full = (bootstrap: boolean): void =>
      this.publish('panel_full', { status, counter: this.counter, bootstrap }, true)
    if (before === null) {
      full(true)
      return
    }
    this.counter++
    const diff = difference(before, status, 1)
    this.publish('panel_diff', { diff, counter: this.counter, truncated: false })
    this.#guard()
    const { fullInterval } = this.options
    if (fullInterval > 0 && this.counter % fullInterval === 0) full(false)
  }

  get lastFull(): Event | null {
    return this.events.findLast(({ type }) => type === 'panel_full') ?? null
  }

  #guard(): void {
    const full = this.lastFull
    if (full === null || this.lastId - full.id <= this.options.snapshotGapMax) return
    const status = { ...full.payload, _forced_full_reason: 'gap_exceeded' }
    this.publish('panel_full', { status, forced_reason: 'gap_exceeded' }, true)
  }
}

export class Collector {
  readonly #options: CollectorOptions
  readonly #readers = new Set<Reader>()
  readonly #heartbeat: NodeJS.Timeout
  #server: Server
  #run: Run
  /** The query and the `Last-Event-ID` of each request for `/events`. */
  readonly requests: { readonly url: string; readonly lastEventId: string | null }[] = []
  /** Requests for `/events/stats`. */
  statsRequests = 0

  private constructor(options: CollectorOptions) {
    this.#options = options
    this.#run = this.#newRun()
    this.#server = createServer((request, response) => this.#answer(request, response))
    this.#heartbeat = setInterval(() => this.#keepAlive(), options.heartbeatMs ?? 5_000)
  }

  static async start(options: CollectorOptions = {}): Promise<Collector> {
    const collector = new Collector(options)
    await new Promise<void>(resolve => collector.#server.listen(0, '127.0.0.1', resolve))
    return collector
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }
  get url(): string {
    return `${this.origin}/events`
  }
  get status(): Document | null {
    return this.#run.status
  }
  get lastId(): number {
    return this.#run.lastId
  }
  get degraded(): boolean {
    return this.#run.degraded
  }
  get readers(): number {
    return this.#readers.size
  }

  write(status: Document): void {
    this.#run.write(status)
  }

  publish(type: string, payload: Document): void {
    this.#run.publish(type, payload)
  }

  /** Ends the process and begins a new one, which has forgotten everything. */
  restart(): void {
    this.#run = this.#newRun()
    this.cut()
  }

  /** Ends all connections; the process goes on. */
  cut(): void {
    for (const { response } of this.#readers) response.destroy()
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat)
    await new Promise(resolve => this.#server.close(resolve).closeAllConnections())
  }

  #newRun(): Run {
    const { maxEvents = 2048 } = this.#options
    const defaults = {
      fullInterval: 30,
      maxEvents,
      backlogDegrade: Math.floor(maxEvents * 0.8),
      snapshotGapMax: 500,
      retryMs: 0,
      heartbeatMs: 5_000,
      nowMs: () => Date.now(),
    }
    const run = new Run({ ...defaults, ...this.#options }, () => {
      // A run that has ended has no readers.
      if (run === this.#run) for (const reader of this.#readers) this.#send(reader)
    })
    return run
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { basic } = this.#options
    const url = new URL(request.url ?? '/', this.origin)
    const wanted = basic && `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="G6"' }).end()
    } else if (url.pathname === '/events') this.#stream(request, response, url)
    else if (url.pathname === '/events/stats') {
      this.statsRequests++
      const { lastId, events, generation } = this.#run
      const stats = {
        latest_id: lastId,
        oldest_id: events[0]?.id ?? null,
        backlog: events.length,
        generation,
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(stats))
    } else response.writeHead(404).end()
  }

  #stream(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const header = request.headers['last-event-id']
    const lastEventId = typeof header === 'string' ? header : null
    this.requests.push({ url: request.url ?? '', lastEventId })
    const asked = url.searchParams.get('last_id') ?? lastEventId
    const lastId = asked !== null && /^-?\d+$/.test(asked) ? Number(asked) : 0
    const types = new Set((url.searchParams.get('types') ?? '').split(',').filter(Boolean))
    const reader: Reader = { lastId, types, response }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
    response.write(`retry: ${this.#options.retryMs ?? 0}\n`)
    const full = url.searchParams.get('force_full') === '1' ? this.#run.lastFull : null
    if (full !== null) this.#write(reader, { ...full, id: reader.lastId })
    this.#readers.add(reader)
    response.on('close', () => this.#readers.delete(reader))
    this.#send(reader)
  }

  /** Everything above the reader's id. */
  #send(reader: Reader): void {
    for (const event of this.#run.events) if (event.id > reader.lastId) this.#write(reader, event)
  }

  #write(reader: Reader, { id, type, timestamp_ist, payload }: Event): void {
    reader.lastId = id
    if (reader.types.size > 0 && !reader.types.has(type)) return
    const { _generation: generation } = payload
    const data = JSON.stringify({ id, sequence: id, type, timestamp_ist, payload, generation })
    reader.response.write(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`)
  }

  #keepAlive(): void {
    for (const { response } of this.#readers) response.write(': keep-alive\n\n')
  }
}
