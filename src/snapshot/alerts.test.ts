import { describe, expect, test } from 'vitest'
import { alertLevel, MAX_ALERTS } from './alerts.js'
import { derive } from './derive.js'

const at = (second: number) => Date.UTC(2025, 10, 20, 5, 0, second)
const iso = (second: number) => new Date(at(second)).toISOString()

describe('the level of an alert', () => {
  test.each([
    [
      'critical',
      ['critical', 'CRITICAL', 'crit', 'fatal', 'error', 'Err', 'emergency', 'emerg', 'alert', 'panic'],
    ],
    ['warn', ['warn', 'WARNING', 'Warn']],
    ['info', ['info', 'notice', 'debug', 'ok', 'anything']],
  ])('is folded to %s', (level, words) => {
    expect(words.map(alertLevel)).toEqual(words.map(() => level))
  })

  test('is info when there is no level', () => {
    expect(alertLevel(null)).toBe('info')
  })
})

describe('alerts', () => {
  test('are read from every spelling of their members', () => {
    const read = derive({
      alerts: [
        { time: iso(3), level: 'WARN', component: 'dq', message: 'a' },
        { timestamp: iso(2), severity: 'fatal', source: 'loop', message: 'b' },
        { ts: at(1) / 1000, message: 'c' },
      ],
    }).alerts
    expect(read.items).toEqual([
      { atMs: at(3), level: 'warn', component: 'dq', message: 'a' },
      { atMs: at(2), level: 'critical', component: 'loop', message: 'b' },
      { atMs: at(1), level: 'info', component: null, message: 'c' },
    ])
    expect(read.total).toBe(3)
    expect(read.bySeverity).toEqual({ critical: 1, warn: 1, info: 1 })
  })

  test('prefer time to timestamp to ts, level to severity, component to source', () => {
    const [item] = derive({
      alerts: [
        {
          time: iso(1),
          timestamp: iso(2),
          ts: iso(3),
          level: 'warn',
          severity: 'critical',
          component: 'c',
          source: 's',
          message: 'm',
        },
      ],
    }).alerts.items
    expect(item).toEqual({ atMs: at(1), level: 'warn', component: 'c', message: 'm' })
  })

  test('are newest first; those without a time come last, as given', () => {
    const { items } = derive({
      alerts: [{ message: 'x' }, { time: iso(1), message: 'old' }, 'y', { time: iso(2), message: 'new' }],
    }).alerts
    expect(items.map(item => item.message)).toEqual(['new', 'old', 'x', 'y'])
  })

  test('come from alerts, then events, then follow-ups; equal ones are taken once', () => {
    const same = { time: iso(3), level: 'warn', component: 'dq', message: 'same' }
    const snapshot = derive({ alerts: [same, same], events: [same, { time: iso(2), message: 'event' }] }, [
      { time: iso(1), message: 'follow-up' },
    ])
    expect(snapshot.alerts.items.map(item => item.message)).toEqual(['same', 'same', 'event', 'follow-up'])
    expect(snapshot.alerts.total).toBe(4)
    expect(snapshot.origins['alerts.items']).toBe('alerts, events, follow-ups')
  })

  test('come from events when alerts only has counts, whose total and severities stand', () => {
    const { items, total, bySeverity } = derive({
      alerts: { total: 9, severity_counts: { critical: 4 } },
      events: [{ message: 'one' }],
    }).alerts
    expect(items).toHaveLength(1)
    expect(total).toBe(9)
    expect(bySeverity).toEqual({ critical: 4 })
  })

  test('of another shape are neither kept nor counted', () => {
    const { items, total } = derive({ alerts: [null, 3, true, '', [], { message: 'real' }, 'text'] }).alerts
    expect(items.map(item => item.message)).toEqual(['real', 'text'])
    expect(total).toBe(2)
  })

  test('beyond the limit are counted, and the newest are kept', () => {
    const alerts = Array.from({ length: MAX_ALERTS + 10 }, (_, i) => ({ ts: i, message: `${i}` }))
    const read = derive({ alerts }).alerts
    expect(read.items).toHaveLength(MAX_ALERTS)
    expect(read.items[0]?.message).toBe(`${MAX_ALERTS + 9}`)
    expect(read.total).toBe(MAX_ALERTS + 10)
    expect(read.bySeverity.info).toBe(MAX_ALERTS + 10)
  })

  test('are unknown, not zero, when the status has no list; an empty list is zero', () => {
    expect(derive({}).alerts).toEqual({ items: [], total: null, bySeverity: {} })
    expect(derive({ alerts: [] }).alerts.total).toBe(0)
  })

  test('do not reorder the given list', () => {
    const alerts = [
      { ts: 1, message: 'old' },
      { ts: 2, message: 'new' },
    ]
    derive({ alerts })
    expect(alerts[0]?.message).toBe('old')
  })
})

describe('counts by severity', () => {
  const counts = (given: unknown) => derive({ alerts: { severity_counts: given } }).alerts.bySeverity

  test('are folded by spelling, and other names are kept', () => {
    expect(counts({ CRITICAL: 1, crit: 1, warning: 2, warn: 1, error: 3, Custom: 4 })).toEqual({
      critical: 2,
      warn: 3,
      error: 3,
      custom: 4,
    })
  })

  test('keep zero and drop values that are not numbers, and bad names', () => {
    const given = JSON.parse('{"critical": 0, "warn": "two", "info": true, "__proto__": 5, " ": 1}')
    expect(counts(given)).toEqual({ critical: 0 })
  })

  test('are bounded', () => {
    const given = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`s${i}`, i]))
    expect(Object.keys(counts(given))).toHaveLength(20)
  })
})
