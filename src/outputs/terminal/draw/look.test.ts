// What a person sees on the whole screen, whatever is on it.
import { describe, expect, test } from 'vitest'
import {
  fixture,
  NOW_MS,
  panelsOf,
  resultOf,
  resultOfStatus,
  SETTINGS,
  sceneOf,
} from '../../../../test/terminal/support/scenes.js'
import type { CycleResult, StatusState } from '../../../engine/cycle.js'
import { sourceRemarks } from '../../../engine/source-words.js'
import { makePanel } from '../../../panels/lines.js'
import type { Panel } from '../../../panels/panel.js'
import type { Verdict } from '../../../protocol/events.js'
import type { Status } from '../../../snapshot/reading.js'
import { startView } from '../keys/view.js'
import type { Size } from '../layout/layout.js'
import { LiveTrends } from '../live-trends.js'
import { wholeFrame } from '../write/frame-diff.js'
import { looksOf } from '../write/sgr.js'
import { type Frame, frameText } from './frame.js'
import { Painter } from './paint.js'
import type { Role } from './run.js'
import type { Trends } from './trends.js'
import { NO_TRENDS } from './trends.js'

const SIZES: readonly Size[] = [
  { width: 40, height: 10 },
  { width: 80, height: 24 },
  { width: 120, height: 40 },
  { width: 200, height: 60 },
]
const MESSAGE =
  'no quotes for 30 s: the sign-in of the provider has expired, and every index keeps its last values until somebody signs in again'

// Built from text, so that the pattern has no control character.
const CSI = '\u001b\\['
const REVERSE = new RegExp(`${CSI}0;(?:\\d+;)*7(?:;\\d+)*m`, 'g')
const LOOKS = new RegExp(`${CSI}[\\d;]*m`, 'g')

/** The full fixture as if it were written now. */
function statusNow(more: Status = {}): Status {
  const shift = NOW_MS - 2_000 - Date.parse('2025-11-20T05:10:31.412Z')
  const moved = JSON.stringify(fixture('full')).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, at =>
    new Date(Date.parse(at) + shift).toISOString(),
  )
  return { ...(JSON.parse(moved) as Status), ...more }
}

const FAILING = statusNow({
  alerts: [
    {
      time: new Date(NOW_MS - 60_000).toISOString(),
      level: 'critical',
      component: 'provider',
      message: MESSAGE,
    },
    { time: new Date(NOW_MS - 90_000).toISOString(), level: 'info', component: 'backup', message: 'done' },
  ],
})

function judged(status: Status, word: Verdict['word'], state: StatusState = 'fresh'): CycleResult {
  const source = { state, ageSec: 207, changedAtMs: NOW_MS - 207_000, error: null, tooOld: false }
  const result = resultOfStatus(status, state === 'fresh' ? {} : { source })
  const reasons =
    state === 'fresh' ? ['Provider: down'] : sourceRemarks(source, SETTINGS.timezone).map(({ text }) => text)
  return { ...result, board: { ...result.board, verdict: { word, reasons } } }
}

function frame(result: CycleResult, size: Size, trends: Trends = NO_TRENDS, utf8 = true): Frame {
  return new Painter({ settings: SETTINGS, clockMs: () => 0, utf8 }).paint(sceneOf(result, { size, trends }))
    .frame
}

const rolesOf = ({ lines }: Frame): Role[] =>
  lines.flatMap(line => line.filter(({ text }) => text.trim() !== '').map(({ role }) => role))

/** A quarter of an hour of prices that move, up to a moment. */
function trendsUntil(endMs: number): LiveTrends {
  const trends = new LiveTrends()
  const wave = (s: number) =>
    Object.fromEntries(
      ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'].map((name, i) => [
        name,
        { ltp: 20_000 + 100 * i + 40 * Math.sin((s + 90 * i) / 120) },
      ]),
    )
  for (let s = 900; s > 0; s -= 5) {
    const panels = panelsOf(FAILING).map(
      (panel): Panel => (panel.key === 'indices' ? { ...panel, facts: wave(s) } : panel),
    )
    trends.take(resultOf(panels), endMs - s * 1000)
  }
  return trends
}

describe('every screen', () => {
  test.each(SIZES.slice(1))('of $width×$height has the whole critical alert', size => {
    // The lines of the column on the left, joined.
    const left = frameText(frame(judged(FAILING, 'failing'), size))
      .split('\n')
      .map(line => (size.width < 100 ? line : line.slice(0, Math.floor((size.width - 4) * 0.6))).trim())
    expect(left.join(' ').replace(/\s+/g, ' ')).toContain(MESSAGE)
  })

  test.each(SIZES)('of $width×$height begins with the verdict, and nothing but its word is reverse', size => {
    for (const [word, begins] of [
      ['failing', ' ■ FAILING '],
      ['attention', ' ▲ ATTENTION '],
      ['unknown', ' ○ Unknown'],
      ['healthy', ' ● Healthy'],
    ] as const) {
      const of = frame(judged(FAILING, word), size)
      expect(frameText(of).startsWith(begins)).toBe(true)
      const solid = rolesOf(of).filter(role => role === 'failing' || role === 'attention')
      expect(solid).toEqual(word === 'failing' || word === 'attention' ? [word] : [])
      const output = wholeFrame(of, { looks: looksOf('dark', 1), utf8: true })
      const reversed = output.match(REVERSE) ?? []
      expect(reversed).toHaveLength(solid.length)
    }
  })

  test.each(SIZES)('of $width×$height holds no tone and no age while the status is stale', size => {
    const of = frame(judged(FAILING, 'attention', 'stale'), size)
    const toned = rolesOf(of).filter(role =>
      ['ok', 'info', 'warn', 'error', 'warnRule', 'errorRule'].includes(role),
    )
    expect(toned).toEqual([])
    expect(frameText(of)).toContain('no longer judged')
    if (size.width >= 80) expect(frameText(of).match(/^ {2}[A-Z]+ .*\d +—(?= {4}|$)/gm)).toHaveLength(4)
  })

  test.each(SIZES)('of $width×$height is ASCII without UTF-8', size => {
    const of = frame(judged(FAILING, 'failing'), size, trendsUntil(NOW_MS).at(NOW_MS), false)
    const output = wholeFrame(of, { looks: looksOf('dark', 24), utf8: false })
    expect([...output].filter(char => char.charCodeAt(0) > 126)).toEqual([])
    // Nothing lacks a counterpart: `?` shows the verdict "unknown" and the key of the help alone.
    expect(output.replaceAll('? help', '').replace(LOOKS, '')).not.toContain('??')
  })

  test.each(SIZES.slice(2))(
    'of $width×$height has columns that end within three rows of each other',
    size => {
      const { seen } = new Painter({ settings: SETTINGS, clockMs: () => 0 }).paint(
        sceneOf(judged(statusNow(), 'healthy'), { size }),
      )
      const columns = [...new Set(seen.spots.map(({ x }) => x))].filter(x => x === 0 || x > size.width / 2)
      const ends = columns.map(x =>
        Math.max(...seen.spots.filter(spot => spot.x === x).map(({ y, height }) => y + height)),
      )
      expect(ends).toHaveLength(2)
      expect(Math.max(...ends) - Math.min(...ends)).toBeLessThanOrEqual(3)
    },
  )

  test('has rows for what is not well first, and the names of the rest in one line', () => {
    const many = Array.from({ length: 14 }, (_, i) =>
      makePanel(`p${i}`, `Panel ${i}`, [
        {
          kind: 'fields',
          items: [
            { label: 'state', text: i === 12 ? 'down' : 'up', tone: i === 12 ? 'error' : 'ok' },
            { label: 'n', text: '1' },
          ],
        },
        {
          kind: 'table',
          columns: [{ label: 'a' }, { label: 'b' }, { label: 'c' }, { label: 'd' }],
          rows: Array.from({ length: 12 }, () => [{ text: 'x' }]),
        },
      ]),
    )
    const shown = frameText(frame(resultOf(many), { width: 80, height: 24 })).split('\n')
    expect(shown[2]).toMatch(/^─ ■ Panel 12 ─/)
    expect(shown[3]).toMatch(/^■ State .* down( |$)/)
    expect(shown.at(-2)).toMatch(/^ {2}Well .*Panel \d+/)
  })

  test('has no column of marks in front of what is well', () => {
    const shown = frameText(
      frame(judged(statusNow({ alerts: [], alerts_meta: {} }), 'healthy'), { width: 200, height: 60 }),
    )
    expect(shown.split('\n').filter(line => /^[■▲] \S+ +\d/.test(line)).length).toBeLessThanOrEqual(2)
  })
})

describe('trends', () => {
  const size = { width: 200, height: 60 }

  test('stand between name and price, end in dots after the end of the data, and are no part of the lines', () => {
    const live = trendsUntil(NOW_MS)
    const shown = frameText(frame(judged(FAILING, 'failing'), size, live.at(NOW_MS)))
    expect(shown).toMatch(/ NIFTY +[▁-█]{16,60} +24512\.30/)
    const stale = judged(FAILING, 'attention', 'stale')
    live.take(stale, NOW_MS)
    const later = NOW_MS + 207_000
    expect(frameText(frame(stale, size, live.at(later)))).toMatch(/ NIFTY +[▁-█]+·+ +24512\.30/)
    for (const { lines } of stale.board.panels.values()) expect(lines.join('\n')).not.toMatch(/[▁-█]/)
  })

  test('fill rows that are left with plots, in UTF-8 only, and none before there is a minute of data', () => {
    const tall = { width: 120, height: 90 }
    const live = trendsUntil(NOW_MS).at(NOW_MS)
    const result = judged(FAILING, 'failing')
    const shown = frameText(frame(result, tall, live))
    expect(shown).toMatch(/─ Indices: change since 13:48 ─+ 15 min, one scale ─/)
    expect(shown).toMatch(/[\u2801-\u28ff]/)
    expect(shown).toMatch(/13:48 +13:55 +now/)
    expect(frameText(frame(result, tall, live, false))).not.toMatch(/change since|[\u2801-\u28ff]/)
    expect(frameText(frame(result, tall))).not.toMatch(/change since/)
  })

  test('are drawn again only after some seconds, so that an idle screen sends nothing', () => {
    const live = trendsUntil(NOW_MS)
    const painter = new Painter({ settings: SETTINGS, clockMs: () => 0 })
    const result = judged(FAILING, 'failing')
    const at = (nowMs: number) =>
      painter.paint(
        sceneOf(result, { size, nowMs, shownAtMs: nowMs, trends: live.at(nowMs), view: startView('dark') }),
      ).frame.lines
    const first = at(NOW_MS)
    live.take(result, NOW_MS + 1_000)
    const second = at(NOW_MS + 1_000)
    const different = first.filter((line, y) => JSON.stringify(line) !== JSON.stringify(second[y]))
    // Only the bar: its clock and the age of the source.
    expect(different.length).toBeLessThanOrEqual(2)
  })
})

test('a plot never shows counts that stand still', () => {
  const size = { width: 120, height: 60 }
  const shownWith = (unit: string | undefined, moving: boolean) => {
    const trends = new LiveTrends()
    const column = {
      label: 'Count',
      align: 'right' as const,
      fact: 'count',
      ...(unit === undefined ? {} : { unit }),
    }
    const panelAt = (value: number): Panel =>
      makePanel(
        'pods',
        'Pods',
        [
          {
            kind: 'table',
            columns: [{ label: 'Name' }, column],
            rows: [
              [{ text: 'a' }, { text: String(value), value }],
              [{ text: 'b' }, { text: '2', value: 2 }],
            ],
          },
        ],
        { a: { count: value }, b: { count: 2 } },
      )
    for (let s = 900; s >= 0; s -= 30)
      trends.take(resultOf([panelAt(moving && s < 400 ? 5 : 1)]), NOW_MS - s * 1000)
    return frameText(frame(resultOf([panelAt(moving ? 5 : 1)]), size, trends.at(NOW_MS)))
  }
  const BRAILLE = /[\u2801-\u28ff]/
  expect(shownWith(undefined, false)).not.toMatch(BRAILLE)
  expect(shownWith(undefined, true)).toMatch(BRAILLE)
  expect(shownWith('MB', false)).toMatch(BRAILLE)
})

test('a field that does not change has no trend, and a still column of prices a straight one', () => {
  const trends = new LiveTrends()
  const panelAt = (moving: number): Panel =>
    makePanel(
      'cluster',
      'Cluster',
      [
        {
          kind: 'fields',
          items: [
            { label: 'nodes', text: '5', value: 5, fact: 'nodes' },
            { label: 'queue', text: String(moving), value: moving, fact: 'queue' },
          ],
        },
        {
          kind: 'table',
          columns: [{ label: 'Index' }, { label: 'LTP', align: 'right', fact: 'ltp' }],
          rows: [[{ text: 'NIFTY' }, { text: '24505.98', value: 24505.98 }]],
        },
      ],
      { nodes: 5, queue: moving, NIFTY: { ltp: 24505.98 } },
    )
  for (let s = 900; s >= 0; s -= 7) trends.take(resultOf([panelAt(s % 40)]), NOW_MS - s * 1000)
  const size = { width: 120, height: 40 }
  const shown = frameText(frame(resultOf([panelAt(0)]), size, trends.at(NOW_MS)))
  expect(shown).toMatch(/ Nodes +5\b/)
  expect(shown).toMatch(/ Queue +[▁-█]{8,}/)
  expect(shown).toMatch(/ NIFTY +(▅{8,}|▄{8,}) +24505\.98/)
})
