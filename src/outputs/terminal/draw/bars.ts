// The first lines of the screen and the last one. Above: the verdict in one word, its cause, and the clock; a second line when it is
// not healthy. Facts take the room that is left. What does not fit is dropped as a whole, the least important first.
import { durationText } from '../../../display/age.js'
import { reasonText } from '../../../display/reason.js'
import { toneOfVerdict } from '../../../display/shape.js'
import { type CycleResult, isJudged } from '../../../engine/cycle.js'
import type { Played } from '../../../engine/played.js'
import { sourceRemarks } from '../../../engine/source-words.js'
import { factAt, marketText, numberAt, textAt } from '../../../panels/facts.js'
import { clockTime, plainNumber } from '../../../panels/format.js'
import { nextOpenText } from '../../../panels/header.js'
import type { Tone } from '../../../panels/panel.js'
import { cleanText, displayWidth } from '../../../panels/text.js'
import type { Verdict } from '../../../protocol/events.js'
import { marketAt } from '../../../snapshot/market.js'
import { offsetMs } from '../../../snapshot/zone.js'
import type { View } from '../keys/view.js'
import { clockText, momentText } from './clock.js'
import { freshness, isNoAlerts } from './freshness.js'
import { TONE_MARKS } from './glyphs.js'
import { blank, clipRun, fitLine, type Line, lineWidth, type Role, type Run, run } from './run.js'

type Item = { readonly line: Line; readonly rank: number }

const GAP = 2
const MARGIN = 1
const DOT = run(' · ', 'label')

type Separator = readonly Run[]
const BLANKS: Separator = [blank(GAP)]
const DOTS: Separator = [DOT]

function joined(items: readonly Item[], separator: Separator): Run[] {
  return items.flatMap(({ line }, i) => (i === 0 ? [...line] : [...separator, ...line]))
}

type Side = { readonly items: readonly Item[]; readonly separator: Separator }

/** Left-aligned and right-aligned items in `width` columns; whole items are dropped, lowest rank first. */
function fitted(left: Side, right: Side, width: number): readonly [Run[], Run[]] {
  let [shownLeft, shownRight] = [left.items, right.items]
  for (;;) {
    const [start, end] = [joined(shownLeft, left.separator), joined(shownRight, right.separator)]
    const between = start.length > 0 && end.length > 0 ? GAP : 0
    const all = [...shownLeft, ...shownRight]
    if (lineWidth(start) + between + lineWidth(end) <= width || all.length <= 1) return [start, end]
    const least = Math.min(...all.map(({ rank }) => rank))
    const gone = all.findLast(({ rank }) => rank === least)
    shownLeft = shownLeft.filter(item => item !== gone)
    shownRight = shownRight.filter(item => item !== gone)
  }
}

function bar(left: Side, right: Side, width: number): Line {
  const [start, end] = fitted(left, right, width - 2 * MARGIN)
  const between = Math.max(0, width - 2 * MARGIN - lineWidth(start) - lineWidth(end))
  return fitLine([blank(MARGIN), ...start, blank(between), ...end], width)
}

export type TopBarFacts = {
  /** The newest result, also while the screen is paused. */
  readonly live: CycleResult | null
  readonly nowMs: number
  readonly timezone: string
  /** Why an ingest source waits for a full status; null when it does not. */
  readonly needFull: string | null
  readonly paused: boolean
  readonly played?: Played | null
  /** Board changes since the screen was paused. */
  readonly behind: number
}

const MAX_NAME = 48
const MAX_WORD = 20
const SOURCE_RANK = 90

function updates(count: number): string {
  return count === 1 ? '1 update' : `${count} updates`
}

function label(text: string, rank: number, role: Role = 'label'): Item {
  return { line: [run(text, role)], rank }
}

/** `market open till 15:30`, `market closed, opens Mon 09:15`; nothing where no market is known. */
function marketFact(live: CycleResult, nowMs: number, timezone: string): string | null {
  const facts = live.board.panels.get('header')?.facts
  const market = marketText(facts)
  if (market === null) return null
  if (textAt(facts, 'market') === 'open') {
    const untilMs =
      live.snapshot === null ? Number.POSITIVE_INFINITY : marketAt(live.snapshot.market, nowMs).untilMs
    return `market ${market}${Number.isFinite(untilMs) ? ` till ${clockTime(untilMs, timezone)}` : ''}`
  }
  const nextMs = numberAt(facts, 'next_open_ms')
  if (nextMs === null) return `market ${market}`
  const isComputed = factAt(facts, 'next_open_computed') === true
  // A computed one has its weekday.
  const opens = isComputed ? nextOpenText(nextMs, true, timezone) : momentText(nextMs, nowMs, timezone)
  return `market ${market}, opens ${opens}`
}

/** What the source says of itself is the cause: its age is in the cause, too. */
function isOfSource(reason: string, live: CycleResult, timezone: string): boolean {
  return sourceRemarks(live.source, timezone).some(({ text }) => text === reason)
}

function factItems(live: CycleResult, cause: string, { nowMs, timezone }: TopBarFacts): Item[] {
  const items: Item[] = []
  const alerts = live.board.panels.get('alerts')
  if (alerts !== undefined && isNoAlerts(alerts) && isJudged(live)) items.push(label('no alerts', 45))
  const market = live.board.generation === 0 ? null : marketFact(live, nowMs, timezone)
  if (market !== null) items.push({ line: [clipRun(run(cleanText(market), 'label'), MAX_NAME)], rank: 70 })
  const { text, tone } = freshness(live, nowMs, timezone)
  if (live.source.state === 'stale' && isOfSource(cause, live, timezone)) {
    const everySec = numberAt(live.board.panels.get('cycle')?.facts, 'interval_sec')
    if (everySec !== null) items.push(label(`expected every ${plainNumber(everySec)} s`, 60))
    items.push(label('read ok', 50))
  } else {
    const isBad = tone === 'warn' || tone === 'error'
    items.push({
      line: [
        run('source ', 'label'),
        ...(isBad ? [run(`${TONE_MARKS[tone]} `, tone)] : []),
        run(text, isBad ? tone : 'label'),
      ],
      rank: SOURCE_RANK,
    })
  }
  if (isJudged(live)) items.push(label('live', 40))
  return items
}

const WORD_ROLES: Readonly<Record<Tone, Role>> = {
  error: 'failing',
  warn: 'attention',
  ok: 'strong',
  info: 'strong',
  muted: 'strong',
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** ` ■ FAILING ` on its colour, ` ● Healthy`. */
function wordRuns({ word }: Verdict): readonly Run[] {
  const tone = toneOfVerdict(word)
  const mark = TONE_MARKS[tone]
  const role = WORD_ROLES[tone]
  if (role !== 'strong') return [run(` ${mark} ${word.toUpperCase()} `, role)]
  return [blank(MARGIN), run(`${mark} `, tone), run(capital(word), role)]
}

/** Epoch ms; null where the verdict does not say it. */
function sinceOf(verdict: Verdict): number | null {
  return 'since' in verdict && typeof verdict.since === 'number' ? verdict.since : null
}

function sinceText(verdict: Verdict, { nowMs, timezone }: TopBarFacts): string | null {
  const since = sinceOf(verdict)
  return since === null ? null : `since ${momentText(since, nowMs, timezone)}, ${durationText(nowMs - since)}`
}

const ALSO_SHOWN = 2

/** `also 35 batches queued, cpu 91 %, 2 more`: as many as fit. */
function alsoText(reasons: readonly string[], room: number): string | null {
  const others = reasons.slice(1).map(cleanText)
  if (others.length === 0) return null
  for (let shown = Math.min(ALSO_SHOWN, others.length); shown > 0; shown--) {
    const more = others.length > shown ? [`${others.length - shown} more`] : []
    const text = `also ${[...others.slice(0, shown), ...more].join(', ')}`
    if (displayWidth(text) <= room) return text
  }
  return `and ${others.length} more`
}

/** `recording of 2026-11-29, ended`: the clock has the time. */
function recordingText({ now, ended }: Played, timezone: string): string {
  const day = new Date(now.wallMs + offsetMs(timezone, now.wallMs)).toISOString().slice(0, 10)
  return `recording of ${day}${ended ? ', ended' : ''}`
}

function notices({ paused, behind, needFull, played = null, timezone }: TopBarFacts): Item[] {
  const items: Item[] = []
  if (played !== null) items.push(label(recordingText(played, timezone), 110, 'note'))
  if (paused) items.push(label(behind === 0 ? 'paused' : `paused, ${updates(behind)} behind`, 100, 'note'))
  if (needFull !== null) {
    const why = needFull === '' ? [] : [clipRun(run(` ${cleanText(needFull)}`, 'label'), 40)]
    items.push({ line: [run('NEED FULL', 'error'), ...why], rank: 95 })
  }
  return items
}

/** The cause as a sentence; the age of the source is that of now. */
function causeText(cause: string, live: CycleResult, { nowMs, timezone }: TopBarFacts): string {
  const { state, changedAtMs } = live.source
  if (state !== 'stale' || changedAtMs === null || !isOfSource(cause, live, timezone)) return cleanText(cause)
  return `The source has not been written for ${durationText(nowMs - changedAtMs)}`
}

/** Cause and facts share a line where all facts fit next to the cause. */
function wholeLine(head: readonly Run[], facts: readonly Item[], clock: Run, width: number): Line | null {
  const end = [...joined(facts, DOTS), ...(facts.length > 0 ? [DOT] : []), clock]
  const between = width - lineWidth(head) - lineWidth(end) - MARGIN
  return between < GAP ? null : [...head, blank(between), ...end, blank(MARGIN)]
}

/** One line when all is well, else two. */
export function topBar(facts: TopBarFacts, width: number): readonly Line[] {
  const { live, nowMs, timezone } = facts
  const clock = run(clockText(nowMs, timezone), 'text')
  const verdict = live?.board.verdict ?? null
  const noticed = notices(facts)
  if (live === null || verdict === null) {
    const left = [label('G6', 90, 'strong'), ...noticed]
    const right = [...(live === null ? [] : factItems(live, '', facts)), { line: [clock], rank: 80 }]
    return [bar({ items: left, separator: BLANKS }, { items: right, separator: DOTS }, width)]
  }
  const word = wordRuns(verdict)
  const reasons = verdict.reasons.map((reason, i) => reasonText(reason, verdict.places?.[i]))
  const [cause = ''] = reasons
  const items = factItems(live, cause, facts)
  const since = sinceText(verdict, facts)
  if (toneOfVerdict(verdict.word) === 'ok') {
    const calm =
      noticed.length > 0
        ? noticed
        : [label(['nothing needs a look', ...(since === null ? [] : [since])].join(', '), 30)]
    const right = [...items, { line: [clock], rank: 99 }]
    const room = width - lineWidth(word) - GAP - MARGIN
    const [start, end] = fitted({ items: calm, separator: BLANKS }, { items: right, separator: DOTS }, room)
    const between = Math.max(0, room - lineWidth(start) - lineWidth(end))
    return [fitLine([...word, blank(GAP), ...start, blank(between), ...end], width)]
  }
  const head = [...word, blank(1)]
  const room = Math.max(0, width - lineWidth(head) - clock.width - GAP - MARGIN)
  const shown = clipRun(run(causeText(cause, live, facts), 'strong'), room)
  const isStale = !isJudged(live)
  const { changedAtMs } = live.source
  const lineItems = [
    ...noticed,
    ...(isStale && changedAtMs !== null
      ? [label(`as of ${momentText(changedAtMs, nowMs, timezone)}, no longer judged`, 97)]
      : []),
    ...(since === null || isStale ? [] : [label(since, 96)]),
  ]
  const one = wholeLine([...head, shown], items, clock, width)
  const nearby = one === null ? (items.find(({ rank }) => rank === SOURCE_RANK)?.line ?? []) : []
  const also = alsoText(
    reasons,
    width - 2 * MARGIN - lineWidth(joined(lineItems, DOTS)) - DOT.width - lineWidth(nearby) - GAP,
  )
  // What else was wrong is not judged any more either.
  if (also !== null && !isStale) lineItems.push(label(also, 75))
  const first = one ?? [
    ...head,
    shown,
    blank(Math.max(0, width - lineWidth(head) - shown.width - clock.width - MARGIN)),
    clock,
    blank(MARGIN),
  ]
  const second = bar(
    { items: lineItems, separator: DOTS },
    { items: one === null ? items : [], separator: DOTS },
    width,
  )
  return [fitLine(first, width), second]
}

/** Keys of the bottom bar with their ranks. */
const HINTS: readonly (readonly [string, string, number])[] = [
  ['?', 'help', 90],
  ['q', 'quit', 89],
  ['p', 'pause', 58],
  ['tab', 'focus', 57],
  ['enter', 'open', 56],
  ['/', 'filter', 55],
  ['r', 'read', 32],
  ['w', 'write', 31],
  ['t', 'theme', 45],
]
const ZOOMED_HINTS: readonly (readonly [string, string, number])[] = [
  ['esc', 'back', 90],
  ['↑↓', 'scroll', 58],
  ['tab', 'next', 57],
  ['/', 'filter', 55],
  ['p', 'pause', 45],
  ['w', 'write', 31],
  ['?', 'help', 89],
  ['q', 'quit', 88],
]

export type BottomBarFacts = {
  readonly live: CycleResult | null
  readonly view: View
  readonly sourceName: string
  readonly boardTitle?: string | null
  /** Connected stream clients; null without a server. */
  readonly clients: number | null
  /** A short-lived notice about what was just done. */
  readonly notice: string | null
}

function hints(list: readonly (readonly [string, string, number])[]): Item[] {
  return list.map(([key, what, rank]) => ({ line: [run(key, 'key'), run(` ${what}`, 'label')], rank }))
}

/** Program, version and environment of the status; null without any. */
function identity({ board }: CycleResult): string | null {
  const facts = board.panels.get('header')?.facts
  const words = [textAt(facts, 'app'), textAt(facts, 'version'), textAt(facts, 'env')].filter(
    word => word !== null,
  )
  return words.length === 0 ? null : words.map(word => clipRun(run(cleanText(word)), MAX_WORD).text).join(' ')
}

/** `cycle` is the collector's; what this program counts is `board`. */
function figures({ board, stats }: CycleResult): Item[] {
  const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`
  const items = [label(`board ${board.generation}`, 54)]
  if (stats.hitRatio !== null) items.push(label(`same ${percent(stats.hitRatio)}`, 44))
  // Over 5 minutes: the ratio of the last cycle would be 0 whenever the status did not change in it.
  if (stats.changeRatio5m !== null) items.push(label(`changed ${percent(stats.changeRatio5m)}`, 20))
  return items
}

export function bottomBar(
  { live, view, notice, clients, sourceName, boardTitle = null }: BottomBarFacts,
  width: number,
): Line {
  const left: Item[] = []
  if (view.typing) {
    left.push({ line: [run('/', 'key'), run(view.filter, 'input'), run('▏', 'key')], rank: 100 })
    left.push({ line: [run('enter', 'key'), run(' keep', 'label')], rank: 60 })
    left.push({ line: [run('esc', 'key'), run(' clear', 'label')], rank: 60 })
  } else if (view.filter !== '') {
    left.push({ line: [run(`filter: ${view.filter}`, 'note')], rank: 99 })
    left.push({ line: [run('esc', 'key'), run(' clear', 'label')], rank: 60 })
  }
  if (notice !== null) left.push({ line: [run(cleanText(notice), 'info')], rank: 98 })
  else if (!view.typing) left.push(...hints(view.zoomed ? ZOOMED_HINTS : HINTS))
  const right: Item[] = []
  if (sourceName !== '')
    right.push({ line: [clipRun(run(cleanText(sourceName), 'label'), MAX_NAME)], rank: 25 })
  const named = boardTitle ?? (live === null ? null : identity(live))
  if (named !== null) right.push({ line: [clipRun(run(cleanText(named), 'label'), MAX_NAME)], rank: 43 })
  if (live !== null) right.push(...figures(live))
  if (clients !== null) right.push(label(`${clients} ${clients === 1 ? 'reader' : 'readers'}`, 53))
  return bar({ items: left, separator: BLANKS }, { items: right, separator: DOTS }, width)
}
