import { expect, test } from 'vitest'
import { viewOf } from '../state/connection.js'
import { healthFrom, sourceAgeSec } from '../state/health.js'
import { connectionWords, percentText, shortSourceWords, sourceWords } from './words.js'

const facts = { silent: false, retryAtMs: null, refused: false, problem: null }

test('the connection as text', () => {
  const textOf = (view: Parameters<typeof connectionWords>[0]) => connectionWords(view, 1_000, -11_500).text
  expect(textOf(viewOf({ ...facts, state: 'live' }, 1_000))).toBe('live')
  expect(textOf(viewOf({ ...facts, state: 'stale', retryAtMs: 3_500 }, 1_000))).toBe('reconnecting in 3 s')
  expect(textOf(viewOf({ ...facts, state: 'stale', retryAtMs: 900 }, 1_000))).toBe('stale')
  expect(textOf(viewOf({ ...facts, state: 'stale', silent: true }, 1_000))).toBe('no sign of life for 12 s')
  expect(textOf(viewOf({ ...facts, state: 'stale', silent: true, retryAtMs: 3_500 }, 1_000))).toBe(
    'reconnecting in 3 s',
  )
  expect(textOf(viewOf({ ...facts, state: 'connecting' }, 1_000))).toBe('connecting')
  expect(textOf(viewOf({ ...facts, state: 'closed', refused: true }, 1_000))).toBe('signed out')
})

test('the source as text, with an age that grows between two answers', () => {
  const health = healthFrom({ status_file: { state: 'not_json', age_sec: 58 } }, 10_000)
  expect(sourceWords(health, 10_000)).toEqual({ text: 'not json, 58 s' })
  expect(sourceWords(health, 15_000).text).toBe('not json, 1 min 3 s')
  const fresh = healthFrom({ status_file: { state: 'fresh', age_sec: 2 } }, 10_000)
  expect(sourceWords(fresh, 11_000).text).toBe('3 s ago')
  expect(sourceWords(null, 0).text).toBe('—')
})

test('the source in few words', () => {
  const of = (state: string, age_sec: number) =>
    shortSourceWords(healthFrom({ status_file: { state, age_sec } }, 0), 0)
  expect([of('fresh', 2), of('fresh', 2_337), of('too_large', 58)]).toEqual(['2 s', '38 min', 'too large'])
  expect(shortSourceWords(null, 0)).toBe('—')
})

test('an invalid health document is unknown', () => {
  for (const document of [null, 3, {}, { status_file: [], sse: 'x', hit_ratio: '1' }]) {
    const health = healthFrom(document, 5)
    expect(health).toMatchObject({
      sourceState: 'unknown',
      sourceAgeSec: null,
      hitRatio: null,
      clients: null,
      timezone: null,
      numberFormat: 'plain',
    })
    expect(sourceAgeSec(health, 9)).toBe(null)
  }
})

test('ratios', () => {
  expect([percentText(0.984), percentText(null)]).toEqual(['98.4 %', '—'])
})
