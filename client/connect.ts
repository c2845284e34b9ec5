// Follows the board of a server: connects, verifies, repairs, reconnects, and reports what happened. reader.ts has the
// protocol rules; this file has the connection, the silence timeout and the listeners.
import { LEAST_PAUSE_MS } from './backoff.js'
import { bodyText, refusalOf } from './body.js'
import {
  createEventStream,
  type EventStreamOptions,
  messageOf,
  resolve,
  StreamError,
  send,
} from './event-stream.js'
import {
  type Change,
  type ClientBoard,
  type ClientHistory,
  type Counts,
  createBoardReader,
  type Outcome,
} from './reader.js'
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
  /** Numbers of the last so many seconds, 1 to 900: the listeners of `history` get them after each connection. */
  readonly history?: number
  /** With `history`: only these numbers, by the ids of their facts; up to 32. */
  readonly series?: readonly string[]
}

export type ConnectionCounts = Readonly<Counts & { reconnects: number; errors: number }>

type Listeners = {
  update: (change: Change) => void
  state: (state: ConnectionState) => void
  error: (error: StreamError) => void
  history: (past: ClientHistory) => void
}

export type Connection = AsyncIterable<Change> & {
  /** The newest complete board; null before the first. */
  readonly board: ClientBoard | null
  readonly state: ConnectionState
  /** When the last bytes were received, epoch ms; null before the first. */
  readonly lastByteMs: number | null
  /**
   * The server shows no sign of life: nothing came for 5 s longer than the next heartbeat or keep-alive may take. True until
   * it answers again.
   */
  readonly silent: boolean
  readonly counts: ConnectionCounts
  /** Calls `listener` for every change, state, error or answer about the past; returns a function that removes it. */
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
/** Silence that ends a connection, in keep-alive intervals. */
const TIMEOUT_KEEPALIVES = 2.5
/** More than a server waits between two bytes. */
const LONGEST_MS = 86_400_000
/** Silence that ends a connection before `hello` has sent the keep-alive interval. */
const FIRST_TIMEOUT_MS = 45_000
const RESYNC_TIMEOUT_MS = 10_000
/** Limit of a `/summary/resync` document, decompressed. */
const MAX_RESYNC_BYTES = 2 ** 25

/** The stream and resync URLs for a server's base URL or a stream's URL. */
export function addresses(
  url: string | URL,
  options: Pick<ConnectOptions, 'panels' | 'structured' | 'view' | 'history' | 'series'> = {},
): { readonly stream: string; readonly resync: string } {
  // In a page, a URL may be relative.
  const page = (globalThis as { location?: { href: string } }).location
  const stream = new URL(url, page?.href)
  const base = stream.pathname.replace(/\/summary\/(events|stream)\/?$/, '')
  const summary = `${base.replace(/\/$/, '')}/summary/`
  if (base === stream.pathname) stream.pathname = `${summary}events`
  const { panels, view, structured, history, series } = options
  const asked = {
    panels,
    view,
    history,
    series,
    structured: structured === undefined ? structured : Number(structured),
  }
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) stream.searchParams.set(name, String(value))
  }
  const resync = new URL(stream)
  resync.pathname = `${summary}resync`
  resync.searchParams.delete('structured')
  return { stream: stream.href, resync: resync.href }
}

/** Follows the board of the server at `url` (its base URL or its stream's URL) until closed. */
export function connect(url: string | URL, options: ConnectOptions = {}): Connection {
  const { signal, token, fetch: request = fetch } = options
  const address = addresses(url, options)
  const headers = (): Readonly<Record<string, string>> => {
    const usable = usableToken(resolve(token) ?? '')
    return { ...resolve(options.headers), ...(usable && { 'X-API-Token': usable }) }
  }
  if (typeof token === 'string') usableToken(token)
  const reader = createBoardReader()
  const listeners: { [K in keyof Listeners]: Set<Listeners[K]> } = {
    update: new Set(),
    state: new Set(),
    error: new Set(),
    history: new Set(),
  }
  const life = new AbortController()
  let state: ConnectionState = 'connecting'
  let lastByteMs: number | null = null
  let reconnects = 0
  let errors = 0
  /** This client ended the connection and is making a new one. */
  let leaving = false
  let opened = false
  /** Reconnections that this client started since the board was settled. */
  let restarts = 0
  let paused = false
  let silent = false
  /** The time between two heartbeats, where the server sends them. */
  let heartbeatMs = Number.POSITIVE_INFINITY
  let watch: ReturnType<typeof setTimeout> | undefined

  function emit<K extends keyof Listeners>(event: K, value: Parameters<Listeners[K]>[0]): void {
    for (const listener of listeners[event]) {
      try {
        ;(listener as (given: typeof value) => void)(value)
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
    watch = setTimeout(
      () => {
        if (state !== 'live') return
        silent = true
        become('stale')
      },
      Math.min(heartbeatMs, stream.readTimeoutMs / TIMEOUT_KEEPALIVES) + SILENT_AFTER_MS,
    )
  }

  function fail(error: StreamError): void {
    errors++
    if (error.retryInMs !== undefined) lost()
    emit('error', error)
  }

  function lost(): void {
    reader.disconnected()
    become(reader.board === null ? 'connecting' : 'stale')
  }

  const isSettled = (): boolean => reader.settled && !leaving

  const stream = createEventStream(address.stream, {
    ...options,
    headers,
    readTimeoutMs: FIRST_TIMEOUT_MS,
    signal: life.signal,
    isGood: isSettled,
    onError: fail,
    onBytes: () => {
      lastByteMs = Date.now()
      listen()
      if (silent) become('live')
      silent = false
    },
    onComment: () => {
      // Sent after `keepalive_ms` without an event: this server does not send the heartbeats of its `hello`.
      heartbeatMs = Number.POSITIVE_INFINITY
      listen()
    },
    onOpen: () => {
      if (opened) reconnects++
      opened = true
      leaving = silent = false
      reader.disconnected()
    },
  })

  function again(fresh: boolean, delayMs: number): void {
    leaving = true
    if (fresh) stream.lastEventId = ''
    if (!paused) stream.restart(Math.max(delayMs, LEAST_PAUSE_MS * 2 ** Math.min(restarts++, 8)))
    lost()
  }

  function afresh(why?: string): void {
    fail(new StreamError('resync', why))
    again(true, 0)
  }

  async function resync(why: string | undefined): Promise<void> {
    try {
      const signal = AbortSignal.any([life.signal, AbortSignal.timeout(RESYNC_TIMEOUT_MS)])
      const response = await send(request, address.resync, { signal }, {}, headers())
      if (!response.ok) {
        if (response.status === 404) reader.acceptTruncated = true
        throw await refusalOf(response)
      }
      act(reader.applyResync(await bodyText(response, MAX_RESYNC_BYTES, signal)))
    } catch (error) {
      if (state !== 'closed') afresh(`${why}; ${messageOf(error)}`)
    }
  }

  /** Does what an event asks for; a resync is awaited by the caller. */
  function act(outcome: Outcome): Promise<void> | undefined {
    if (outcome.keepaliveMs) {
      stream.readTimeoutMs = Math.min(TIMEOUT_KEEPALIVES * outcome.keepaliveMs, LONGEST_MS)
      heartbeatMs = outcome.heartbeatMs || Number.POSITIVE_INFINITY
      listen()
    }
    if (outcome.change) emit('update', outcome.change)
    if (outcome.history) emit('history', outcome.history)
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
      if (isSettled()) {
        restarts = 0
        become('live')
      }
    }
    close()
  }

  function pause(): void {
    paused = leaving = true
    stream.restart(Number.POSITIVE_INFINITY)
    lost()
  }

  function resume(): void {
    if (paused) stream.restart()
    paused = false
  }

  function close(): void {
    clearTimeout(watch)
    become('closed')
    life.abort()
  }

  async function* changes(): AsyncGenerator<Change, void, undefined> {
    // Changes not consumed yet are merged: a slow consumer skips states, never changes, and nothing queues up.
    let keys = new Set<string>()
    let latest: Change | null = null
    let wake = (): void => {}
    const add = (change: Change): void => {
      for (const key of [...Object.keys(change.panels), ...change.removed]) keys.add(key)
      latest = { ...change, type: latest?.type === 'full_snapshot' ? latest.type : change.type }
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
          const touched = keys
          const now = reader.board?.panels ?? new Map()
          latest = null
          keys = new Set()
          yield {
            ...change,
            panels: Object.fromEntries([...now].filter(([key]) => touched.has(key))),
            removed: [...touched].filter(key => !now.has(key)),
          }
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
