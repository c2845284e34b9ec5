import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Terminal, UpstreamEvent } from './events.js'
import {
  type Advance,
  end,
  estimateTokens,
  metricsOf,
  type Numbered,
  newStream,
  receive,
  type StreamState,
} from './stream-state.js'

const opening = { connectionId: 'c', streamId: 's', identified: false, questionChars: 9 }
const at = (ms: number) => ({ wallMs: 1_000_000 + ms, monoMs: ms })

function received(events: readonly (readonly [ms: number, event: UpstreamEvent])[]): {
  state: StreamState
  all: Numbered[]
} {
  const first = newStream(opening, at(0))
  const all = [...first.events]
  let state = first.state
  for (const [ms, event] of events) {
    const next = receive(state, event, at(ms))
    state = next.state
    all.push(...next.events)
  }
  return { state, all }
}
const token = (data: string): UpstreamEvent => ({ type: 'token', data })

describe('the state of a stream', () => {
  test('measures first token, spacing, bytes and duration', () => {
    const { state, all } = received([
      [100, token('ä')],
      [110, token('bc')],
      [130, token('d')],
      [150, { type: 'done', reason: 'complete' }],
    ])
    const metrics = {
      firstTokenLatency: 100,
      tokensReceived: 3,
      bytesReceived: 5,
      duration: 150,
      interTokenMean: 15,
    }
    expect(metricsOf(state)).toEqual(metrics)
    expect(all.at(-1)).toEqual({
      type: 'done',
      data: { reason: 'complete', metrics },
      sequence: 5,
      timestamp: 1_000_150,
    })
  })
  test('estimates usage only when the upstream did not count', () => {
    const estimated = received([
      [1, token('a')],
      [2, { type: 'error', code: 'upstream_error' }],
    ]).all
    expect(estimated.at(-2)).toMatchObject({
      type: 'usage',
      data: { inputTokens: 3, input_tokens: 3, outputTokens: 1, output_tokens: 1, estimated: true },
    })
    const counted = received([
      [1, { type: 'usage', data: { outputTokens: 7 } }],
      [2, { type: 'done', reason: 'length' }],
    ]).all
    expect(counted.filter(({ type }) => type === 'usage').map(({ data }) => data)).toEqual([
      { outputTokens: 7, output_tokens: 7, estimated: false },
    ])
  })
  test('gives the last counts of the upstream once, before the end', () => {
    const { all } = received([
      [1, { type: 'usage', data: { inputTokens: 9, outputTokens: 1 } }],
      [2, token('a')],
      [3, { type: 'usage', data: { outputTokens: 2 } }],
      [4, token('b')],
      [5, { type: 'done', reason: 'complete' }],
    ])
    expect(all.map(({ type }) => type)).toEqual(['metadata', 'token', 'token', 'usage', 'done'])
    expect(all[3]?.data).toEqual({
      inputTokens: 9,
      input_tokens: 9,
      outputTokens: 2,
      output_tokens: 2,
      estimated: false,
    })
  })
  test('does not take early counts for those of an answer that broke off', () => {
    const { all } = received([
      [1, { type: 'usage', data: { inputTokens: 9, outputTokens: 1 } }],
      [2, token('a')],
      [3, token('b')],
      [4, { type: 'error', code: 'upstream_cut' }],
    ])
    expect(all.at(-2)?.data).toMatchObject({ inputTokens: 9, outputTokens: 2, estimated: true })
  })
  test('counts the words of a refusal as words, and what the model thinks as none', () => {
    const { state, all } = received([
      [1, { type: 'reasoning', data: 'hm' }],
      [5, { type: 'refusal', data: 'No.' }],
      [6, { type: 'done', reason: 'refusal' }],
    ])
    expect(all.map(({ type }) => type)).toEqual(['metadata', 'reasoning', 'refusal', 'usage', 'done'])
    expect(metricsOf(state)).toMatchObject({ firstTokenLatency: 5, tokensReceived: 1, bytesReceived: 3 })
  })
  test('ignores an empty token, and has no latencies without a token', () => {
    const { state, all } = received([
      [1, token('')],
      [2, { type: 'done', reason: 'complete' }],
    ])
    expect(all.map(({ type }) => type)).toEqual(['metadata', 'usage', 'done'])
    expect(metricsOf(state)).toMatchObject({
      firstTokenLatency: null,
      interTokenMean: null,
      tokensReceived: 0,
    })
  })
  test('an error has the text of the table, and the connection id', () => {
    const { state } = received([])
    const { events } = end(state, { type: 'error', code: 'upstream_cut' }, at(5))
    expect(events.at(-1)?.data).toEqual({
      code: 'upstream_cut',
      message: 'The answer broke off.',
      retryable: true,
      connectionId: 'c',
    })
  })
  test('estimates at four characters a token', () => {
    expect([0, 1, 4, 5].map(estimateTokens)).toEqual([0, 1, 1, 2])
  })
})

test('any events and any number of ends: numbers without gaps, one terminal event, and it is the last', () => {
  const upstreamEvent = fc.oneof<fc.Arbitrary<UpstreamEvent>[]>(
    fc.string().map(token),
    fc.constant({ type: 'metadata', data: {} } as const),
    fc.constant({ type: 'sources', data: [] } as const),
    fc.constant({ type: 'usage', data: {} } as const),
    fc.constant({ type: 'done', reason: 'complete' } as const),
    fc.constant({ type: 'reasoning', data: 'r' } as const),
    fc.constant({ type: 'refusal', data: 'r' } as const),
    fc.constant({ type: 'error', code: 'upstream_error' } as const),
  )
  const ends = fc.constantFrom<Terminal>(
    { type: 'aborted', reason: 'shutdown' },
    { type: 'error', code: 'idle_timeout' },
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(upstreamEvent, ends)), events => {
      const first = newStream(opening, at(0))
      let state = first.state
      const all = [...first.events]
      const take = (next: Advance): void => {
        state = next.state
        all.push(...next.events)
      }
      for (const event of events) {
        const isEnd = event.type === 'aborted' || (event.type === 'error' && event.code === 'idle_timeout')
        take(isEnd ? end(state, event as Terminal, at(1)) : receive(state, event as UpstreamEvent, at(1)))
      }
      take(end(state, { type: 'aborted', reason: 'shutdown' }, at(2)))
      expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, i) => i))
      expect(all.map(({ type }) => ['done', 'error', 'aborted'].includes(type)).indexOf(true)).toBe(
        all.length - 1,
      )
    }),
  )
})
