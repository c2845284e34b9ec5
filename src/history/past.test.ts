import { expect, test } from 'vitest'
import { resultOf } from '../../test/terminal/support/scenes.js'
import { type Board, emptyBoard } from '../board/board.js'
import { makePanel } from '../panels/lines.js'
import { historyEventData } from '../protocol/events.js'
import { NearHistory } from './near.js'
import { type EventQuestion, pastEvents, seriesCount, usualPoints } from './past.js'

const START_SEC = 1_800_000_000

/** A server that has run for so many seconds; the numbers `box.n0`, `box.n1`, … change each second. */
function server(seconds: number, numbers: number) {
  let sec = START_SEC
  let board: Board = emptyBoard('e1')
  const near = new NearHistory({ nowMs: () => sec * 1000 })
  for (let i = 0; i < seconds; i++) {
    sec = START_SEC + i
    const facts = Object.fromEntries(Array.from({ length: numbers }, (_, n) => [`n${n}`, i + n / 10]))
    const panel = { ...makePanel('box', 'Box', [{ kind: 'text', text: `${i}` }]), facts }
    const source = { state: 'fresh', ageSec: 1, changedAtMs: 0, error: null, tooOld: false } as const
    const result = resultOf([panel], { source }, board)
    board = result.board
    near.take(result)
  }
  const ask = (question: Partial<EventQuestion>) =>
    pastEvents(
      near,
      { seconds: 900, series: ['*'], after: null, maxBytes: 65_536, ...question },
      sec * 1000,
    ).map(text => historyEventData.parse(JSON.parse(text)))
  return { near, ask, nowSec: () => sec, generation: () => board.generation }
}

test('the past of named series is one event with at most 180 values each, the newest last', () => {
  const { ask, nowSec } = server(900, 2)
  const [event, ...more] = ask({ series: ['box.n0', 'no.such'] })
  expect(more).toEqual([])
  expect(event).toMatchObject({ step_sec: 5, to: nowSec() * 1000, unknown: ['no.such'] })
  expect(event?.series.map(({ id, values }) => [id, values.length, values.at(-1)])).toEqual([
    ['box.n0', 180, 899],
  ])
  expect(ask({ seconds: 60, series: ['box.n1'] })[0]?.series[0]?.values).toHaveLength(60)
})

test('all series together have no more values than 32 with 180 each', () => {
  const [event] = server(900, 100).ask({})
  expect(event?.series).toHaveLength(100)
  const values = event?.series.flatMap(each => each.values) ?? []
  expect(values.length).toBeLessThanOrEqual(32 * 180)
  expect(values.length).toBeGreaterThan(32 * 180 * 0.9)
})

test('too long for one event, it is a group of several, each within the limit', () => {
  const { near, nowSec } = server(400, 20)
  const texts = pastEvents(
    near,
    { seconds: 900, series: ['*'], after: null, maxBytes: 4_096 },
    nowSec() * 1000,
  )
  expect(texts.length).toBeGreaterThan(1)
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096)
  const events = texts.map(text => historyEventData.parse(JSON.parse(text)))
  expect(events.map(({ more = false }) => more)).toEqual(texts.map((_, i) => i < texts.length - 1))
  expect(events.flatMap(({ series }) => series.map(({ id }) => id))).toHaveLength(20)
  // However small the limit is, each series is one event.
  expect(
    pastEvents(near, { seconds: 900, series: ['*'], after: null, maxBytes: 256 }, nowSec() * 1000),
  ).toHaveLength(20)
})

test('after a generation there is only what is newer, and nothing where nothing is', () => {
  const { ask, generation, nowSec } = server(100, 1)
  const [event] = ask({ after: generation() - 10, series: ['box.n0'] })
  expect(event).toMatchObject({ from: (nowSec() - 9) * 1000, step_sec: 1 })
  expect(event?.series[0]?.values).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99])
  expect(ask({ after: generation() })).toEqual([])
})

test('before the first board there is an event without series', () => {
  expect(server(0, 0).ask({})).toMatchObject([{ since: null, series: [] }])
})

test('a question for all is answered with as many values as one answer may have', () => {
  const { near } = server(1, 40)
  expect([seriesCount(near, ['*']), seriesCount(near, ['a', 'b'])]).toEqual([40, 2])
  expect(usualPoints(['*'], 40)).toBe(250)
})
