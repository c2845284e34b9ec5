import { describe, expect, test } from 'vitest'
import { makePanel } from '../../../panels/lines.js'
import type { Panel, Tone } from '../../../panels/panel.js'
import { HOLD_MS, ToneOrder } from './tone-order.js'

const panels = (tones: Readonly<Record<string, Tone>>): readonly Panel[] =>
  Object.entries(tones).map(([key, tone]) => makePanel(key, key, [{ kind: 'text', text: 'x', tone }]))

function keys(order: ToneOrder, tones: Readonly<Record<string, Tone>>, nowMs = 0, hasFocus = false): string {
  return order
    .sorted(panels(tones), { nowMs, hasFocus, lastInBars: true })
    .map(({ key }) => key)
    .join(' ')
}

describe('the order of panels', () => {
  test('is alerts that are not well, errors, warnings, then that of the board; what the bars say is last', () => {
    expect(
      keys(new ToneOrder(), { header: 'ok', a: 'ok', b: 'warn', c: 'error', alerts: 'warn', d: 'info' }),
    ).toBe('alerts c b a d header')
    expect(keys(new ToneOrder(), { header: 'error', a: 'ok', alerts: 'muted' })).toBe('header a alerts')
  })

  test('changes at once for the worse, and only after a while for the better', () => {
    const order = new ToneOrder()
    expect(keys(order, { a: 'ok', b: 'ok' }, 0)).toBe('a b')
    expect(keys(order, { a: 'ok', b: 'error' }, 100)).toBe('b a')
    expect(keys(order, { a: 'ok', b: 'ok' }, 200)).toBe('b a')
    expect(keys(order, { a: 'ok', b: 'ok' }, 100 + HOLD_MS)).toBe('a b')
  })

  test('stays while a panel has the focus', () => {
    const order = new ToneOrder()
    expect(keys(order, { a: 'ok', b: 'ok' })).toBe('a b')
    expect(keys(order, { a: 'ok', b: 'error' }, 100, true)).toBe('a b')
    expect(keys(order, { a: 'ok', b: 'error' }, 200)).toBe('b a')
  })
})
