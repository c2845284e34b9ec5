import { expect, test } from 'vitest'
import { ownTime } from '../../../test/support/own-time.js'
import type { ChatFailureCode } from '../../protocol/chat-events.js'
import { Breakers, TryFailed } from './breakers.js'
import { UpstreamCall } from './call.js'
import { createDialectReader } from './dialect-reader.js'
import type { EdgeHandlers, UpstreamEdge } from './edge.js'
import { upstreamRequest } from './request.js'

const [FIRST, SECOND] = [new URL('http://first'), new URL('http://second')]

/** A breaker that is open for these backends. */
async function openFor(...backends: readonly URL[]): Promise<Breakers> {
  const breakers = new Breakers(60_000)
  for (const { href } of backends) {
    for (let i = 0; i < 20; i++) {
      const fails = () => Promise.reject(new TryFailed({ kind: 'not_a_stream' }))
      await breakers.execute(href, fails).catch(() => {})
    }
    expect(breakers.stateOf(href)).toBe('open')
  }
  return breakers
}

/** Calls both; each backend answers as the test says. Resolves with the outcome, the requests and the tries. */
async function outcome(breakers: Breakers, answer: (origin: string, handlers: EdgeHandlers) => void) {
  const asked: string[] = []
  const tries: string[] = []
  const edge: UpstreamEdge = {
    open: (request, handlers) => {
      asked.push(request.origin)
      queueMicrotask(() => answer(request.origin, handlers))
      return { abort: () => {}, pause: () => {}, resume: () => {} }
    },
    close: async () => {},
  }
  const { clock, timers } = ownTime()
  const question = {
    query: 'q',
    history: [],
    email: null,
    role: null,
    requestId: 'r',
    traceparent: null,
    sessionId: null,
    continuityId: null,
    authorization: null,
  }
  const code = await new Promise<ChatFailureCode | 'answered'>((resolve, reject) => {
    new UpstreamCall(
      {
        edge,
        breakers,
        clock,
        timers,
        // No wait before a retry.
        random: () => 0,
      },
      {
        targets: [{ url: FIRST }, { url: SECOND }],
        requestFor: ({ url }) =>
          upstreamRequest(url, question, { style: 'rag-get', model: null, token: null }),
        newReader: onUnknown => createDialectReader('rag', onUnknown),
        keptRefusalBytes: 0,
      },
      {
        onHead: () => {},
        onSaid: () => resolve('answered'),
        onUnknownFrame: () => {},
        onTry: (origin, isRetry) => tries.push(`${origin} ${isRetry}`),
        onTryFailed: () => {},
        onFailed: ({ code }) => resolve(code),
        onFault: reject,
      },
    ).start()
  })
  return { code, asked, tries }
}

const unreachable = (_: string, handlers: EdgeHandlers): void => handlers.onError('ECONNREFUSED')

test('a backend with an open breaker is skipped; the failure is that of the other one', async () => {
  for (const unavailable of [FIRST, SECOND]) {
    const { code, asked } = await outcome(await openFor(unavailable), unreachable)
    const other = unavailable === FIRST ? SECOND : FIRST
    expect(code).toBe('upstream_unreachable')
    expect(asked).toEqual([other.origin, other.origin, other.origin])
  }
})

test('with all breakers open no backend is called, and the failure says so', async () => {
  expect(await outcome(await openFor(FIRST, SECOND), unreachable)).toEqual({
    code: 'breaker_open',
    asked: [],
    tries: [],
  })
})

test('every try after the first one of a question is a retry, at any backend', async () => {
  const { code, tries } = await outcome(await openFor(), (origin, handlers) => {
    if (origin === FIRST.origin) handlers.onHead(503, {})
    else {
      handlers.onHead(200, { 'content-type': 'text/event-stream' })
      handlers.onData(Buffer.from('data: {"text":"a"}\n\n'))
    }
  })
  expect(code).toBe('answered')
  expect(tries).toEqual([
    'http://first false',
    'http://first true',
    'http://first true',
    'http://second true',
  ])
})
