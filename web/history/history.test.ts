import { describe, expect, test } from 'vitest'
import { createHistory, type History, MAX_SILENT_SEC, WINDOW_SEC } from './history.js'
import type { Sample } from './numbers.js'

const START_SEC = 1_800_000_000
const at = (sec: number): number => (START_SEC + sec) * 1000
const cpu = (value: number | null): Sample[] => [{ group: 'cpu', label: 'CPU', value }]
const ltp = (...labels: string[]): Sample[] => labels.map(label => ({ group: 'ltp', label, value: 1 }))

/** Confirms again and again until then. */
function hear(history: History, untilSec: number): void {
  for (let sec = 0; sec < untilSec; sec += MAX_SILENT_SEC) history.confirm(at(sec))
  history.confirm(at(untilSec))
}

/** The last `count` values of the only CPU line, the window ending at `sec`. */
function tail(history: History, sec: number, count: number): readonly (number | null)[] {
  const [line] = history.lines('cpu', ['CPU'], at(sec)).lines
  return line?.values.slice(-count) ?? []
}

describe('a line', () => {
  test('keeps the last value until the next one', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.take('resources', cpu(20), at(3))
    expect(tail(history, 3, 5)).toEqual([null, 10, 10, 10, 20])
  })

  test('ends where the connection last confirmed it', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.confirm(at(2))
    expect(tail(history, 5, 6)).toEqual([10, 10, 10, null, null, null])
  })

  test('has a gap, not a zero, where the number was missing', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.take('resources', cpu(null), at(1))
    history.take('resources', cpu(30), at(2))
    history.take('resources', [], at(3))
    expect(tail(history, 3, 4)).toEqual([10, null, 30, null])
  })

  test('has a gap from a lost connection to its next value', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.interrupt(at(1))
    history.take('cycle', [], at(4))
    history.take('resources', cpu(10), at(5))
    expect(tail(history, 5, 6)).toEqual([10, 10, null, null, null, 10])
  })

  test('keeps the value of the second in which the connection was lost, whatever other panels send in it', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.take('resources', cpu(20), at(1))
    history.interrupt(at(1) + 300)
    history.take('cycle', [{ group: 'cycle', label: 'last', value: 1 }], at(1) + 600)
    expect(tail(history, 1, 2)).toEqual([10, 20])
  })

  test('keeps the last value of a second, however many came', () => {
    const history = createHistory()
    for (let i = 0; i < 1000; i++) history.take('resources', cpu(i), at(1) + i)
    expect(tail(history, 1, 2)).toEqual([null, 999])
  })

  test('is not ended by another panel', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.take('cycle', [{ group: 'cycle', label: 'last', value: 1 }], at(1))
    expect(tail(history, 1, 2)).toEqual([10, 10])
  })

  test('forgets what is older than the window', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.take('resources', cpu(20), at(1))
    hear(history, WINDOW_SEC)
    const { times, lines } = history.lines('cpu', ['CPU'], at(WINDOW_SEC))
    expect(times).toHaveLength(WINDOW_SEC)
    expect(times.at(-1)).toBe(START_SEC + WINDOW_SEC)
    expect(new Set(lines[0]?.values)).toEqual(new Set([20]))
  })

  test('is a gap after a silence, as of a machine that slept, and goes on after it', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    history.confirm(at(MAX_SILENT_SEC))
    history.confirm(at(2 * MAX_SILENT_SEC + 1))
    const values = tail(history, 2 * MAX_SILENT_SEC + 1, MAX_SILENT_SEC + 2)
    expect([values[0], values[1], values.at(-2), values.at(-1)]).toEqual([10, null, null, 10])
  })

  test('has one value throughout when no other came for hours', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    hear(history, 40 * WINDOW_SEC + 7)
    expect(new Set(tail(history, 40 * WINDOW_SEC + 7, WINDOW_SEC))).toEqual(new Set([10]))
  })

  test('moves out of the window when nothing comes any more', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(0))
    expect(tail(history, WINDOW_SEC - 1, WINDOW_SEC)[0]).toBe(10)
    expect(new Set(tail(history, WINDOW_SEC, WINDOW_SEC))).toEqual(new Set([null]))
  })
})

describe('a clock', () => {
  test('that is a little behind changes the newest second', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(10))
    history.take('resources', cpu(20), at(8))
    expect(tail(history, 10, 2)).toEqual([null, 20])
  })

  test('that was set back an hour starts afresh', () => {
    const history = createHistory()
    history.take('resources', cpu(10), at(3600))
    history.take('resources', cpu(20), at(0))
    history.take('resources', cpu(30), at(1))
    expect(tail(history, 1, 3)).toEqual([null, 20, 30])
  })
})

describe('many lines', () => {
  test('are listed by group in the order first seen, and picked by label', () => {
    const history = createHistory()
    history.take('indices', ltp('NIFTY', 'BANKNIFTY', 'SENSEX'), at(0))
    history.take('resources', cpu(1), at(0))
    expect(history.labels('ltp')).toEqual(['NIFTY', 'BANKNIFTY', 'SENSEX'])
    const { lines } = history.lines('ltp', ['SENSEX', 'no such'], at(0))
    expect(lines.map(({ label }) => label)).toEqual(['SENSEX'])
  })

  test('are bounded in number; one that was a gap for the whole window makes room', () => {
    const history = createHistory(2)
    history.take('indices', ltp('a', 'b', 'c'), at(0))
    expect(history.labels('ltp')).toEqual(['a', 'b'])
    history.take('indices', ltp('b', 'c'), at(1))
    expect(history.labels('ltp')).toEqual(['a', 'b'])
    history.take('indices', ltp('b', 'c'), at(WINDOW_SEC + 1))
    expect(history.labels('ltp')).toEqual(['b', 'c'])
  })
})
