import { expect, test } from 'vitest'
import { followUp, MAX_FOLLOW_UPS, withFollowUp } from './followups.js'

const NOW_MS = 1_700_000_000_000

test('members of the event have precedence over those of the alert inside it', () => {
  const alert = {
    ts: 1,
    type: 'inner',
    index: 'BANKNIFTY',
    severity: 'info',
    message: 'inside',
    component: 'c',
  }
  const event = { ts: 2, type: 'drift', index: 'NIFTY', severity: 'CRITICAL', message: 'outside', alert }
  expect(followUp(event, NOW_MS)).toEqual({
    time: 2,
    level: 'critical',
    component: 'drift NIFTY',
    message: 'outside',
  })
})

test('members that the event lacks come from the alert', () => {
  const alert = { ts: '2025-01-31T08:33:22Z', type: 'drift', index: 'NIFTY', level: 'WARN', message: 'm' }
  expect(followUp({ alert }, NOW_MS)).toEqual({
    time: '2025-01-31T08:33:22Z',
    level: 'warn',
    component: 'drift NIFTY',
    message: 'm',
  })
  expect(followUp({ alert: { ts: 5, severity: 'error', level: 'warn', component: 'c' } }, NOW_MS)).toEqual({
    time: 5,
    level: 'error',
    component: 'c',
    message: '',
  })
})

test('without valid members the alert has the time of arrival, level info and component followup', () => {
  const plain = { time: NOW_MS / 1000, level: 'info', component: 'followup', message: '' }
  expect(followUp({}, NOW_MS)).toEqual(plain)
  const alert = { ts: {}, type: 7, index: '', severity: [], level: null, component: false, message: 1 }
  expect(followUp({ alert }, NOW_MS)).toEqual(plain)
})

test('one part of the component is enough', () => {
  expect(followUp({ type: 'drift' }, NOW_MS).component).toBe('drift')
  expect(followUp({ alert: { index: 'NIFTY' } }, NOW_MS).component).toBe('NIFTY')
})

test('the newest come first, up to the limit', () => {
  const made = Array.from({ length: MAX_FOLLOW_UPS + 2 }, (_, i) => followUp({ message: `m${i}` }, NOW_MS))
  const kept = made.reduce(withFollowUp, [])
  expect(kept).toHaveLength(MAX_FOLLOW_UPS)
  expect([kept.at(0)?.message, kept.at(-1)?.message]).toEqual([`m${MAX_FOLLOW_UPS + 1}`, 'm2'])
})
