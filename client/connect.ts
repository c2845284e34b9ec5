// Follows the board of a server: connects, verifies, repairs, reconnects, and reports what happened. reader.ts has the
// protocol rules; this file has the connection, the silence timeout and the listeners.
import { createEventStream, type EventStreamOptions, resolve, StreamError } from './event-stream.js'
import { type Change, type ClientBoard, type Counts, createBoardReader, type Outcome } from './reader.js'
import { usableToken } from './token.js'

export type ConnectionState =
  /** No board yet. */
  | 'connecting'
  /** The board is the server's. */
  | 'live'
  /** The board is the last one received; the client is reconnecting, is paused, or the server is silent. */
  | 'stale'
  | 'closed'

export type ConnectOptions = Pick<
  EventStreamOptions,
  'headers' | 'signal' | 'fetch' | 'random' | 'initialDelayMs' | 'maxDelayMs' | 'maxEventLength'
> & {
  /**
   * Sent as `X-API-Token`, never in the URL; a function is called for each connection. For a token that no header can carry,
   * `connect` throws a TypeError; one from a function is reported as an error of the connection.
   */
  readonly token?: string | (() => string | null)
  /** Only these panels. */
  readonly panels?: readonly string[]
  /** Line diffs where they are smaller; default: the server's setting. */
  readonly structured?: boolean
  /** `blocks` adds what panels are drawn from. */
  readonly view?: 'lines' | 'blocks'
}

export type ConnectionCounts = Readonly<Counts & { reconnects: number; errors: number }>

type Listeners = {
  update: (change: Change) => void
  state: (state: ConnectionState) => void
  error: (error: StreamError) => void
}

export type Connection = AsyncIterable<Change> & {
  /** The newest complete board; null before the first. */
  readonly board: ClientBoard | null
  readonly state: ConnectionState
  /** When the last bytes were received, epoch ms; null before the first. */
  readonly lastByteMs: number | null
  /**
   * The server shows no sign of life: nothing came for 5 s longer than the next heartbeat or keep-alive may take. True until
   * bytes come again or a new connection fails.
   */
  readonly silent: boolean
  readonly counts: ConnectionCounts
  /** Calls `listener` for every change, state or error; returns a function that removes it. */
  on<K extends keyof Listeners>(event: K, listener: Listeners[K]): () => void
  /** Closes the connection and keeps the board. */
  pause(): void
  /** After `pause`: connects at once, and gets what has changed since. */
  resume(): void
  /** Idempotent. */
  close(): void
}

/** How much later than it may come the next byte must be before the server counts as silent. */
const SILENT_AFTER_MS = 5_000
/** Silence that ends a connection before `hello` has sent the keep-alive interval. */
const FIRST_TIMEOUT_MS = 45_000
const RESYNC_TIMEOUT_MS = 10_000
/** A longer one, which no server has, would be longer than a timer can wait. */
const LONGEST_KEEPALIVE_MS = 3_600_000
/** Limit of a `/summary/resync` document, decompressed: 32 Mi characters. */
const MAX_RESYNC_CHARS = 2 ** 25
/** Shortest wait before a fresh start or after a `bye`; doubles with each in a row that brings no change. */
const LEAST_PAUSE_MS = 100

/** The stream and resync URLs for a server's base URL or a stream's URL. */
export function addresses(
  url: string | URL,
  options: Pick<ConnectOptions, 'panels' | 'structured' | 'view'> = {},
): { readonly stream: string; readonly resync: string } {
  // In a page, a URL may be relative.
  const page = (globalThis as { location?: { href: string } }).location
  const stream = new URL(url, page?.href)
  const base = stream.pathname.replace(/\/summary\/(events|stream)\/?$/, '')
  const summary = `${base.replace(/\/$/, '')}/summary/`
  if (base === stream.pathname) stream.pathname = `${summary}events`
  if (options.panels) stream.searchParams.set('panels', options.panels.join(','))
  if (options.view) stream.searchParams.set('view', options.view)
  if (options.structured !== undefined) stream.searchParams.set('structured', options.structured ? '1' : '0')
  const resync = new URL(stream)
  resync.pathname = `${summary}resync`
  resync.searchParams.delete('structured')
  return { stream: stream.href, resync: resync.href }
}

/** The body as text; reads no further than the limit. */
async function bodyOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  const reader = body?.getReader()
  let text = ''
  while (text.length < MAX_RESYNC_CHARS) {
    const piece = (await reader?.read())?.value
    if (!piece) return text
    text += decoder.decode(piece, { stream: true })
  }
  void reader?.cancel()
  throw new Error('too_large')
}

/** Follows the board of the server at `url` (its base URL or its stream's URL) until closed. */
export function connect(url: string | URL, options: ConnectOptions = {}): Connection {
  const { signal } = options
  const request = options.fetch ?? fetch
  const address = addresses(url, options)
  const headers = (): Readonly<Record<string, string>> => {
    const token = usableToken(resolve(options.token) ?? '')
    return { ...resolve(options.headers), ...(token && { 'X-API-Token': token }) }
  }
  if (typeof options.token === 'string') usableToken(options.token)
  const reader = createBoardReader()
  const listeners: { [K in keyof Listeners]: Set<Listeners[K]> } = {
    update: new Set(),
    state: new Set(),
    error: new Set(),
  }
  const life = new AbortController()
  let state: ConnectionState = 'connecting'
  let lastByteMs: number | null = null
  let reconnects = 0
  let errors = 0
  let opened = false
  /** This client ended the connection and is making a new one. */
  let leaving = false
  /** Reconnections that this client started since the last change. */
  let fruitless = 0
  let paused = false
  let silent = false
  /** It was live until the server became silent, on this connection. */
  let isHeld = false
  /** The longest time between two bytes of this server; 0 = not known yet. */
  let quietMs = 0
  let keepaliveMs = 0
  let watch: ReturnType<typeof setTimeout> | undefined

  function emit<K extends keyof Listeners>(event: K, ...args: Parameters<Listeners[K]>): void {
    for (const listener of listeners[event]) {
      try {
        ;(listener as (...given: Parameters<Listeners[K]>) => void)(...args)
      } catch (error) {
        // A listener's error must not break the stream: report it as uncaught, as EventTarget does.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  function become(next: ConnectionState): void {
    if (state === next || state === 'closed') return
    state = next
    emit('state', next)
  }

  /** Counts the silence from here. */
  function listen(): void {
    clearTimeout(watch)
    if (quietMs > 0 && state !== 'closed') watch = setTimeout(noSign, quietMs + SILENT_AFTER_MS)
  }

  function noSign(): void {
    silent = true
    isHeld = state === 'live'
    if (isHeld) become('stale')
  }

  function fail(error: StreamError): void {
    errors++
    if (error.code !== 'timeout') silent = false
    if (error.retryInMs !== undefined) lost()
    emit('error', error)
  }

  function lost(): void {
    clearTimeout(watch)
    isHeld = false
    reader.disconnected()
    become(reader.board === null ? 'connecting' : 'stale')
  }

  const stream = createEventStream(address.stream, {
    ...options,
    headers,
    readTimeoutMs: FIRST_TIMEOUT_MS,
    signal: life.signal,
    onError: fail,
    onBytes: () => {
      lastByteMs = Date.now()
      listen()
      silent = false
      if (isHeld) become('live')
      isHeld = false
    },
    onComment: () => {
      // Sent after `keepalive_ms` without an event: this server does not send the heartbeats of its `hello`.
      quietMs = keepaliveMs
      listen()
    },
    onOpen: () => {
      if (opened) reconnects++
      opened = true
      leaving = false
      reader.disconnected()
    },
  })

  function again(fresh: boolean, delayMs: number): void {
    leaving = true
    if (fresh) stream.lastEventId = ''
    if (!paused) stream.restart(Math.max(delayMs, LEAST_PAUSE_MS * 2 ** Math.min(fruitless++, 8)))
    lost()
  }

  function afresh(why = ''): void {
    fail(new StreamError('resync', why))
    again(true, 0)
  }

  async function resync(why: string | undefined): Promise<void> {
    try {
      const response = await request(address.resync, {
        headers: headers(),
        signal: AbortSignal.any([life.signal, AbortSignal.timeout(RESYNC_TIMEOUT_MS)]),
      })
      if (response.ok) {
        act(reader.applyResync(await bodyOf(response)))
        return
      }
      await response.body?.cancel()
      if (response.status === 404) reader.acceptTruncated = true
      afresh(`${why}; HTTP ${response.status}`)
    } catch (error) {
      if (state !== 'closed') afresh(`${why}; ${String(error)}`)
    }
  }

  /** Does what an event asks for; a resync is awaited by the caller. */
  function act(outcome: Outcome): Promise<void> | undefined {
    if (outcome.keepaliveMs) {
      stream.readTimeoutMs = 2.5 * outcome.keepaliveMs
      keepaliveMs = Math.min(outcome.keepaliveMs, LONGEST_KEEPALIVE_MS)
      quietMs = Math.min(keepaliveMs, outcome.heartbeatMs || keepaliveMs)
      listen()
    }
    if (outcome.change) {
      fruitless = 0
      emit('update', outcome.change)
    }
    if (outcome.error) fail(new StreamError(outcome.close ? 'original' : 'server', outcome.error))
    if (outcome.close) close()
    if (outcome.bye) again(false, outcome.bye.reconnectMs)
    else if (outcome.ask === 'fresh') afresh(outcome.why)
    else if (outcome.ask) return resync(outcome.why)
    return undefined
  }

  async function follow(): Promise<void> {
    for await (const { event, data } of stream) {
      await act(reader.apply(event, data))
      if (reader.settled && !leaving) become('live')
    }
    close()
  }

  function pause(): void {
    if (paused || state === 'closed') return
    paused = true
    silent = false
    leaving = true
    stream.restart(Number.POSITIVE_INFINITY)
    lost()
  }

  function resume(): void {
    if (!paused) return
    paused = false
    stream.restart()
  }

  function close(): void {
    if (state === 'closed') return
    clearTimeout(watch)
    become('closed')
    life.abort()
  }

  async function* changes(): AsyncGenerator<Change, void, undefined> {
    // Changes not consumed yet are merged: a slow consumer skips states, never changes, and nothing queues up.
    let keys = new Set<string>()
    let removed = new Set<string>()
    let latest: Change | null = null
    let wake = (): void => {}
    const add = (change: Change): void => {
      for (const key of Object.keys(change.panels)) {
        keys.add(key)
        removed.delete(key)
      }
      for (const key of change.removed) {
        keys.delete(key)
        removed.add(key)
      }
      latest = { ...change, type: latest?.type === 'full_snapshot' ? 'full_snapshot' : change.type }
      wake()
    }
    const onState = (): void => wake()
    listeners.update.add(add)
    listeners.state.add(onState)
    try {
      if (reader.board) {
        const { panels, ...rest } = reader.board
        add({ ...rest, type: 'full_snapshot', panels: Object.fromEntries(panels), removed: [] })
      }
      for (;;) {
        if (latest !== null) {
          const change: Change = latest
          const panels = Object.fromEntries(
            [...(reader.board?.panels ?? [])].filter(([key]) => keys.has(key)),
          )
          const gone = [...removed]
          latest = null
          keys = new Set()
          removed = new Set()
          yield { ...change, panels, removed: gone }
        } else if (state === 'closed') return
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
    } finally {
      listeners.update.delete(add)
      listeners.state.delete(onState)
    }
  }

  if (signal?.aborted) close()
  else {
    signal?.addEventListener('abort', close, { signal: life.signal })
    void follow()
  }

  return {
    get board() {
      return reader.board
    },
    get state() {
      return state
    },
    get lastByteMs() {
      return lastByteMs
    },
    get silent() {
      return silent
    },
    get counts() {
      return { ...reader.counts, reconnects, errors }
    },
    on(event, listener) {
      listeners[event].add(listener)
      return () => listeners[event].delete(listener)
    },
    pause,
    resume,
    close,
    [Symbol.asyncIterator]: changes,
  }
}
