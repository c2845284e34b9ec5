// Panels of every shape for property tests: all kinds of blocks, wide and combining characters, empty ones.
import fc from 'fast-check'
import { makePanel } from '../../../src/panels/lines.js'
import { type Block, type Cell, type Panel, TONES } from '../../../src/panels/panel.js'
import { shownText } from '../../../src/panels/text.js'

const WIDE = ['日本語', '한국', '✅ done', '👩‍👩‍👧', '🇮🇳', 'é', '⚠️', 'नमस्ते', '—', 'x']

/** Text as builders let it into a panel. */
export const anyText: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 3, arbitrary: fc.string({ maxLength: 30 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom(...WIDE), { maxLength: 8 }).map(parts => parts.join(' ')),
    },
    { weight: 1, arbitrary: fc.integer().map(String) },
  )
  .map(text => shownText(text))

const tone = fc.option(fc.constantFrom(...TONES), { nil: undefined })

const cell: fc.Arbitrary<Cell> = fc
  .record({ text: anyText, tone })
  .map(({ text, tone }) => (tone === undefined ? { text } : { text, tone }))

const fieldsBlock: fc.Arbitrary<Block> = fc
  .array(fc.tuple(anyText, cell), { maxLength: 8 })
  .map(items => ({ kind: 'fields', items: items.map(([label, value]) => ({ label, ...value })) }))

const tableBlock: fc.Arbitrary<Block> = fc.integer({ min: 1, max: 6 }).chain(count =>
  fc.record({
    kind: fc.constant('table' as const),
    columns: fc.array(
      fc.record({
        label: anyText,
        align: fc.constantFrom('left' as const, 'right' as const),
        priority: fc.integer({ min: 0, max: 100 }),
      }),
      { minLength: count, maxLength: count },
    ),
    rows: fc.array(fc.array(cell, { minLength: count, maxLength: count }), { maxLength: 12 }),
  }),
)

const textBlock: fc.Arbitrary<Block> = cell.map(value => ({ kind: 'text', ...value }))

export const anyBlock: fc.Arbitrary<Block> = fc.oneof(fieldsBlock, tableBlock, textBlock)

const KEYS = [
  'header',
  'cycle',
  'indices',
  'analytics',
  'alerts',
  'resources',
  'storage',
  'perfstore',
  'links',
  'toString',
  'other',
]

/** Some of the known panels, in order, with any content. */
export const anyPanels: fc.Arbitrary<readonly Panel[]> = fc
  .subarray(KEYS, { minLength: 1 })
  .chain(keys =>
    fc.tuple(
      ...keys.map(key =>
        fc
          .tuple(anyText, fc.array(anyBlock, { maxLength: 4 }))
          .map(([title, blocks]) => makePanel(key, title, blocks)),
      ),
    ),
  )
