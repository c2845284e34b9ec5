// The first and the last line of the screen. Each is a row of items; when they do not fit, the least important are dropped.
import type { CycleResult } from '../../../engine/cycle.js'
import { factAt, marketText, numberAt, textAt } from '../../../panels/facts.js'
import { MISSING, timeOfDay } from '../../../panels/format.js'
import { nextOpenText } from '../../../panels/header.js'
import type { Tone } from '../../../panels/panel.js'
import { cleanText } from '../../../panels/text.js'
import type { Verdict } from '../../../protocol/events.js'
import type { View } from '../keys/view.js'
import { freshness } from './freshness.js'
import { toneMark } from './glyphs.js'
import { blank, clipRun, fitLine, type Line, lineWidth, type Run, run } from './run.js'

type Item = { readonly line: Line; readonly rank: number }

const GAP = 2
const MARGIN = 1

function itemsWidth(items: readonly Item[]): number {
  return items.reduce((sum, { line }) => sum + lineWidth(line) + GAP, 0)
}

function joined(items: readonly Item[]): Run[] {
  return items.flatMap(({ line }, i) => (i === 0 ? [...line] : [blank(GAP), ...line]))
}

/** Left-aligned and right-aligned items; whole items are dropped, lowest rank first. */
function bar(left: readonly Item[], right: readonly Item[], width: number): Line {
  let [shownLeft, shownRight] = [left, right]
  while (itemsWidth(shownLeft) + itemsWidth(shownRight) + 2 * MARGIN - GAP > width) {
    const all = [...shownLeft, ...shownRight]
    if (all.length <= 1) break
    const least = Math.min(...all.map(({ rank }) => rank))
    const gone = all.findLast(({ rank }) => rank === least)
    shownLeft = shownLeft.filter(item => item !== gone)
    shownRight = shownRight.filter(item => item !== gone)
  }
  const [start, end] = [joined(shownLeft), joined(shownRight)]
  const between = Math.max(0, width - 2 * MARGIN - lineWidth(start) - lineWidth(end))
  return fitLine([blank(MARGIN), ...start, blank(between), ...end], width)
}

export type TopBarFacts = {
  /** The newest result, also while the screen is paused. */
  readonly live: CycleResult | null
  readonly nowMs: number
  readonly timezone: string
  readonly sourceName: string
  /** Connected stream clients; null without a server. */
  readonly clients: number | null
  /** Why an ingest source waits for a full status; null when it does not. */
  readonly needFull: string | null
  readonly paused: boolean
  /** Board changes since the screen was paused. */
  readonly behind: number
}

const MAX_NAME = 32
const MAX_WORD = 20

function updates(count: number): string {
  return count === 1 ? '1 update' : `${count} updates`
}

function identity(live: CycleResult | null, timezone: string): Item[] {
  const facts = live?.board.panels.get('header')?.facts
  const items: Item[] = [{ line: [clipRun(run(textAt(facts, 'app') ?? 'G6', 'strong'), MAX_NAME)], rank: 90 }]
  const [version, env, market] = [textAt(facts, 'version'), textAt(facts, 'env'), marketText(facts)]
  if (version !== null) items.push({ line: [clipRun(run(version, 'muted'), MAX_WORD)], rank: 20 })
  if (env !== null) items.push({ line: [clipRun(run(env, 'info'), MAX_WORD)], rank: 60 })
  if (live === null || live.board.generation === 0) return items
  const open = textAt(facts, 'market') === 'open'
  const nextMs = open ? null : numberAt(facts, 'next_open_ms')
  const isComputed = factAt(facts, 'next_open_computed') === true
  const opens = nextMs === null ? '' : `, opens ${nextOpenText(nextMs, isComputed, timezone)}`
  items.push({
    line: [
      run('market ', 'label'),
      clipRun(run(market ?? MISSING, open ? 'ok' : 'muted'), MAX_WORD),
      clipRun(run(opens, 'muted'), MAX_WORD),
    ],
    rank: 70,
  })
  return items
}

const VERDICT_TONES: Readonly<Record<Verdict['word'], Tone>> = {
  healthy: 'ok',
  attention: 'warn',
  failing: 'error',
  unknown: 'muted',
}
const MAX_REASON = 44

/** The verdict, first of all, in words; its reason outranks the names. */
function verdictItems({ board: { verdict } }: CycleResult): Item[] {
  if (verdict === null) return []
  const { word, reasons } = verdict
  const tone = VERDICT_TONES[word]
  const mark = toneMark(tone)
  const items: Item[] = [{ line: [run(mark === '' ? word : `${mark} ${word}`, tone)], rank: 110 }]
  const [first, ...others] = word === 'healthy' ? [] : reasons
  if (first === undefined) return items
  const more = others.length === 0 ? '' : ` +${others.length}`
  items.push({ line: [clipRun(run(cleanText(first), tone), MAX_REASON), run(more, 'label')], rank: 97 })
  return items
}

export function topBar(facts: TopBarFacts, width: number): Line {
  const { live, nowMs, timezone, sourceName, clients, needFull, paused, behind } = facts
  const left = [...(live === null ? [] : verdictItems(live)), ...identity(live, timezone)]
  if (paused) {
    const text = behind === 0 ? ' paused ' : ` paused, ${updates(behind)} behind `
    left.push({ line: [run(text, 'badge')], rank: 100 })
  }
  if (needFull !== null) {
    left.push({
      line: [
        run(' NEED FULL ', 'alarm'),
        clipRun(run(needFull === '' ? '' : ` ${cleanText(needFull)}`, 'warn'), 40),
      ],
      rank: 95,
    })
  }
  const right: Item[] = [{ line: [clipRun(run(cleanText(sourceName), 'muted'), 48)], rank: 30 }]
  if (live !== null) {
    const { text, tone } = freshness(live, nowMs, timezone)
    const mark = toneMark(tone)
    right.push({ line: [run('● ', tone), run(mark === '' ? text : `${text} ${mark}`, tone)], rank: 99 })
  }
  if (clients !== null) {
    right.push({
      line: [run(String(clients)), run(clients === 1 ? ' client' : ' clients', 'label')],
      rank: 50,
    })
  }
  right.push({ line: [run(timeOfDay(nowMs, timezone), 'strong')], rank: 80 })
  return bar(left, right, width)
}

/** Keys of the bottom bar, the most needed first. */
const HINTS: readonly (readonly [string, string])[] = [
  ['?', 'help'],
  ['q', 'quit'],
  ['p', 'pause'],
  ['tab', 'focus'],
  ['enter', 'open'],
  ['/', 'filter'],
  ['r', 'read'],
  ['w', 'write'],
  ['t', 'theme'],
]
const ZOOMED_HINTS: readonly (readonly [string, string])[] = [
  ['esc', 'back'],
  ['↑↓', 'scroll'],
  ['tab', 'next'],
  ['/', 'filter'],
  ['p', 'pause'],
  ['w', 'write'],
  ['?', 'help'],
  ['q', 'quit'],
]

export type BottomBarFacts = {
  readonly live: CycleResult | null
  readonly view: View
  /** A short-lived notice about what was just done. */
  readonly notice: string | null
}

function hints(list: readonly (readonly [string, string])[]): Item[] {
  return list.map(([key, what], i) => ({ line: [run(key, 'key'), run(` ${what}`, 'label')], rank: 40 - i }))
}

function figures({ board, stats }: CycleResult): Item[] {
  const percent = (ratio: number): string => `${Math.round(ratio * 100)}%`
  const item = (label: string, value: string, rank: number): Item => ({
    line: [run(`${label} `, 'label'), run(value)],
    rank,
  })
  return [
    item('cycle', String(board.cycle), 38),
    item('hit', stats.hitRatio === null ? MISSING : percent(stats.hitRatio), 37),
    // Over 5 minutes: the ratio of the last cycle would be 0 whenever the status did not change in it.
    item('churn', percent(stats.changeRatio5m ?? 0), 36),
  ]
}

export function bottomBar({ live, view, notice }: BottomBarFacts, width: number): Line {
  const left: Item[] = []
  if (view.typing) {
    left.push({ line: [run('/', 'key'), run(view.filter, 'input'), run('▏', 'key')], rank: 100 })
    left.push({ line: [run('enter', 'key'), run(' keep', 'label')], rank: 60 })
    left.push({ line: [run('esc', 'key'), run(' clear', 'label')], rank: 60 })
  } else if (view.filter !== '') {
    left.push({ line: [run(` filter: ${view.filter} `, 'badge')], rank: 99 })
    left.push({ line: [run('esc', 'key'), run(' clear', 'label')], rank: 60 })
  }
  if (notice !== null) left.push({ line: [run(cleanText(notice), 'info')], rank: 98 })
  else if (!view.typing) left.push(...hints(view.zoomed ? ZOOMED_HINTS : HINTS))
  return bar(left, live === null ? [] : figures(live), width)
}
