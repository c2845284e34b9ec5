import { expect, test } from 'vitest'
import { straySettings, undocumentedSettings } from './setting-names.js'

const names = ['G6_A', 'G6_PANEL_W_<NAME>', 'G6_CHAT_RATE']
const stray = (...lines: string[]) =>
  straySettings([{ path: 'docs/a.md', text: lines.join('\n') }], name => names.includes(name), names)

test('every name needs a row of its own', () => {
  expect(undocumentedSettings(['G6_A', 'G6_AB'], '| `G6_A` |')).toEqual(['G6_AB has no row'])
})

test('a word that is not a setting is reported with its place', () => {
  expect(stray('G6_A=1', '`G6_B` and G6_AA')).toEqual([
    'docs/a.md:2 names G6_B, which is not a setting',
    'docs/a.md:2 names G6_AA, which is not a setting',
  ])
})

test('a beginning with a star covers many', () => {
  expect(stray('G6_CHAT_*, G6_PANEL_W_<NAME>, all of G6_*; `G6_…`')).toEqual([])
  expect(stray('G6_CAT_*')).toHaveLength(1)
})

test('historical sections may name removed settings', () => {
  expect(stray('## History', 'G6_GONE')).toEqual([])
})
