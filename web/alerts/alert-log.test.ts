import { describe, expect, test } from 'vitest'
import {
  type AlertLog,
  acknowledged,
  EMPTY_LOG,
  MAX_KEPT,
  newestMs,
  waiting,
  withListed,
} from './alert-log.js'
import type { ListedAlert } from './read-alerts.js'

const alert = (sec: number | null, message = 'm', more: Partial<ListedAlert> = {}): ListedAlert => ({
  atMs: sec === null ? null : sec * 1000,
  time: String(sec),
  level: 'warn',
  component: 'c',
  message,
  times: 1,
  ...more,
})
const logOf = (...lists: ListedAlert[][]): AlertLog =>
  lists.reduce((log, list) => withListed(log, list), EMPTY_LOG)
const shown = (log: AlertLog): unknown =>
  log.alerts.map(({ atMs, message, listed }) => [atMs === null ? null : atMs / 1000, message, listed])
const news = (log: AlertLog): unknown => log.fresh.map(({ message }) => message)

describe('the first list', () => {
  test('is the initial state: nothing in it is new, and nothing is acknowledged', () => {
    const log = logOf([alert(2, 'b'), alert(1, 'a')])
    expect(news(log)).toEqual([])
    expect(waiting(log)).toEqual({ all: 2, critical: 0 })
  })

  test('is acknowledged up to the time seen before; later alerts are not, whatever their time', () => {
    const seen = newestMs(logOf([alert(null, 'c'), alert(2, 'b'), alert(1, 'a')]))
    const log = withListed(EMPTY_LOG, [alert(3, 'd'), alert(2, 'b'), alert(1, 'a')], seen)
    expect(waiting(log).all).toBe(1)
    expect(waiting(withListed(log, [alert(1, 'late')], seen)).all).toBe(1)
  })
})

describe('an alert', () => {
  test('that was not listed before is new', () => {
    const log = logOf([alert(1, 'a')], [alert(2, 'b'), alert(1, 'a')])
    expect(news(log)).toEqual(['b'])
    expect(news(withListed(log, [alert(2, 'b'), alert(1, 'a')]))).toEqual([])
  })

  test('that comes again within a minute is the same one at its newest time', () => {
    const log = logOf([], [alert(10)], [alert(70, 'm', { times: 2 })])
    expect(news(log)).toEqual([])
    expect(log.alerts).toEqual([expect.objectContaining({ atMs: 70_000, times: 2, listed: true })])
  })

  test('that comes again later is another', () => {
    const log = logOf([], [alert(10)], [alert(71)])
    expect(news(log)).toEqual(['m'])
    expect(shown(log)).toEqual([
      [71, 'm', true],
      [10, 'm', false],
    ])
  })

  test('that keeps coming every 30 s is new once, though the panel moves all its groups', () => {
    const log = logOf([], [alert(1000), alert(910)], [alert(1030), alert(940)], [alert(1060), alert(970)])
    expect(log.alerts).toHaveLength(2)
    expect(news(log)).toEqual([])
  })

  test('that becomes worse is new again, though it was acknowledged', () => {
    const log = withListed(acknowledged(logOf([alert(1)])), [alert(1, 'm', { level: 'critical' })])
    expect(news(log)).toEqual(['m'])
    expect(waiting(log)).toEqual({ all: 1, critical: 1 })
  })

  test('that becomes less bad stays acknowledged', () => {
    const log = withListed(acknowledged(logOf([alert(1)])), [alert(1, 'm', { level: 'info' })])
    expect(news(log)).toEqual([])
    expect(waiting(log).all).toBe(0)
  })

  test('without a time is the same as one of the same text without a time', () => {
    expect(news(logOf([], [alert(null)], [alert(null)]))).toEqual([])
    expect(news(logOf([], [alert(null)], [alert(5)]))).toEqual(['m'])
  })

  test('that is no longer listed stays, marked, and needs no acknowledgement', () => {
    const log = logOf([alert(1, 'a')], [alert(2, 'b')])
    expect(shown(log)).toEqual([
      [2, 'b', true],
      [1, 'a', false],
    ])
    expect(waiting(log).all).toBe(1)
  })

  test('that is listed twice is two', () => {
    expect(logOf([alert(200), alert(100)], [alert(200), alert(100)]).alerts).toHaveLength(2)
  })
})

describe('alerts', () => {
  test('are newest first; of one moment in the order of the panel; without a time last', () => {
    const log = logOf(
      [alert(1, 'old')],
      [alert(5, 'x'), alert(5, 'y'), alert(1, 'old'), alert(null, 'never')],
    )
    expect(log.alerts.map(({ message }) => message)).toEqual(['x', 'y', 'old', 'never'])
  })

  test('are bounded in number: the oldest are dropped', () => {
    let log = EMPTY_LOG
    for (let sec = 0; sec < MAX_KEPT + 50; sec++) log = withListed(log, [alert(sec, `m${sec}`)])
    expect(log.alerts).toHaveLength(MAX_KEPT)
    expect(log.alerts.at(-1)?.message).toBe('m50')
    expect(new Set(log.alerts.map(({ id }) => id)).size).toBe(MAX_KEPT)
  })

  test('once acknowledged are not counted until another comes', () => {
    const log = acknowledged(logOf([alert(2, 'b', { level: 'critical' }), alert(1, 'a')]))
    expect(waiting(log)).toEqual({ all: 0, critical: 0 })
    expect(waiting(withListed(log, [alert(3, 'c'), alert(2, 'b', { level: 'critical' })]))).toEqual({
      all: 1,
      critical: 0,
    })
  })
})
