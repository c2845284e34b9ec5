import { describe, expect, test } from 'vitest'
import { readAlerts } from './read-alerts.js'

const item = (more: object = {}) => ({
  at_ms: 1_800_000_000_000,
  time: '10:00:01',
  level: 'warn',
  component: 'Provider',
  message: 'slow',
  times: 1,
  ...more,
})

describe('the facts of the alerts panel', () => {
  test('give its alerts in its order', () => {
    const items = [item(), item({ level: 'critical', message: 'down', times: 12 })]
    expect(readAlerts({ total: 2, items })).toEqual([
      {
        atMs: 1_800_000_000_000,
        time: '10:00:01',
        level: 'warn',
        component: 'Provider',
        message: 'slow',
        times: 1,
      },
      expect.objectContaining({ level: 'critical', message: 'down', times: 12 }),
    ])
  })

  test('have alerts of which nothing but the message is known', () => {
    expect(readAlerts({ items: [{ message: 'slow' }] })).toEqual([
      { atMs: null, time: '—', level: 'info', component: '—', message: 'slow', times: 1 },
    ])
  })

  test('of another shape have no alerts', () => {
    for (const facts of [undefined, {}, { items: 5 }, { items: { 0: item() } }, { items: [5, null, {}] }])
      expect(readAlerts(facts)).toEqual([])
  })
})
