import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RowNeed, shareRows } from './rows.js'

const need = (importance: number, roomy: number, dense: number, more: Partial<RowNeed> = {}): RowNeed => ({
  count: 1,
  importance,
  isNotWell: false,
  isWorst: false,
  isEmpty: false,
  roomy,
  dense,
  fixed: null,
  before: null,
  ...more,
})
const bad = (importance: number, roomy: number, dense: number): RowNeed =>
  need(importance, roomy, dense, { isNotWell: true, isWorst: true })
const warned = (importance: number, roomy: number, dense: number): RowNeed =>
  need(importance, roomy, dense, { isNotWell: true })

const NEEDS = [need(90, 12, 8), need(50, 10, 8), need(70, 10, 6)]
const heights = (needs: readonly RowNeed[], rows: number): number[] =>
  shareRows(needs, rows, true).map(({ height }) => height)
const forms = (needs: readonly RowNeed[], rows: number): string[] =>
  shareRows(needs, rows, true).map(({ form }) => form)

describe('the rows of a column', () => {
  test('fit the content; what is left over stays free', () => {
    expect(heights(NEEDS, 40)).toEqual([12, 10, 10])
    // The blank line of the last panel may be missing.
    expect(heights(NEEDS, 31)).toEqual([12, 10, 10])
  })

  test('become fewer where panels are well, the least important first; each keeps a line as long as it can', () => {
    expect(forms(NEEDS, 30)).toEqual(['roomy', 'dense', 'roomy'])
    expect(forms(NEEDS, 24)).toEqual(['roomy', 'line', 'roomy'])
    expect(forms(NEEDS, 15)).toEqual(['roomy', 'line', 'line'])
    // A part of a long table, where it is worth it.
    expect(shareRows([need(90, 502, 502), need(50, 10, 8)], 20, true)).toEqual([
      { form: 'dense', height: 19 },
      { form: 'line', height: 1 },
    ])
    expect(forms(NEEDS, 3)).toEqual(['line', 'line', 'line'])
    expect(forms(NEEDS, 2)).toEqual(['line', 'shared', 'shared'])
    expect(forms(NEEDS, 1)).toEqual(['shared', 'shared', 'shared'])
  })

  test('belong first to what is not well, whatever its importance', () => {
    expect(forms([need(90, 12, 8), bad(2_035, 10, 8)], 12)).toEqual(['line', 'roomy'])
    expect(forms([need(90, 12, 8), need(80, 9, 8), bad(2_035, 10, 8)], 11)).toEqual([
      'shared',
      'shared',
      'roomy',
    ])
  })

  test('are cut from what is not well only when nothing else has any, warnings before errors', () => {
    const two = [bad(2_090, 10, 10), warned(1_050, 8, 6), need(70, 10, 6)]
    expect(shareRows(two, 17, true)).toEqual([
      { form: 'roomy', height: 10 },
      { form: 'dense', height: 6 },
      { form: 'shared', height: 0 },
    ])
    expect(heights(two, 15)).toEqual([10, 4, 0])
    expect(forms(two, 13)).toEqual(['roomy', 'line', 'shared'])
    expect(heights(two, 8)).toEqual([6, 1, 0])
    expect(forms(two, 1)).toEqual(['shared', 'shared', 'shared'])
  })

  test('stay as they were while a panel is shorter for a moment', () => {
    expect(heights([need(90, 9, 8, { before: 12 }), need(50, 10, 8)], 40)).toEqual([12, 10])
    expect(heights([need(90, 9, 8, { before: 12 }), need(50, 10, 8)], 20)).toEqual([9, 10])
  })

  test('are one for a panel with nothing to show', () => {
    expect(forms([need(90, 3, 3, { isEmpty: true }), need(50, 10, 8)], 40)).toEqual(['line', 'roomy'])
  })

  test('follow the settings', () => {
    expect(heights([need(90, 12, 8, { fixed: 5 }), need(50, 10, 8)], 40)).toEqual([5, 10])
    expect(forms([need(90, 12, 8, { fixed: 1 }), need(50, 10, 8)], 40)).toEqual(['line', 'roomy'])
    expect(shareRows([need(90, 12, 8), need(50, 10, 8)], 40, false).map(({ height }) => height)).toEqual([
      20, 20,
    ])
  })

  test('never exceed the column, and give what is not well no less than what is well', () => {
    const anyNeed = fc
      .record({
        count: fc.constantFrom(1, 2),
        importance: fc.nat(100),
        isNotWell: fc.boolean(),
        isEmpty: fc.boolean(),
        dense: fc.integer({ min: 3, max: 40 }),
        more: fc.nat(20),
        fixed: fc.option(fc.integer({ min: 1, max: 200 })),
        before: fc.option(fc.integer({ min: 3, max: 60 })),
      })
      .map(({ dense, more, ...rest }) => ({ ...rest, isWorst: rest.isNotWell, dense, roomy: dense + more }))
    fc.assert(
      fc.property(fc.array(anyNeed, { maxLength: 12 }), fc.nat(120), fc.boolean(), (needs, rows, autoFit) => {
        const shared = shareRows(needs, rows, autoFit)
        expect(shared.reduce((sum, { height }) => sum + height, 0)).toBeLessThanOrEqual(rows + 1)
        const isFree = needs.every(({ fixed }) => fixed === null) && autoFit
        const isCut = shared.some(
          ({ form }, i) => needs[i]?.isNotWell && !needs[i]?.isEmpty && form !== 'roomy',
        )
        if (!isFree || !isCut) return
        shared.forEach(({ form }, i) => {
          if (!needs[i]?.isNotWell) expect(form).toBe('shared')
        })
      }),
    )
  })
})
