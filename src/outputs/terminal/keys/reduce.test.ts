import { describe, expect, test } from 'vitest'
import type { Key, KeyName } from './key.js'
import { type Effect, reduceKey, type Seen } from './reduce.js'
import { startView, type View } from './view.js'

// a c
// b d
const SEEN: Seen = {
  spots: [
    { key: 'a', x: 0, y: 0, width: 40, height: 10 },
    { key: 'b', x: 0, y: 10, width: 40, height: 10 },
    { key: 'c', x: 40, y: 0, width: 40, height: 12 },
    { key: 'd', x: 40, y: 12, width: 40, height: 8 },
  ],
  scrollMax: new Map([
    ['a', 20],
    ['b', 0],
  ]),
  pageRows: 8,
}
const NAMES: ReadonlySet<string> = new Set<KeyName>([
  'up',
  'down',
  'left',
  'right',
  'home',
  'end',
  'pageup',
  'pagedown',
  'tab',
  'backtab',
  'enter',
  'escape',
  'backspace',
  'interrupt',
  'suspend',
  'redraw',
  'erase',
])
const keyOf = (word: string): Key => {
  if (word === 'wheelup' || word === 'wheeldown') {
    return { kind: 'wheel', direction: word === 'wheelup' ? 'up' : 'down' }
  }
  return NAMES.has(word) ? { kind: 'named', name: word as KeyName } : { kind: 'char', char: word }
}

/** The view after these keys, and every effect on the way. */
function pressing(words: string, from: Partial<View> = {}): { view: View; effects: Effect[] } {
  let view: View = { ...startView('dark'), ...from }
  const effects: Effect[] = []
  for (const word of words.split(' ')) {
    const step = reduceKey(view, word === 'space' ? { kind: 'char', char: ' ' } : keyOf(word), SEEN)
    view = step.view
    if (step.effect !== null) effects.push(step.effect)
  }
  return { view, effects }
}

describe('the focus', () => {
  test('moves through the panels in order with tab, and wraps around', () => {
    expect(pressing('tab').view.focus).toBe('a')
    expect(pressing('tab tab tab tab').view.focus).toBe('d')
    expect(pressing('tab tab tab tab tab').view.focus).toBe('a')
    expect(pressing('backtab').view.focus).toBe('d')
  })

  test('moves with the arrows to the panel on that side', () => {
    expect(pressing('down', { focus: 'a' }).view.focus).toBe('b')
    expect(pressing('right', { focus: 'b' }).view.focus).toBe('d')
    expect(pressing('up', { focus: 'd' }).view.focus).toBe('c')
    expect(pressing('left', { focus: 'c' }).view.focus).toBe('a')
    expect(pressing('l j h k', { focus: 'a' }).view.focus).toBe('a')
  })

  test('stays where there is nothing on that side', () => {
    expect(pressing('down', { focus: 'b' }).view.focus).toBe('b')
    expect(pressing('left', { focus: 'a' }).view.focus).toBe('a')
    expect(pressing('right', { focus: 'd' }).view.focus).toBe('d')
  })

  test('begins at the first panel with any arrow, or with enter', () => {
    expect(pressing('down').view.focus).toBe('a')
    expect(pressing('enter').view).toMatchObject({ focus: 'a', zoomed: false })
  })
})

describe('the full screen', () => {
  test('is one panel, with enter and back', () => {
    expect(pressing('tab enter').view).toMatchObject({ focus: 'a', zoomed: true })
    expect(pressing('tab enter enter').view.zoomed).toBe(false)
    expect(pressing('tab enter escape').view).toMatchObject({ focus: 'a', zoomed: false })
  })

  test('scrolls within what there is', () => {
    const zoomed = { focus: 'a', zoomed: true }
    expect(pressing('down down j', zoomed).view.scroll).toEqual({ a: 3 })
    expect(pressing('down up up', zoomed).view.scroll).toEqual({ a: 0 })
    expect(pressing('pagedown', zoomed).view.scroll).toEqual({ a: 8 })
    expect(pressing('end', zoomed).view.scroll).toEqual({ a: 20 })
    expect(pressing('end pagedown', zoomed).view.scroll).toEqual({ a: 20 })
    expect(pressing('G g', zoomed).view.scroll).toEqual({ a: 0 })
  })

  test('moves to the next panel with tab and the side arrows', () => {
    expect(pressing('tab', { focus: 'a', zoomed: true }).view).toMatchObject({ focus: 'b', zoomed: true })
    expect(pressing('left', { focus: 'a', zoomed: true }).view).toMatchObject({ focus: 'd', zoomed: true })
  })
})

describe('the wheel', () => {
  test('scrolls the focused panel, also next to others', () => {
    expect(pressing('wheeldown wheeldown wheelup', { focus: 'a' }).view.scroll).toEqual({ a: 3 })
  })

  test('does nothing without a focus', () => {
    expect(pressing('wheeldown').view).toEqual(startView('dark'))
  })
})

describe('the filter', () => {
  test('takes every character typed, also those that are keys elsewhere', () => {
    expect(pressing('/ q p space ? enter').view).toMatchObject({
      filter: 'qp ?',
      typing: false,
      paused: false,
    })
    expect(pressing('/ q').effects).toEqual([])
  })

  test('is corrected and cleared while typing', () => {
    expect(pressing('/ a b backspace').view.filter).toBe('a')
    expect(pressing('/ a b erase c').view.filter).toBe('c')
    expect(pressing('/ a escape').view).toMatchObject({ filter: '', typing: false })
  })

  test('is cleared by escape afterwards, before the focus', () => {
    const view = pressing('/ x enter escape', { focus: 'a' }).view
    expect(view).toMatchObject({ filter: '', focus: 'a' })
    expect(pressing('escape', { focus: 'a' }).view.focus).toBeNull()
  })

  test('is bounded', () => {
    expect(pressing('/ '.concat('x '.repeat(200)).trim()).view.filter).toHaveLength(60)
  })
})

describe('the other keys', () => {
  test('p and space pause and go on', () => {
    expect(pressing('p').view.paused).toBe(true)
    expect(pressing('space').view.paused).toBe(true)
    expect(pressing('p space').view.paused).toBe(false)
  })

  test('t changes the theme', () => {
    expect(pressing('t').view.theme).toBe('light')
    expect(pressing('t t').view.theme).toBe('dark')
  })

  test('q and ctrl+c quit, r reads, w writes, ctrl+z suspends, ctrl+l redraws', () => {
    expect(pressing('q interrupt r w suspend redraw').effects).toEqual([
      'quit',
      'quit',
      'read',
      'write',
      'suspend',
      'redraw',
    ])
  })

  test('ctrl+c quits and ctrl+z suspends also from the help and the filter', () => {
    expect(pressing('? interrupt').effects).toEqual(['quit'])
    expect(pressing('/ suspend').effects).toEqual(['suspend'])
  })

  test('unknown ones do nothing', () => {
    expect(pressing('x Z 5')).toEqual({ view: startView('dark'), effects: [] })
  })
})

describe('the help', () => {
  test('opens with ? and closes with ?, esc and q, and q does not quit then', () => {
    expect(pressing('?').view.help).toBe(true)
    for (const close of ['?', 'escape', 'q']) {
      expect(pressing(`? ${close}`)).toMatchObject({ view: { help: false }, effects: [] })
    }
  })

  test('ignores every other key', () => {
    expect(pressing('? p tab t').view).toMatchObject({
      help: true,
      paused: false,
      focus: null,
      theme: 'dark',
    })
  })
})
