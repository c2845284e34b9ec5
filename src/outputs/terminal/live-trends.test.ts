import { expect, test } from 'vitest'
import { NOW_MS, resultOf } from '../../../test/terminal/support/scenes.js'
import { makePanel } from '../../panels/lines.js'
import { LiveTrends } from './live-trends.js'

const SEC = Math.floor(NOW_MS / 1000)
const box = (n: number) =>
  makePanel('box', 'Box', [{ kind: 'fields', items: [{ label: 'N', text: `${n}`, value: n, fact: 'n' }] }], {
    n,
  })

test('trends go on from what a followed server remembers, also when it comes after they were drawn', () => {
  const trends = new LiveTrends()
  trends.take(resultOf([box(9)]), NOW_MS)
  expect(trends.at(NOW_MS).has('box.n')).toBe(false)
  const values = Array.from({ length: 90 }, (_, i) => i)
  const past = {
    from: (SEC - 89 * 5) * 1000,
    to: NOW_MS,
    step_sec: 5,
    since: 0,
    series: [{ id: 'box.n', values }],
  }
  trends.fill(past, NOW_MS)
  const filled = trends.at(NOW_MS)
  expect(filled.has('box.n')).toBe(true)
  expect(filled.knownSec('box.n')).toBe(446)
  expect(
    filled
      .points('box.n', 900, 15)
      .slice(-8)
      .every(point => point !== null),
  ).toBe(true)
})
