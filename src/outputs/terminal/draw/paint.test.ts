import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyPanels, anyText } from '../../../../test/terminal/support/panels.js'
import {
  fixture,
  panelsOf,
  resultOf,
  resultOfStatus,
  SETTINGS,
  sceneOf,
} from '../../../../test/terminal/support/scenes.js'
import { makePanel } from '../../../panels/lines.js'
import { startView, type View } from '../keys/view.js'
import { frameText } from './frame.js'
import { Painter } from './paint.js'
import { lineText, lineWidth } from './run.js'
import type { Scene } from './scene.js'

const view = (more: Partial<View> = {}): View => ({ ...startView('dark'), ...more })

function painter(more: Partial<typeof SETTINGS> = {}, onPanelRender?: (panel: string) => void): Painter {
  return new Painter({
    settings: { ...SETTINGS, ...more },
    clockMs: () => 0,
    ...(onPanelRender !== undefined && { onPanelRender }),
  })
}

const text = (scene: Scene, more: Partial<typeof SETTINGS> = {}): string =>
  frameText(painter(more).paint(scene).frame)
const FULL = resultOfStatus(fixture('full'))

const anySettings = fc.record({
  minColumnWidth: fc.option(fc.integer({ min: 8, max: 300 })),
  clip: fc.integer({ min: 8, max: 200 }),
  autoFit: fc.boolean(),
  curated: fc.boolean(),
  hideEmptyBlocks: fc.boolean(),
  widths: fc.dictionary(fc.constantFrom('header', 'alerts', 'links'), fc.integer({ min: 8, max: 1000 })),
  heights: fc.dictionary(fc.constantFrom('header', 'alerts', 'links'), fc.integer({ min: 1, max: 1000 })),
})
const anySize = fc.record({
  width: fc.integer({ min: 0, max: 410 }),
  height: fc.integer({ min: 0, max: 130 }),
})
const anyView = fc.record({
  focus: fc.constantFrom(null, 'header', 'alerts', 'links', 'gone'),
  zoomed: fc.boolean(),
  help: fc.boolean(),
  typing: fc.boolean(),
  paused: fc.boolean(),
  filter: fc.constantFrom('', 'a', '1', 'nothing has this'),
  scroll: fc.dictionary(fc.constantFrom('header', 'alerts'), fc.nat(50)),
})

describe('a frame', () => {
  test('draws a panel whose key is the name of an inherited member like any other', () => {
    const two = (key: string) => [
      makePanel('header', 'Overview', [{ kind: 'text', text: 'one' }]),
      makePanel(key, 'Theirs', [{ kind: 'text', text: 'a\nb\nc' }]),
    ]
    const drawn = (key: string, more: Partial<View>): string =>
      text(sceneOf(resultOf(two(key)), { size: { width: 60, height: 30 }, view: view(more) }))
    for (const key of ['toString', 'valueOf', 'hasOwnProperty']) {
      expect(drawn(key, {})).toBe(drawn('other', {}))
      expect(drawn(key, { focus: key, zoomed: true })).toBe(drawn('other', { focus: 'other', zoomed: true }))
    }
  })
  test('has exactly the size of the screen, whatever the panels, settings and view', () => {
    fc.assert(
      fc.property(anyPanels, anySize, anySettings, anyView, anyText, (panels, size, settings, seen, name) => {
        const scene = sceneOf(resultOf(panels), { size, view: view(seen), sourceName: name, needFull: name })
        const { frame } = painter(settings).paint(scene)
        expect(frame.lines).toHaveLength(size.height)
        for (const line of frame.lines) {
          expect(lineWidth(line)).toBe(size.width)
          for (const part of line) expect(part.text).not.toMatch(/\p{Cc}/u)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('follows every change of size, and back', () => {
    const one = painter()
    const sizes = [
      { width: 200, height: 60 },
      { width: 80, height: 24 },
      { width: 400, height: 120 },
      { width: 20, height: 3 },
      { width: 200, height: 60 },
    ]
    for (const size of sizes) {
      const { frame } = one.paint(sceneOf(FULL, { size }))
      expect(frame.lines.map(lineWidth)).toEqual(Array(size.height).fill(size.width))
    }
  })

  test('has three columns from 260 wide, two from 100, one below', () => {
    const columns = (width: number): number => {
      const { seen } = painter().paint(sceneOf(FULL, { size: { width, height: 60 } }))
      return new Set(seen.spots.filter(spot => spot.height > 1).map(({ x }) => x)).size
    }
    expect([260, 100].map(columns)).toEqual([3, 2])
    // One column, in which small panels stand next to each other.
    expect(columns(99)).toBe(2)
    expect(columns(70)).toBe(1)
  })

  test('says which size it needs when it is too small', () => {
    expect(text(sceneOf(FULL, { size: { width: 36, height: 5 } }))).toContain(
      '36×5 is too small, 40×6 needed',
    )
    expect(text(sceneOf(FULL, { size: { width: 20, height: 5 } }))).toMatch(
      /^20×5 is too small,\n40×6 needed\n/,
    )
    expect(text(sceneOf(FULL, { size: { width: 20, height: 1 } }))).toMatch(/^20×1 is too small/)
  })

  test('names the source it waits for, and why, before the first board', () => {
    const nothing = resultOf([], {
      source: {
        state: 'missing',
        ageSec: null,
        changedAtMs: null,
        error: 'there is no such file',
        tooOld: false,
      },
    })
    const empty = { ...nothing, board: { ...nothing.board, generation: 0 } }
    const shown = text(sceneOf(empty))
    expect(shown).toContain('waiting for data/runtime_status.json')
    expect(shown).toContain('there is no such file')
    expect(shown).toContain('source ■ missing')
  })

  test('shows one panel over the whole body when it is zoomed, and how far it is scrolled', () => {
    const rows = Array.from({ length: 60 }, (_, i) => [{ text: `row ${i}` }])
    const long = makePanel('alerts', 'Alerts', [{ kind: 'table', columns: [{ label: 'Row' }], rows }])
    const scene = sceneOf(resultOf([long]), {
      size: { width: 80, height: 24 },
      view: view({ focus: 'alerts', zoomed: true, scroll: { alerts: 41 } }),
    })
    const { frame, seen } = painter().paint(scene)
    expect(frameText(frame)).toContain('row 59')
    expect(frameText(frame)).not.toContain('row 39')
    expect(frameText(frame)).toContain('42–61 of 61')
    expect(seen.scrollMax.get('alerts')).toBe(41)
  })

  test('says of a table how many rows are not well, also where all are', () => {
    const rows = ['a', 'b'].map(name => [{ text: name }, { text: 'down', tone: 'error' as const }])
    const panel = makePanel('nodes', 'Nodes', [
      { kind: 'fields', items: [{ label: 'count', text: '2', value: 2 }] },
      { kind: 'table', columns: [{ label: 'Name' }, { label: 'State' }], rows },
    ])
    expect(text(sceneOf(resultOf([panel])))).toContain(' 2 of 2 not well ')
  })

  test('counts the rows that a panel does not have among those that are not on the screen', () => {
    const rows = Array.from({ length: 60 }, (_, i) => [{ text: `row ${i}` }])
    const long = makePanel('long', 'Long', [
      { kind: 'table', columns: [{ label: 'Row' }], rows },
      { kind: 'text', text: '440 more rows not shown' },
    ])
    const at = (scroll: number): string => {
      const look = { focus: 'long', zoomed: true, scroll: { long: scroll } }
      const { frame } = painter().paint(
        sceneOf(resultOf([long]), { size: { width: 80, height: 24 }, view: view(look) }),
      )
      return frameText(frame)
    }
    const first = at(0)
    const shown = first.match(/row \d+/g)?.length ?? 0
    expect(first).toContain(` ${500 - shown} more`)
    expect(at(40)).toMatch(/41–6\d of 501/)
    expect(at(60)).toContain('440 more rows not shown')
  })

  test('opens a panel collapsed to a line when it gets the focus', () => {
    const size = { width: 80, height: 24 }
    expect(text(sceneOf(FULL, { size }))).toMatch(/^ {2}(More|Well) .*Links/m)
    expect(text(sceneOf(FULL, { size, view: view({ focus: 'links' }) }))).toMatch(/^━ Links ━/m)
  })

  test('shows only lines that contain the filter, and panels with such lines', () => {
    const shown = text(sceneOf(FULL, { view: view({ filter: 'banknifty' }) }))
    expect(shown).toContain('BANKNIFTY')
    expect(shown).toContain('Indices')
    expect(shown).not.toContain('Resources')
    expect(shown).not.toContain('Queue')
    expect(text(sceneOf(FULL, { view: view({ filter: 'zzz' }) }))).toContain('no line contains zzz')
  })

  test('shows everything again when the filter is cleared', () => {
    const one = painter()
    const shown = (filter: string): string =>
      frameText(one.paint(sceneOf(FULL, { view: view({ filter }) })).frame)
    const before = shown('')
    expect(before).toContain('Memory')
    expect(shown('sensex')).not.toContain('Memory')
    expect(shown('')).toBe(before)
  })

  test('has the need-full badge unless that is turned off', () => {
    const scene = sceneOf(FULL, { needFull: 'gap' })
    expect(text(scene)).toContain('NEED FULL')
    expect(text(scene, { showNeedFull: false })).not.toContain('NEED FULL')
  })

  test('shows every key in the help', () => {
    const shown = text(sceneOf(FULL, { view: view({ help: true }) }))
    for (const key of ['q', 'p', 'tab', 'enter', '/', 'r', 'w', 't', '?', 'ctrl+z'])
      expect(shown).toContain(key)
  })
})

describe('a calm screen', () => {
  const size = { width: 160, height: 50 }
  const lines = (count: number) =>
    panelsOf(fixture('full')).map(panel =>
      panel.key === 'resources'
        ? makePanel(panel.key, panel.title, [
            {
              kind: 'fields',
              items: Array.from({ length: count }, (_, i) => ({ label: `f${i}`, text: 'x' })),
            },
          ])
        : panel,
    )

  test('does not move panels when one of them loses a line and gets it back', () => {
    const one = painter()
    const places = (count: number) => one.paint(sceneOf(resultOf(lines(count)), { size })).seen.spots
    const before = places(6)
    expect(places(5)).toEqual(before)
    expect(places(6)).toEqual(before)
  })

  test('draws only the panels that changed', () => {
    const drawn: string[] = []
    const one = painter({}, panel => drawn.push(panel))
    const first = resultOf(lines(3))
    one.paint(sceneOf(first, { size }))
    drawn.length = 0
    one.paint(sceneOf(first, { size }))
    expect(drawn).toEqual([])
    one.paint(sceneOf(resultOf(lines(4), {}, first.board), { size }))
    expect(drawn).toEqual(['resources'])
  })
})

describe('settings of the layout', () => {
  const size = { width: 200, height: 60 }
  const spot = (key: string, more: Partial<typeof SETTINGS>) =>
    painter(more)
      .paint(sceneOf(FULL, { size }))
      .seen.spots.find(place => place.key === key)

  test('G6_PANEL_W and G6_PANEL_H give a panel that width and height', () => {
    expect(spot('cycle', { widths: { cycle: 90 } })?.width).toBe(90)
    expect(spot('cycle', { heights: { cycle: 5 } })?.height).toBe(5)
    expect(spot('cycle', { heights: { cycle: 1 } })?.height).toBe(1)
  })

  test('G6_PANEL_MIN_COL_W leaves fewer columns rather than narrower ones', () => {
    const widths = (minColumnWidth: number): Set<number> =>
      new Set(
        painter({ minColumnWidth, autoFit: false })
          .paint(sceneOf(FULL, { size }))
          .seen.spots.map(({ width }) => width),
      )
    expect(widths(80)).toEqual(new Set([98]))
    expect(widths(99)).toEqual(new Set([200]))
  })

  test('G6_PANEL_AUTO_FIT=0 makes columns equally wide and panels of a column equally high', () => {
    const { seen } = painter({ autoFit: false }).paint(sceneOf(FULL, { size }))
    expect(new Set(seen.spots.map(({ width }) => width))).toEqual(new Set([98]))
    for (const x of new Set(seen.spots.map(place => place.x))) {
      const heights = seen.spots.filter(place => place.x === x).map(({ height }) => height)
      expect(new Set(heights.slice(0, -1)).size).toBeLessThanOrEqual(1)
    }
  })

  test('G6_PANEL_CLIP clips values with an ellipsis', () => {
    expect(text(sceneOf(FULL, { size }), { clip: 12 })).toContain('data/runtim…')
  })
})

describe('the curated mode', () => {
  test('comes by itself below 24 rows', () => {
    expect(text(sceneOf(FULL, { size: { width: 80, height: 23 } }))).toContain('Data quality ─')
    expect(text(sceneOf(FULL, { size: { width: 80, height: 24 } }))).not.toContain('Data quality ─')
  })

  test('shows what is not well, then its blocks by importance', () => {
    const shown = text(sceneOf(FULL, { size: { width: 120, height: 60 } }), { curated: true })
    const titles = [...shown.matchAll(/^─ (?:[■▲] )?([A-Z][a-z]+(?: [a-z]+)?) ─/gm)].map(match => match[1])
    expect(titles).toEqual([
      'Alerts',
      'Indices',
      'Data quality',
      'Overview',
      'Cycle',
      'Provider',
      'Memory',
      'Heartbeat',
      'Analytics',
    ])
  })

  test('shows provider, data quality, memory and heartbeat on a line each', () => {
    const shown = lineOf(text(sceneOf(FULL, { size: { width: 120, height: 60 } }), { curated: true }))
    expect(shown('Provider')).toBe('Name kite   Latency 66 ms   Auth valid')
    expect(shown('Data quality')).toBe('■ Under 70 1   ▲ Under 85 2   Scored 4')
    expect(shown('Memory')).toBe('Memory 231.5 MB   ◆ Level 1')
    expect(shown('Heartbeat')).toBe('Status 1 s ago   Last change 4 s ago, 14:03:18')
  })
})

/** The line after the heading. */
function lineOf(shown: string): (title: string) => string {
  const lines = shown.split('\n')
  return title =>
    lines[
      lines.findIndex(line => line.includes(`─ ${title} `) || line.includes(` ${title} ─`)) + 1
    ]?.trim() ?? ''
}

test('the text of a line is that of its runs', () => {
  const { frame } = painter().paint(sceneOf(FULL))
  expect(frame.lines.map(lineText).join('\n').replace(/ +$/gm, '')).toBe(frameText(frame))
})
