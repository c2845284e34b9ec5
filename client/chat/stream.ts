// One answer: asks, follows it across reconnects to its end, or stops it.
//
// The question has an idempotency key: a connection that breaks before the client knows the stream's id is made again, and no
// second answer is generated. With the id every reconnect resumes after the last event received. Events are numbered: none is
// shown twice, and after a gap the client asks for the missing ones.
//
//     wait = max(Retry-After, random × min(maxReconnectDelay, reconnectDelay × 2^waits))
//
// A new event begins the count of attempts anew, so an answer that goes on is never given up; only a connection that lived for
// 10 s shortens the waits, so a server that sends one event and closes is not asked again and again at once. 4xx is final, and so is a 502 or 504 of the relay itself. When streams are switched
// off for this caller, the client asks for the whole answer instead.
import { endKind } from '../../src/protocol/end-reasons.js'
import { createSseParser } from '../../src/sse/parse.js'
import { STEADY_MS } from '../backoff.js'
import { bodyText, pieces } from '../body.js'
import type { Begin, ChatEnd, ChatMetrics, ChatStream, ClientOptions, StreamOptions } from './contract.js'
import { ChatError, refusal } from './errors.js'
import { type ChatEvent, isConnected, parseEvent, type UnknownEvent } from './events.js'
import { createRequests } from './requests.js'
import { isWhole, wholeEvents } from './whole.js'

const SILENCE_SLACK_MS = 5_000
/** How long a stop may take, with the wait for the id: a server that says nothing ends a stream without followers itself. */
const STOP_TIMEOUT_MS = 5_000
/** How long a whole answer may take: a server ends it after 15 minutes unless it is set otherwise. */
const WHOLE_ANSWER_MS = 900_000 + SILENCE_SLACK_MS
/** Limit of an answer, decompressed: this client keeps all of it. */
const MAX_ANSWER_BYTES = 2 ** 25

export function createChatStream(begin: Begin, client: ClientOptions, options: StreamOptions): ChatStream {
  const { maxReconnectAttempts = 5, reconnectDelay = 1000, maxReconnectDelay = 30_000 } = client
  const random = client.random ?? Math.random
  const requests = createRequests(begin, client)
  const silenceMs = 2 * (client.heartbeatMs ?? 30_000) + SILENCE_SLACK_MS
  const startMs = performance.now()
  const encoder = new TextEncoder()

  let streamId = 'streamId' in begin ? begin.streamId : null
  /** The number of the last event received. */
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
  /** Failures since the last new event. */
  let failures = 0
  /** Waits since the last connection that lived long enough. */
  let waits = 0
  let openedMs = Number.POSITIVE_INFINITY
  let received = 0
  let connects = 0
  let tokens = 0
  let bytes = 0
  let firstTokenMs: number | null = null
  let lastTokenMs = 0
  let endMs: number | null = null

  function notify<T>(callback: ((value: T) => void) | undefined, value: T): void {
    try {
      callback?.(value)
    } catch (error) {
      // An error of a callback does not end the stream; it is reported as uncaught, as EventTarget does.
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
      notify(options.onError, how)
    } else {
      const kind = how.type === 'done' ? endKind(how.reason) : null
      notify(options.onComplete, { ...how, kind, text, metrics: getMetrics() })
    }
    announce()
  }

  function takeToken(token: string): void {
    text += token
    tokens += 1
    bytes += encoder.encode(token).length
    lastTokenMs = performance.now() - startMs
    firstTokenMs ??= lastTokenMs
    notify(options.onToken, token)
  }

  /** False: an event before it is missing, so the client must resume. */
  function take(event: ChatEvent | UnknownEvent): boolean {
    const { sequence } = event
    if (sequence >= 0) {
      if (sequence <= lastSequence) return true
      if (sequence > lastSequence + 1) return false
      lastSequence = sequence
      failures = 0
    }
    if (event.type === 'unknown') return true
    events.push(event)
    switch (event.type) {
      case 'metadata':
        if (isConnected(event.data)) {
          streamId = event.data.streamId
          notify(options.onConnect, event.data)
        } else notify(options.onMetadata, event.data)
        break
      case 'token':
        takeToken(event.data)
        break
      case 'reasoning':
        notify(options.onReasoning, event.data)
        break
      case 'refusal':
        notify(options.onRefusal, event.data)
        break
      case 'sources':
        notify(options.onSources, event.data)
        break
      case 'usage':
        notify(options.onUsage, event.data)
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

  /** Awaits `work`, and aborts the connection after this much silence. */
  async function inTime<T>(work: Promise<T>, ms = silenceMs): Promise<T> {
    const current = connection
    const silent = new ChatError('timeout', `nothing received for ${ms} ms`, true)
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
    const body: unknown = JSON.parse(
      await bodyText(response, MAX_ANSWER_BYTES, AbortSignal.timeout(silenceMs)),
    )
    if (!isWhole(body)) throw new ChatError('content_type', 'not a whole answer', false, 200)
    connects += 1
    for (const event of wholeEvents(body, getMetrics)) if (!ended) take(event)
  }

  async function follow(): Promise<void> {
    if (comesWhole) return takeWhole()
    const response = await inTime(requests.ask({ streamId, lastSequence }, connection.signal))
    // 204: the stream has ended or expired. Its end would have stopped this loop, so it was not received.
    if (response.status === 204)
      throw new ChatError('lost', 'the stream has expired before its end was received', false, 204)
    if (response.status !== 200) {
      const error = await refusal(response)
      // With a stream id a whole answer would show the text twice.
      if (error.code !== 'feature_flag_disabled' || streamId !== null || ended) throw error
      comesWhole = true
      return takeWhole()
    }
    const type = response.headers.get('content-type') ?? ''
    if (!response.body || !/^text\/event-stream\s*(;|$)/i.test(type)) {
      throw new ChatError('content_type', `not an event stream: ${type || 'no content type'}`, false, 200)
    }
    connects += 1
    openedMs = performance.now()
    streamId ??= response.headers.get('x-stream-id')
    let isWhole = true
    const parser = createSseParser({
      onEvent: message => {
        if (ended || !isWhole || message.event !== 'message') return
        const event = parseEvent(message.data)
        if (event !== null) isWhole = take(event)
      },
    })
    for await (const value of pieces(response, connection.signal, inTime)) {
      received += value.length
      if (received > MAX_ANSWER_BYTES)
        throw new ChatError('too_large', `the answer is over ${MAX_ANSWER_BYTES} bytes`, false, 200)
      parser.push(value)
      if (ended || !isWhole) return
    }
  }

  async function run(): Promise<void> {
    while (!ended) {
      connection = new AbortController()
      openedMs = Number.POSITIVE_INFINITY
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
      if (performance.now() - openedMs >= STEADY_MS) waits = 0
      const own = random() * Math.min(maxReconnectDelay, reconnectDelay * 2 ** waits)
      waits += 1
      failures += 1
      const delayMs = Math.max(own, (fault.retryAfterSec ?? 0) * 1000)
      notify(options.onReconnect, { attempt: failures, delayMs })
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
    const current = connection
    const deadline = new AbortController()
    const timer = setTimeout(() => {
      deadline.abort()
      current.abort()
    }, STOP_TIMEOUT_MS)
    try {
      // A stream cannot be stopped before its id is known, which comes with the first bytes. A whole answer has none.
      if (streamId === null && !comesWhole) await running
      else connection.abort()
      if (streamId !== null) await requests.stop(streamId, deadline.signal)
    } catch {
      // Unreachable: the server itself ends a stream without followers.
    } finally {
      clearTimeout(timer)
    }
  }

  function stop(): Promise<void> {
    if (stopped === null) {
      // Begun before the end is reported: a callback that stops it, too, gets the same promise.
      stopped = ended ? Promise.resolve() : Promise.resolve().then(stopOnServer)
      end({ type: 'aborted', reason: 'client_stop' })
      endWait()
    }
    return stopped
  }
  const onAbort = (): void => void stop()

  function leave(): void {
    end({ type: 'aborted', reason: 'left' })
    endWait()
    connection.abort()
  }

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
      // A loop left early stops the answer.
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
    leave,
    reconnect: () => endWait(),
    getMetrics,
    [Symbol.asyncIterator]: iterate,
  }
}

/** Null: retry. */
function finalFault(reason: unknown): ChatError | null {
  if (!(reason instanceof ChatError)) return null
  const { status, code } = reason
  if (status === undefined || status === 503) return null
  // The relay has retried before it sends a 502 or 504 of its own; one of a proxy has no code.
  return status < 500 || code !== 'status' ? reason : null
}
