import { expect, test } from 'vitest'
import { filtered } from './filter.js'
import { LEVELS, type ListedAlert } from './read-alerts.js'

const alert = (level: ListedAlert['level'], component: string, message: string): ListedAlert => ({
  atMs: 1,
  time: '10:00:00',
  level,
  component,
  message,
  times: 1,
})
const ALERTS = [
  alert('critical', 'Provider', 'Kite does not answer'),
  alert('warn', 'Provider', 'kite answered in 700 ms'),
  alert('info', 'Storage', 'InfluxDB has caught up'),
]
const ALL = new Set(LEVELS)

test.each([
  ['', 3],
  ['  ', 3],
  ['KITE', 2],
  ['provider 700', 1],
  ['700 provider', 1],
  ['critical', 1],
  ['10:00', 3],
  ['kite influx', 0],
  ['.*', 0],
])('the words %j leave %i', (text, left) => {
  expect(filtered(ALERTS, { levels: ALL, text })).toHaveLength(left)
})

test('levels that are off are left out, and both filters apply', () => {
  expect(filtered(ALERTS, { levels: new Set(['warn', 'info']), text: '' })).toHaveLength(2)
  expect(filtered(ALERTS, { levels: new Set(['warn', 'info']), text: 'kite' })).toEqual([ALERTS[1]])
  expect(filtered(ALERTS, { levels: new Set(), text: '' })).toEqual([])
})
