import { expect, test } from 'vitest'
import { straySettings, undocumentedSettings } from './setting-names.js'

const names = ['G6_A', 'G6_PANEL_W_<NAME>', 'G6_CHAT_RATE']
const stray = (...lines: string[]) =>
  straySettings([{ path: 'docs/a.md', text: lines.join('\n') }], name => names.includes(name), names)

test('every name has a row, whole', () => {
  expect(undocumentedSettings(['G6_A', 'G6_AB'], '| `G6_A` |')).toEqual(['G6_AB has no row'])
})

test('a word that is no setting is told with its place', () => {
  expect(stray('G6_A=1', '`G6_B` and G6_AA')).toEqual([
    'docs/a.md:2 names G6_B, which is no setting',
    'docs/a.md:2 names G6_AA, which is no setting',
  ])
})

test('a beginning stands for many', () => {
  expect(stray('G6_CHAT_*, G6_PANEL_W_<NAME>, all of G6_*; `G6_…`')).toEqual([])
  expect(stray('G6_CAT_*')).toHaveLength(1)
})

test('the past may name what is gone', () => {
  expect(stray('## History', 'G6_GONE')).toEqual([])
})
