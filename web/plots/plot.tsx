// The plot of the page: the numbers of one column, or one field, of the last minutes. It shows the number whose trend was clicked,
// or that is chosen in its head.
import { computed, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { numberText } from '../../src/display/number-text.js'
import { type Axis, spanText } from '../../src/display/range.js'
import { LEAST_SEC } from '../../src/display/series.js'
import { drawnAtMs, history, knownSec, spanSec as shownSec } from '../history/keep.js'
import { panel, panelKeys } from '../model.js'
import { announce } from '../state/announce.js'
import { numberFormat, zone } from '../state/clock.js'
import type { Tone } from '../state/panels.js'
import { query } from '../state/query.js'
import { isStale } from '../state/staleness.js'
import { keepDrawn } from '../trend/frames.js'
import { depthOf, lineOf, type Values } from '../trend/line.js'
import { chosenFact, PLOT_ID } from './chosen.js'
import { axisFor, changesOf, fewOf, gapsOf, isByChange, newest, spread } from './lines.js'
import { type PlotGroup, type Plottable, plotGroups, shownGroup } from './plottable.js'
import './plots.css'

/** Steps of a line. */
const PARTS = 300
/** Key presses across the whole time axis. */
const KEY_STEPS = 60
/** Parts of the time axis. */
const TIME_PARTS = 3
/** The least distance of two labels, in per cent of the height. */
const LABEL_APART = 9
/** What moves most is asked again after this long, so that lines stay long enough to be read. */
const PICK_EVERY_MS = 30_000

type Line = Plottable & {
  /** As received. */
  readonly values: Values
  /** As drawn: the same, or the change in per cent. */
  readonly drawn: Values
}

type Picture = {
  readonly group: PlotGroup
  readonly lines: readonly Line[]
  /** The id of the line in colour. */
  readonly chosen: string
  readonly byChange: boolean
  readonly axis: Axis | null
  readonly unit: string
  readonly spanSec: number
  readonly endSec: number
  /** The second of the first known value; null without one. */
  readonly sinceSec: number | null
}

const MISSING = '—'
const valueText = (value: number | null, decimals: number, unit: string): string =>
  value === null
    ? MISSING
    : `${numberText(value, decimals, numberFormat.value)}${unit === '' ? '' : ` ${unit}`}`

/** `+0.25`, `−0.08`, `0.00` */
function changeText(change: number | null, decimals = 2): string {
  if (change === null) return MISSING
  const text = numberText(change, decimals, numberFormat.value)
  return Number(change.toFixed(decimals)) > 0 ? `+${text}` : text
}

/** A known change of the number, first to last, in per cent; null without one. */
function changeOf(id: string): number | null {
  return newest(changesOf(history.values(id, drawnAtMs.peek()).values))
}

function moves(id: string): boolean {
  const known = history.values(id, drawnAtMs.peek()).values.filter(value => value !== null)
  return known.some(value => value !== known[0])
}

/** All that the board has to plot, read once a second: a board may change much more often. */
const groups = computed(() => {
  if (drawnAtMs.value === 0) return []
  return plotGroups(panelKeys.value.map(key => panel(key).peek()).filter(shown => shown !== null))
})

/** Cost: a question reads the last 15 minutes of numbers until one moves, so it is asked only now and then. */
const PLOT_ASKED_EVERY_MS = 5_000
let asked = { atMs: 0, chosen: chosenFact.peek(), isWorthIt: false }

/** Whether there is a number worth a line: one that moves, is not well, says something by standing still, or is chosen. */
export const hasPlot = computed(() => {
  const all = groups.value
  const atMs = drawnAtMs.peek()
  const chosen = chosenFact.value
  if (all.length === 0) return false
  if (chosen !== asked.chosen || atMs - asked.atMs >= PLOT_ASKED_EVERY_MS)
    asked = { atMs, chosen, isWorthIt: shownGroup(all, chosen, moves) !== null }
  return asked.isWorthIt
})

type Pick = {
  readonly atMs: number
  readonly chosen: string | null
  readonly group: string
  readonly ids: readonly string[]
}
let pick: Pick | null = null

const nameOf = ({ panelTitle, title }: PlotGroup): string => `${panelTitle}\n${title}`

/** The group and its lines: the same ones for a while, so that they can be read. */
function picked(
  all: readonly PlotGroup[],
  chosen: string | null,
  nowMs: number,
): { group: PlotGroup; members: readonly Plottable[] } | null {
  const last = pick
  const same = last?.chosen === chosen && nowMs - last.atMs < PICK_EVERY_MS ? last : null
  const group =
    all.find(each => same !== null && nameOf(each) === same.group) ?? shownGroup(all, chosen, moves)
  if (group === null) return null
  const known = group.members.filter(({ id }) => same?.group === nameOf(group) && same.ids.includes(id))
  if (known.length > 0) return { group, members: known }
  const members = fewOf(group.members, chosen, changeOf)
  // Before there is a line there is nothing to choose by.
  const atMs = knownSec.peek() < LEAST_SEC ? 0 : nowMs
  pick = { atMs, chosen, group: nameOf(group), ids: members.map(({ id }) => id) }
  return { group, members }
}

function pictureOf(all: readonly PlotGroup[], chosen: string | null, nowMs: number): Picture | null {
  const shown = picked(all, chosen, nowMs)
  if (shown === null) return null
  const { group, members } = shown
  const spanSec = shownSec.peek()
  const received = members.map(({ id }) => history.values(id, nowMs).values.slice(-spanSec))
  const unit = members[0]?.unit ?? ''
  const byChange = isByChange(received, unit)
  const lines = members.map((member, i): Line => {
    const values = received[i] ?? []
    return { ...member, values, drawn: byChange ? changesOf(values) : values }
  })
  const firsts = received.map(values => values.findIndex(value => value !== null)).filter(i => i >= 0)
  const endSec = Math.floor(nowMs / 1000)
  return {
    group,
    lines,
    chosen: members.find(({ id }) => id === chosen)?.id ?? members[0]?.id ?? '',
    byChange,
    axis: axisFor(
      lines.map(({ drawn }) => drawn),
      unit,
      byChange,
    ),
    unit,
    spanSec,
    endSec,
    sinceSec: firsts.length === 0 ? null : endSec - spanSec + 1 + Math.min(...firsts),
  }
}

/** In the zone of the board. */
const clockText = (atMs: number): string => zone.value.clock(atMs)
const shortClock = (second: number, spanSec: number): string => {
  const text = clockText(second * 1000)
  return spanSec > 180 ? text.slice(0, 5) : text
}

function titleOf({ group, byChange, sinceSec, spanSec }: Picture): string {
  if (byChange)
    return `${group.panelTitle}: change since ${sinceSec === null ? MISSING : shortClock(sinceSec, spanSec)}`
  return group.isColumn ? `${group.panelTitle}: ${group.title}` : group.title
}

function remarkOf({ group, byChange, unit, axis, spanSec }: Picture): string {
  const parts = byChange
    ? [group.title, 'per cent', spanText(spanSec), 'all on one scale']
    : [group.isColumn ? '' : group.panelTitle, unit, spanText(spanSec), axis?.isZeroBased ? 'from 0' : '']
  return parts.filter(part => part !== '').join(', ')
}

/** A line at one moment, as text. */
function momentText({ name, drawn, values, decimals, unit }: Line, at: number, byChange: boolean): string {
  const value = valueText(values[at] ?? null, decimals, unit)
  return `${name} ${value}${byChange && value !== MISSING ? `, ${changeText(drawn[at] ?? null)} %` : ''}`
}

/** The plot in words. */
function summaryOf({ lines, byChange, sinceSec, spanSec }: Picture): string {
  if (sinceSec === null) return 'Nothing is known.'
  const described = lines.map(({ name, values, drawn, decimals, unit }) => {
    const known = values.filter(value => value !== null)
    if (known.length === 0) return `${name}: nothing known`
    const [now, low, high] = [
      values.slice(-60).findLast(value => value !== null) ?? null,
      Math.min(...known),
      Math.max(...known),
    ].map(value => valueText(value, decimals, unit))
    const change = byChange ? `, changed by ${changeText(newest(drawn))} %` : ''
    return `${name}: now ${now}${change}, lowest ${low}, highest ${high}`
  })
  return `${described.join('; ')}. Since ${shortClock(sinceSec, spanSec)}.`
}

type Looks = { readonly shown: Picture; readonly axis: Axis }

/** The text next to each tick; the unit at the top one. */
function tickTexts({ shown: { byChange, unit }, axis }: Looks): readonly string[] {
  const axisUnit = byChange ? '%' : unit
  return axis.ticks.map((tick, i) => {
    const text =
      byChange && tick !== 0
        ? changeText(tick, axis.decimals)
        : numberText(tick, tick === 0 ? 0 : axis.decimals, numberFormat.value)
    return i === axis.ticks.length - 1 && axisUnit !== '' ? `${text} ${axisUnit}` : text
  })
}

function Grid({ shown, axis }: Looks) {
  const { spanSec, endSec } = shown
  const texts = tickTexts({ shown, axis })
  return (
    <>
      {axis.ticks.map((tick, i) => (
        <span key={tick} class="plot-y" style={{ top: `${depthOf(tick, axis)}%` }}>
          {texts[i]}
        </span>
      ))}
      {Array.from({ length: TIME_PARTS + 1 }, (_, i) => {
        const isEnd = i === TIME_PARTS
        const second = endSec - spanSec + (i * spanSec) / TIME_PARTS
        return (
          <span
            key={i}
            class={`plot-x${i === 0 ? ' plot-first' : isEnd ? ' plot-last' : ''}`}
            style={{ left: `${(100 * i) / TIME_PARTS}%` }}
          >
            {isEnd && !isStale.value ? 'now' : shortClock(second, spanSec)}
          </span>
        )
      })}
    </>
  )
}

function Gaps({ shown }: { readonly shown: Picture }) {
  const { lines, spanSec, endSec } = shown
  return (
    <>
      {gapsOf(lines.map(({ drawn }) => drawn)).map(({ from, to, isOpen }) => {
        const clock = (at: number) => clockText((endSec - spanSec + at) * 1000)
        const width = (100 * (to - from)) / spanSec
        return (
          <div key={from} class="plot-gap" style={{ left: `${(100 * from) / spanSec}%`, width: `${width}%` }}>
            {isOpen ? (
              <span>nothing since {clock(from)}</span>
            ) : width > 25 ? (
              <span>nothing until {clock(to)}</span>
            ) : null}
          </div>
        )
      })}
    </>
  )
}

const toneAt = (tone: Tone | undefined): Tone | undefined =>
  !isStale.value && (tone === 'warn' || tone === 'error') ? tone : undefined

function Lines({ shown, axis }: Looks) {
  const { lines, chosen, byChange, endSec, spanSec } = shown
  const isOnly = lines.length === 1
  const isOn = (id: string): boolean | undefined => (id === chosen && !isStale.value) || undefined
  const ends = lines.map(({ drawn }) => newest(drawn))
  const places = spread(
    ends.map(end => (end === null ? 50 : depthOf(end, axis))),
    LABEL_APART,
  )
  // The chosen one above the others.
  const order = [...lines].sort((a, b) => Number(a.id === chosen) - Number(b.id === chosen))
  return (
    <>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        {axis.ticks.map(tick => (
          <path
            key={tick}
            class={tick === 0 ? 'plot-zero' : 'plot-grid'}
            d={`M0 ${depthOf(tick, axis)}H100`}
          />
        ))}
        {order.map(({ id, drawn, tone }) => {
          const { line, area } = lineOf(drawn, endSec - spanSec + 1, axis, PARTS)
          return (
            <g key={id} data-on={isOn(id)} data-tone={isOnly ? toneAt(tone) : undefined}>
              {isOnly && axis.isZeroBased ? <path class="plot-area" d={area} /> : null}
              <path class="plot-line" d={line} />
            </g>
          )
        })}
      </svg>
      {lines.map(({ id, name, drawn, values, decimals, unit, tone }, i) => {
        if (ends[i] === null) return null
        const text = byChange ? changeText(newest(drawn)) : valueText(newest(values), decimals, unit)
        return (
          <span
            key={id}
            class="plot-end"
            data-on={isOn(id)}
            data-tone={isOnly ? toneAt(tone) : undefined}
            style={{ top: `${places[i]}%` }}
          >
            {isOnly ? text : `${name} ${text}`}
          </span>
        )
      })}
    </>
  )
}

/** For the keyboard: any number of the board. All of them are in the list once a person turns to it. */
function Choice({ shown }: { readonly shown: Picture }) {
  const isOpen = useSignal(false)
  const all = isOpen.value ? groups.value : [shown.group]
  const open = (): void => {
    isOpen.value = true
  }
  return (
    <select
      aria-label="Number in the plot"
      value={shown.chosen}
      onPointerEnter={open}
      onFocus={open}
      onBlur={() => {
        isOpen.value = false
      }}
      onChange={event => {
        chosenFact.value = event.currentTarget.value
      }}
    >
      {all.map((group, i) => (
        <optgroup key={i} label={group.isColumn ? `${group.panelTitle}: ${group.title}` : group.panelTitle}>
          {group.members.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  )
}

/** Elements that take keys must be reachable by keyboard. */
const TAKES_KEYS = { tabIndex: 0, 'aria-description': 'Arrow keys tell the values of a moment' }

/** How far a key moves the moment that is marked; 0 ends this. */
const STEPS = new Map([
  ['ArrowLeft', -1],
  ['ArrowRight', 1],
  ['Escape', 0],
])

function Body({ shown, axis }: Looks) {
  /** The second that is pointed at, with pointer or keys; null = none. It stays the same moment while time goes on. */
  const marked = useSignal<number | null>(null)
  const { lines, spanSec, endSec, byChange } = shown
  const startSec = endSec - spanSec + 1
  const at = marked.value === null ? null : Math.min(spanSec - 1, Math.max(0, marked.value - startSec))
  const texts = (second: number): readonly string[] => [
    clockText((startSec + second) * 1000),
    ...lines.map(line => momentText(line, second, byChange)),
  ]

  function step(by: number): void {
    if (by === 0) {
      marked.value = null
      return
    }
    const latest = Math.max(0, ...lines.map(({ drawn }) => drawn.findLastIndex(value => value !== null)))
    const next = at === null ? latest : at + by * Math.max(1, Math.round(spanSec / KEY_STEPS))
    const second = Math.min(spanSec - 1, Math.max(0, next))
    marked.value = startSec + second
    announce(texts(second).join(', '))
  }

  return (
    <figure
      class="plot"
      data-only={lines.length === 1 || undefined}
      // The room for them: long numbers, and a unit, must not leave the card.
      style={{ '--tick-chars': Math.max(...tickTexts({ shown, axis }).map(({ length }) => length)) }}
      {...TAKES_KEYS}
      aria-labelledby="plot-title"
      onKeyDown={event => {
        const by = STEPS.get(event.key)
        if (by === undefined) return
        event.preventDefault()
        step(by)
      }}
      onBlur={() => step(0)}
    >
      <figcaption class="hidden-text">{summaryOf(shown)}</figcaption>
      <div
        class="plot-area-box"
        aria-hidden="true"
        onPointerMove={event => {
          const { left, width } = event.currentTarget.getBoundingClientRect()
          const share = width > 0 ? (event.clientX - left) / width : 0
          marked.value = startSec + Math.min(spanSec - 1, Math.max(0, Math.round(share * (spanSec - 1))))
        }}
        onPointerLeave={() => step(0)}
      >
        <Gaps shown={shown} />
        <Lines shown={shown} axis={axis} />
        <Grid shown={shown} axis={axis} />
        {at === null ? null : (
          <div
            class="plot-moment"
            data-left={at > spanSec / 2 || undefined}
            style={{ left: `${(100 * at) / (spanSec - 1)}%` }}
          >
            <p>{texts(at).join('\n')}</p>
          </div>
        )}
      </div>
    </figure>
  )
}

function Content({ shown }: { readonly shown: Picture }) {
  const { axis, sinceSec, endSec, spanSec } = shown
  const isYoung = sinceSec !== null && endSec - sinceSec < LEAST_SEC - 1 && knownSec.value < LEAST_SEC
  if (sinceSec === null || axis === null)
    return <p class="plot-note">Nothing is known of it in the last {spanText(spanSec)}.</p>
  if (isYoung)
    return <p class="plot-note">Known since {clockText(sinceSec * 1000)}; the line begins after a minute.</p>
  return <Body shown={shown} axis={axis} />
}

function Drawn() {
  const ref = useRef<HTMLElement>(null)
  const atMs = useSignal(drawnAtMs.peek())
  useEffect(() => {
    const card = ref.current
    if (card === null) return
    return keepDrawn(card, () => {
      atMs.value = drawnAtMs.peek()
    })
  }, [])
  const chosen = chosenFact.value
  const shown = useMemo(() => pictureOf(groups.peek(), chosen, atMs.value), [chosen, atMs.value])
  return (
    <section ref={ref} id={PLOT_ID} class="card plot-card" aria-labelledby="plot-title">
      <header>
        <h2 id="plot-title">{shown === null ? 'Plot' : titleOf(shown)}</h2>
        {shown === null ? null : <span class="plot-remark">{remarkOf(shown)}</span>}
        {shown === null || query.kiosk ? null : <Choice shown={shown} />}
      </header>
      {shown === null ? null : <Content shown={shown} />}
    </section>
  )
}

/** Null on a board without a number worth a line. */
export function Plot() {
  return hasPlot.value ? <Drawn /> : null
}
