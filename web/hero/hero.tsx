// The head of an automatic board: its state word with the strip of the last minutes, the numbers that moved most, and how to keep the
// board as a file.
import { computed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { durationText } from '../../src/display/age.js'
import { labelOf } from '../../src/display/label.js'
import { numberText } from '../../src/display/number-text.js'
import { LEAST_SEC } from '../../src/display/series.js'
import { isNotWell, SHAPES } from '../../src/display/shape.js'
import { drawnAtMs, history, knownSec, spanSec } from '../history/keep.js'
import { panel, panelKeys } from '../model.js'
import { type Plottable, plotGroups } from '../plots/plottable.js'
import { numberFormat, zone } from '../state/clock.js'
import type { MemberCounts } from '../state/health.js'
import { isStale } from '../state/staleness.js'
import { keepDrawn } from '../trend/frames.js'
import type { Values } from '../trend/line.js'
import { Trend } from '../trend/trend.jsx'
import { directionOf, moversOf } from './movers.js'
import { type Stretch, stretches } from './spells.js'
import { automatic, type StateField, saidState, spells } from './state.js'
import './hero.css'

const TILES = 3
/** Tiles stay this long, so that they can be read. */
const PICK_EVERY_MS = 30_000
/** The last change has a caption where it is in this part of the strip, in per cent: at the ends there are others. */
const CAPTION_FROM = 20
const CAPTION_TO = 80

/** In the zone of the board. */
const clockText = (atMs: number): string => zone.value.clock(atMs)

const valuesOf = (id: string): Values => history.values(id, drawnAtMs.peek()).values

let picked: { readonly atMs: number; readonly ids: readonly string[] } = { atMs: 0, ids: [] }

/** The numbers of the tiles, the same ones for a while. None before there is a minute to compare. */
function tiles(nowMs: number): readonly Plottable[] {
  if (knownSec.peek() < LEAST_SEC) return []
  const shown = panelKeys.peek().flatMap(key => panel(key).peek() ?? [])
  const groups = plotGroups(shown)
  const fields = groups.filter(({ isColumn }) => !isColumn).flatMap(({ members }) => members)
  const numbers = new Map(fields.map(each => [each.id, each]))
  const isOld = nowMs - picked.atMs >= PICK_EVERY_MS
  if (isOld || picked.ids.some(id => !numbers.has(id))) {
    picked = { atMs: nowMs, ids: moversOf(fields, valuesOf, TILES) }
  }
  return picked.ids.flatMap(id => numbers.get(id) ?? [])
}

function Tile({ shown: { id, name, unit, decimals, tone } }: { readonly shown: Plottable }) {
  const values = valuesOf(id).slice(-spanSec.peek())
  const known = values.filter(value => value !== null)
  const text = (value: number | undefined): string =>
    value === undefined ? '—' : numberText(value, decimals, numberFormat.value)
  const since = values.findIndex(value => value !== null)
  const direction = directionOf(values)
  const loud = isStale.value || !isNotWell(tone) ? undefined : tone
  return (
    <div class="tile">
      <p class="tile-label">{name}</p>
      <p class="tile-value" data-tone={loud}>
        {loud === undefined ? null : <span aria-hidden="true">{SHAPES[loud]} </span>}
        {text(known.at(-1))}
        {unit === '' ? null : <span class="u"> {unit}</span>}
      </p>
      <Trend id={id} unit={unit} tone={loud} place="tile" />
      <p class="tile-range">
        <span>{clockText(drawnAtMs.peek() - (values.length - since) * 1000).slice(0, 5)}</span>
        <span>
          {text(Math.min(...known))} – {text(Math.max(...known))}
          {unit === '' ? '' : ` ${unit}`}
          {direction === '' ? '' : `, ${direction}`}
        </span>
      </p>
    </div>
  )
}

const wordOf = ({ word }: Stretch): string => word ?? 'not known'

function Strip({ shown }: { readonly shown: readonly Stretch[] }) {
  const [first] = shown
  const last = shown.at(-1)
  if (first === undefined || last === undefined) return null
  const totalSec = shown.reduce((sum, { sec }) => sum + sec, 0)
  const at = (100 * (totalSec - last.sec)) / totalSec
  const clock = (second: number): string => clockText(second * 1000)
  const words = shown.map((each, i) => `${i === 0 ? '' : `from ${clock(each.fromSec)} `}${wordOf(each)}`)
  return (
    <>
      <div class="spells" role="img" aria-label={`Since ${clock(first.fromSec)} ${words.join(', ')}`}>
        {shown.map(({ fromSec, word, tone, sec }) => (
          <i key={fromSec} data-tone={word === null ? 'muted' : tone} style={{ flexGrow: sec }} />
        ))}
      </div>
      <p class="spells-times" aria-hidden="true">
        <span>
          {clock(first.fromSec).slice(0, 5)} {wordOf(first)}
        </span>
        {shown.length > 1 && at > CAPTION_FROM && at < CAPTION_TO ? (
          <span style={{ left: `${at}%` }}>
            {clock(last.fromSec)} {wordOf(last)}
          </span>
        ) : null}
        <span>now</span>
      </p>
    </>
  )
}

function State({
  state: { field, panelKey },
  nowMs,
}: {
  readonly state: StateField
  readonly nowMs: number
}) {
  const nowSec = Math.floor(nowMs / 1000)
  const shown = stretches(spells.value, spanSec.peek(), nowSec)
  const since = spells.value.at(-1)?.fromSec ?? nowSec
  const duration = durationText(Math.max(0, nowSec - since) * 1000)
  const wasSeen = spells.value.length > 1
  const tone = isStale.value ? undefined : field.tone
  return (
    <>
      <div class="hero-state">
        <p class="hero-word" data-tone={tone}>
          <span aria-hidden="true">{SHAPES[tone ?? 'muted']}</span>
          {field.text}
        </p>
        <p class="hero-since">
          <span title={field.label}>{labelOf(field.label, panelKey).label}</span>
          {wasSeen
            ? `, since ${clockText(since * 1000)}, ${duration}`
            : `, the same for ${duration} or longer`}
        </p>
      </div>
      {knownSec.peek() < LEAST_SEC || isStale.value ? null : <Strip shown={shown} />}
    </>
  )
}

/** Whether it has anything to say: the document's own word, or numbers that move. */
export const hasHero = computed(
  () => automatic.value !== null && (saidState.value !== null || tiles(drawnAtMs.value).length > 0),
)

/** `16 of 16 members shown` */
function countText({ shown, hidden }: MemberCounts): string {
  if (shown !== null) return `${shown} of ${shown + hidden} members shown`
  return hidden === 0 ? 'every member is shown' : `${hidden} members are not shown`
}

/** For the foot of the page; null on a board that is not automatic. */
export function AutomaticNote() {
  const members = automatic.value
  if (members === null) return null
  return (
    <span>
      Automatic board: {countText(members)}. <code>g6 board init</code> writes it as a file, to name, order
      and judge them.
    </span>
  )
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
  const state = saidState.value
  const numbers = tiles(atMs.value)
  return (
    <section
      ref={ref}
      class="card hero"
      data-tone={isStale.value ? undefined : state?.field.tone}
      aria-labelledby="hero-title"
    >
      <header>
        <h2 id="hero-title">{state?.panelTitle ?? 'Automatic board'}</h2>
        <span class="plot-remark">{state === null ? '' : 'state and '}what moves most</span>
      </header>
      {state === null ? null : <State state={state} nowMs={atMs.value} />}
      {numbers.length === 0 ? null : (
        <div class="tiles">
          {numbers.map(each => (
            <Tile key={each.id} shown={each} />
          ))}
        </div>
      )}
    </section>
  )
}

/** Null on a board that is not automatic, and where there is nothing to say. */
export function Hero() {
  return hasHero.value ? <Drawn /> : null
}
