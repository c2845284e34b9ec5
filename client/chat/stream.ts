// One answer: asked for, followed through cuts to its end, or stopped.
//
// The question goes out with an idempotency key, so that a connection that breaks before the server could name the stream
// is made again without a second answer being generated. Once the stream has a name, every reconnection resumes behind
// the last event seen. Events are numbered; what was seen is never shown twice, and a gap is asked for again.
//
//     wait = max(Retry-After, random × min(maxReconnectDelay, reconnectDelay × 2^failures))
//
// where a new event ends the run of failures. 4xx is final, and so is what the relay itself says of the upstream. But a
// server that has streams switched off for this caller is asked for the whole answer instead.
import { createSseParser } from '../../src/sse/parse.js'
import type { Begin, ChatEnd, ChatMetrics, ChatStream, ClientOptions, StreamOptions } from './contract.js'
import { ChatError, refusal } from './errors.js'
import { type ChatEvent, isConnected, parseEvent } from './events.js'
import { createRequests } from './requests.js'
import { isWhole, wholeEvents } from './whole.js'

const SILENCE_SLACK_MS = 5_000
/** The longest wait a server may ask for. */
const MAX_SERVER_DELAY_MS = 3_600_000
/** How long a whole answer may take: a server ends it after 15 minutes unless it is set otherwise. */
const WHOLE_ANSWER_MS = 900_000 + SILENCE_SLACK_MS

export function createChatStream(begin: Begin, client: ClientOptions, options: StreamOptions): ChatStream {
  const { maxReconnectAttempts = 5, reconnectDelay = 1000, maxReconnectDelay = 30_000 } = client
  const random = client.random ?? Math.random
  const requests = createRequests(begin, client)
  const silenceMs = 2 * (client.heartbeatMs ?? 30_000) + SILENCE_SLACK_MS
  const startMs = performance.now()
  const encoder = new TextEncoder()

  let streamId = 'streamId' in begin ? begin.streamId : null
  /** The number of the last event seen. */
  let lastSequence = -1
  const events: ChatEvent[] = []
  let text = ''
  let wake = (): void => {}
  let fresh = new Promise<void>(resolve => {
    wake = resolve
  })
  let failure: ChatError | null = null
  let ended = false
  /** Streams are switched off for this caller: the answer comes whole. */
  let comesWhole = false
  let stopped: Promise<void> | null = null
  let connection = new AbortController()
  let endWait = (): void => {}
  let failures = 0
  let connects = 0
  let tokens = 0
  let bytes = 0
  let firstTokenMs: number | null = null
  let lastTokenMs = 0
  let endMs: number | null = null

  function tell<T>(callback: ((value: T) => void) | undefined, value: T): void {
    try {
      callback?.(value)
    } catch (error) {
      // A callback's fault is its owner's, not the stream's: reported as uncaught, as EventTarget does.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  function getMetrics(): ChatMetrics {
    const first = firstTokenMs
    return {
      firstTokenLatency: first,
      tokensReceived: tokens,
      bytesReceived: bytes,
      duration: (endMs ?? performance.now()) - startMs,
      interTokenMean: first === null || tokens < 2 ? null : (lastTokenMs - first) / (tokens - 1),
      reconnects: Math.max(0, connects - 1),
    }
  }

  function announce(): void {
    const wakeThose = wake
    fresh = new Promise<void>(resolve => {
      wake = resolve
    })
    wakeThose()
  }

  function end(how: { readonly type: ChatEnd['type']; readonly reason: string } | ChatError): void {
    if (ended) return
    ended = true
    endMs = performance.now()
    options.signal?.removeEventListener('abort', onAbort)
    if (how instanceof ChatError) {
      failure = how
      tell(options.onError, how)
    } else tell(options.onComplete, { ...how, text, metrics: getMetrics() })
    announce()
  }

  function takeToken(token: string): void {
    text += token
    tokens += 1
    bytes += encoder.encode(token).length
    lastTokenMs = performance.now() - startMs
    firstTokenMs ??= lastTokenMs
    tell(options.onToken, token)
  }

  /** False: something is missing before it; it has to be asked for again. */
  function take(event: ChatEvent): boolean {
    const { sequence } = event
    if (sequence >= 0) {
      if (sequence <= lastSequence) return true
      if (sequence > lastSequence + 1) return false
      lastSequence = sequence
      failures = 0
    }
    events.push(event)
    switch (event.type) {
      case 'metadata':
        if (isConnected(event.data)) {
          streamId = event.data.streamId
          tell(options.onConnect, event.data)
        } else tell(options.onMetadata, event.data)
        break
      case 'token':
        takeToken(event.data)
        break
      case 'sources':
        tell(options.onSources, event.data)
        break
      case 'usage':
        tell(options.onUsage, event.data)
        break
      case 'error':
        end(new ChatError(event.data.code, event.data.message, event.data.retryable))
        break
      default:
        end({ type: event.type, reason: event.data.reason })
    }
    announce()
    return true
  }

  /** Awaits `work`, but no longer than the silence of a dead connection lasts. */
  async function inTime<T>(work: Promise<T>, ms = silenceMs): Promise<T> {
    const current = connection
    const silent = new ChatError('timeout', `nothing came for ${ms} ms`, true)
    const timer = setTimeout(() => current.abort(silent), ms)
    try {
      return await work
    } finally {
      clearTimeout(timer)
    }
  }

  async function takeWhole(): Promise<void> {
    const response = await inTime(requests.askWhole(connection.signal), WHOLE_ANSWER_MS)
    if (response.status !== 200) throw await refusal(response)
    const body: unknown = await inTime(response.json())
    if (!isWhole(body)) throw new ChatError('content_type', 'not a whole answer', false, 200)
    connects += 1
    for (const event of wholeEvents(body, getMetrics)) if (!ended) take(event)
  }

  async function follow(): Promise<void> {
    if (comesWhole) return takeWhole()
    const response = await inTime(requests.ask({ streamId, lastSequence }, connection.signal))
    // Only a stream that has ended and was seen to its end has nothing left; else it is not to be had any more.
    if (response.status === 204)
      throw new ChatError('lost', 'the stream has ended before its end was seen', false, 204)
    if (response.status !== 200) {
      const error = await refusal(response)
      // An answer that has a name is not asked for again: it would be shown twice.
      if (error.code !== 'feature_flag_disabled' || streamId !== null || ended) throw error
      comesWhole = true
      return takeWhole()
    }
    const type = response.headers.get('content-type') ?? ''
    if (!response.body || !/^text\/event-stream\s*(;|$)/i.test(type)) {
      throw new ChatError('content_type', `not an event stream: ${type || 'no content type'}`, false, 200)
    }
    connects += 1
    streamId ??= response.headers.get('x-stream-id')
    const read = response.body.getReader()
    let isWhole = true
    const parser = createSseParser({
      onEvent: message => {
        if (ended || !isWhole || message.event !== 'message') return
        const event = parseEvent(message.data)
        if (event !== null) isWhole = take(event)
      },
    })
    while (!ended && isWhole) {
      const { done, value } = await inTime(read.read())
      if (done) break
      parser.push(value)
    }
  }

  async function run(): Promise<void> {
    while (!ended) {
      connection = new AbortController()
      let fault = new ChatError('network', 'the connection was lost', true)
      try {
        await follow()
      } catch (reason) {
        const silence: unknown = connection.signal.reason
        if (reason instanceof ChatError) fault = reason
        else if (silence instanceof ChatError) fault = silence
        const final = finalFault(reason)
        if (final !== null) end(final)
      } finally {
        connection.abort()
      }
      if (ended) return
      if (failures >= maxReconnectAttempts) {
        end(fault)
        return
      }
      const own = random() * Math.min(maxReconnectDelay, reconnectDelay * 2 ** failures)
      failures += 1
      const delayMs = Math.max(own, Math.min((fault.retryAfterSec ?? 0) * 1000, MAX_SERVER_DELAY_MS))
      tell(options.onReconnect, { attempt: failures, delayMs })
      if (!ended) await pause(delayMs)
    }
  }

  async function pause(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>(resolve => {
      endWait = resolve
      timer = setTimeout(resolve, ms)
    })
    clearTimeout(timer)
  }

  async function stopOnServer(): Promise<void> {
    // A stream that has no name yet cannot be stopped; the server names it with its first bytes. A whole answer has none.
    if (streamId === null && !comesWhole) await running
    else connection.abort()
    if (streamId === null) return
    try {
      await requests.stop(streamId)
    } catch {
      // Not to be reached: the server ends a stream that nobody follows by itself.
    }
  }

  function stop(): Promise<void> {
    stopped ??= (() => {
      if (ended) return Promise.resolve()
      end({ type: 'aborted', reason: 'client_stop' })
      endWait()
      return stopOnServer()
    })()
    return stopped
  }
  const onAbort = (): void => void stop()

  async function* iterate(): AsyncGenerator<ChatEvent, void, undefined> {
    try {
      for (let next = 0; ; next++) {
        while (next >= events.length) {
          if (failure !== null) throw failure
          if (ended) return
          await fresh
        }
        const event = events[next]
        if (event?.type === 'error') continue
        if (event !== undefined) yield event
      }
    } finally {
      // Whoever leaves the loop early does not wait for the answer any more.
      void stop()
    }
  }

  let running: Promise<void> = Promise.resolve()
  if (options.signal?.aborted) end({ type: 'aborted', reason: 'client_stop' })
  else {
    options.signal?.addEventListener('abort', onAbort)
    running = run()
  }

  return {
    get streamId() {
      return streamId
    },
    get text() {
      return text
    },
    stop,
    getMetrics,
    [Symbol.asyncIterator]: iterate,
  }
}

/** Null: it may be tried again. */
function finalFault(reason: unknown): ChatError | null {
  if (!(reason instanceof ChatError)) return null
  const { status, code } = reason
  if (status === undefined || status === 503) return null
  // A 502 or 504 of the relay's own: the upstream was tried again and again already. A proxy's has no code.
  return status < 500 || code !== 'status' ? reason : null
}
