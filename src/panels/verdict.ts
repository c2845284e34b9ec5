// The verdict: how the system is, in one word, and the reasons. Every surface shows this verdict; none computes its own.
import type { Verdict, VerdictPlace } from '../protocol/events.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { member, text } from '../snapshot/value.js'
import { MISSING } from './format.js'
import type { Block, Cell, Column, Panel, Tone } from './panel.js'
import { stateTone } from './state-words.js'
import { clipText, shownText } from './text.js'

/** A possible reason. A `muted` one does not change the verdict. */
export type Remark = { readonly tone: Tone; readonly text: string; readonly place?: VerdictPlace }

export type VerdictFacts = {
  /** Null on a followed board and before the first good reading. */
  readonly snapshot: Snapshot | null
  readonly panels: Iterable<Panel>
  /** Remarks on the source, the most important first; each becomes a reason. */
  readonly remarks: readonly Remark[]
  /**
   * What a board file's `verdict` gives; null or absent: it has none, or the value does not say how it is (`muted`, `info`). It
   * replaces the document's own words, and values on the board are then reasons only: the operator decides what is failing.
   */
  readonly own?: Remark | null
  /** The document's own word as an automatic board judged it; absent: it is read here. */
  readonly ofDocument?: Remark | null
}

/** Reasons shown; the last one counts the others. */
const MAX_REASONS = 5
const REASON_WIDTH = 80
/** A longer name of a row is no help for finding it. */
const MAX_ROW = 120

/** A value on the board. `plain`: a field with its label only, as the document's own word would be quoted. */
type Found = Remark & { readonly place: VerdictPlace; readonly plain?: string }

/** What a panel shows: whether anything is ok, and everything that is not. */
type Evidence = { readonly isWell: boolean; readonly bad: readonly Found[] }

/** Each panel object is read once. */
const evidences = new WeakMap<Panel, Evidence>()

/** Members of the top level that say how it is. */
export const OWN_WORDS = ['status', 'state', 'health', 'healthy', 'ok'] as const

const SAYS_NOTHING_ALONE: ReadonlySet<string> = new Set([...OWN_WORDS, 'phase', 'result', 'active', 'count'])
const HAS_LETTER = /\p{L}/u
/** States that need the name of their column: `web-5 ready: False`. */
const SAYS_LITTLE = /^(?:true|false|yes|no)$/i

/** `name`, after the title of its panel where it does not say by itself what it is: `Tasks 1`, `Connector state`. */
function named(name: string, { title }: Panel, isEnough: boolean): string {
  return isEnough ? name : `${title} ${name}`.trimEnd()
}

/** `NIFTY DQ %: 62.00`, `Provider: down`, `critical: no ticks for 30 s` */
function cellText(panel: Panel, columns: readonly Column[], row: readonly Cell[], at: number): string {
  const shown = row[at]?.text ?? ''
  const message = row[columns.findIndex(({ role }) => role === 'message')]?.text
  if (message !== undefined && message !== MISSING && message !== shown) return `${shown}: ${message}`
  const { label = '', role } = columns[at] ?? {}
  const isState = role === 'state'
  const before = columns.slice(0, isState ? at : Math.max(1, at)).flatMap((column, i) => {
    const cell = row[i]
    const isName = cell !== undefined && cell.value === undefined && cell.text !== MISSING
    return isName && column.role !== 'state' ? [{ text: cell.text, priority: column.priority ?? 0 }] : []
  })
  const best = Math.max(...before.map(({ priority }) => priority))
  const only = before.find(({ priority }) => priority === best) ?? row[0]
  // A state is that of all its names (`InfluxDB connection_healthy`), a number that of the most important one.
  const names = isState ? before : only === undefined ? [] : [only]
  const name = names.map(({ text: part }) => part).join(' ')
  const whole = named(name, panel, HAS_LETTER.test(name))
  return isState && !SAYS_LITTLE.test(shown) ? `${whole}: ${shown}` : `${whole} ${label}: ${shown}`
}

function cellPlace(panel: Panel, columns: readonly Column[], row: readonly Cell[], at: number): VerdictPlace {
  const name = at === 0 ? undefined : row[0]?.text
  const label = columns[at]?.label
  return {
    panel: panel.key,
    ...(name === undefined || name === '' || name.length > MAX_ROW ? {} : { row: name }),
    ...(label === undefined ? {} : { label }),
  }
}

function hasOk(block: Block): boolean {
  switch (block.kind) {
    case 'text':
      return block.tone === 'ok'
    case 'fields':
      return block.items.some(({ tone }) => tone === 'ok')
    case 'table':
      return block.rows.some(row => row.some(({ tone }) => tone === 'ok'))
  }
}

/** What is not well in a block. */
function badIn(panel: Panel, block: Block): readonly Found[] {
  const { key } = panel
  switch (block.kind) {
    case 'text':
      return isBadTone(block.tone) ? [{ tone: block.tone, text: block.text, place: { panel: key } }] : []
    case 'fields':
      return block.items.flatMap(({ label, text: shown, tone }) => {
        if (!isBadTone(tone)) return []
        const name = named(label, panel, !SAYS_NOTHING_ALONE.has(label))
        return [
          { tone, text: `${name}: ${shown}`, plain: `${label}: ${shown}`, place: { panel: key, label } },
        ]
      })
    case 'table':
      return block.rows.flatMap(row =>
        row.flatMap(({ tone }, at) => {
          if (!isBadTone(tone)) return []
          const { columns } = block
          const text = cellText(panel, columns, row, at)
          return [{ tone, text, place: cellPlace(panel, columns, row, at) }]
        }),
      )
  }
}

/** Where the blocks of a bad panel have no tones (an older server, or a cut panel), its own tone counts. */
function evidenceOf(panel: Panel): Evidence {
  const known = evidences.get(panel)
  if (known !== undefined) return known
  const bad = panel.blocks.flatMap(block => badIn(panel, block))
  const made: Evidence = {
    isWell: panel.blocks.some(hasOk),
    bad:
      bad.length === 0 && isBad(panel)
        ? [{ tone: panel.tone, text: panel.title, place: { panel: panel.key } }]
        : bad,
  }
  evidences.set(panel, made)
  return made
}

/** Members that hold the answer of a request; next to them `status: success` and `ok: true` speak of the request only. */
const ANSWERS = ['data', 'result', 'results', 'response'] as const
const REQUEST_DONE = /^(success|succeeded|successful|ok)$/i

function answersRequest(raw: Snapshot['raw'], name: string, value: unknown): boolean {
  const isDone =
    (name === 'ok' && value === true) || (name === 'status' && REQUEST_DONE.test(text(value) ?? ''))
  return isDone && ANSWERS.some(answer => typeof member(raw, answer) === 'object')
}

/** The document's own verdict: a state word or a boolean on its top level; null when there is none. */
function ownRemark({ raw, origins }: Snapshot): Remark | null {
  const found: Remark[] = []
  for (const name of OWN_WORDS) {
    const value = member(raw, name)
    if (answersRequest(raw, name, value)) continue
    if (typeof value === 'boolean' && (name === 'healthy' || name === 'ok'))
      found.push({ tone: value ? 'ok' : 'error', text: `${name}: ${value}` })
    const word = text(value)
    // Bare text under `health` is a component, which a panel shows.
    if (word !== null && origins.health !== name)
      found.push({ tone: stateTone(word), text: `${name}: ${shownText(word)}` })
  }
  for (const tone of ['error', 'warn', 'ok'] as const) {
    const worst = found.find(remark => remark.tone === tone)
    if (worst !== undefined) return worst
  }
  return null
}

/** Unless the market is closed, prices of 0 are a fault of the feed. */
function zeroPrices({ market, indices }: Snapshot): Remark | null {
  if (market.state === 'closed') return null
  const prices = indices.map(({ ltp }) => ltp).filter(ltp => ltp !== null)
  return prices.length > 0 && prices.every(price => price === 0)
    ? { tone: 'warn', text: 'all prices are 0', place: { panel: 'indices' } }
    : null
}

type Reasons = Pick<Verdict, 'reasons' | 'places'>

/** Each text once, and a bounded number of them. Only what is shown is clipped: there may be thousands. */
function shown(remarks: readonly Remark[]): Reasons {
  const first = new Map<string, Remark>()
  for (const remark of remarks) if (!first.has(remark.text)) first.set(remark.text, remark)
  const most = first.size <= MAX_REASONS ? MAX_REASONS : MAX_REASONS - 1
  const places = new Map<string, VerdictPlace | null>()
  for (const { text: reason, place = null } of [...first.values()].slice(0, most)) {
    const clipped = clipText(reason, REASON_WIDTH)
    if (!places.has(clipped)) places.set(clipped, place)
  }
  if (first.size > most) places.set(`${first.size - most} more`, null)
  const isSomewhere = [...places.values()].some(place => place !== null)
  return { reasons: [...places.keys()], ...(isSomewhere ? { places: [...places.values()] } : {}) }
}

const isBadTone = (tone: Tone | undefined): tone is 'error' | 'warn' => tone === 'error' || tone === 'warn'
const isBad = ({ tone }: { readonly tone: Tone }): boolean => isBadTone(tone)

const WORD_OF = { error: 'failing', warn: 'attention' } as const

/** The worst of these tones, if any is bad. */
function worstOf(remarks: readonly Remark[]): 'error' | 'warn' | null {
  if (remarks.some(({ tone }) => tone === 'error')) return 'error'
  return remarks.some(({ tone }) => tone === 'warn') ? 'warn' : null
}

/** The values that are not well, without those that repeat the document's own word; and that word with the place of such a value. */
function withoutRepeats(
  bad: readonly Found[],
  own: Remark | null,
): readonly [readonly Found[], Remark | null] {
  const repeated = own === null ? undefined : bad.find(({ plain }) => plain === own.text)
  if (own === null || repeated === undefined) return [bad, own]
  return [bad.filter(({ plain }) => plain !== own.text), { ...own, place: repeated.place }]
}

/** Pure: the same input gives the same verdict, whatever the time. */
export function verdictOf(facts: VerdictFacts): Verdict {
  const { snapshot, panels, remarks, own: declared = null, ofDocument } = facts
  let isEmpty = true
  let isWell = false
  const found: Found[] = []
  for (const panel of panels) {
    const evidence = evidenceOf(panel)
    isEmpty = false
    isWell ||= evidence.isWell
    for (const remark of evidence.bad) found.push(remark)
  }
  const decides = declared !== null && (declared.tone === 'ok' || isBad(declared))
  const ownWord = ofDocument === undefined && snapshot !== null ? ownRemark(snapshot) : (ofDocument ?? null)
  const [bad, own] = withoutRepeats(found, decides || snapshot === null ? declared : ownWord)
  if (own?.tone === 'ok') isWell = true
  const zero = snapshot === null ? null : zeroPrices(snapshot)
  const loud = [...remarks, own, zero].filter(remark => remark !== null).filter(isBad)
  const worstBad = worstOf(bad)
  const quoted = [...loud, ...bad.filter(({ tone }) => tone === worstBad)]
  const notes = remarks.filter(({ tone }) => tone === 'muted')
  const reasons = [
    ...quoted.filter(({ tone }) => tone === 'error'),
    ...quoted.filter(({ tone }) => tone === 'warn'),
    ...notes,
  ]
  const worst = worstOf(decides ? [declared, ...remarks] : quoted)
  if (worst !== null) return { word: WORD_OF[worst], ...shown(reasons) }
  if (isWell) return { word: 'healthy', ...shown(reasons) }
  const silent: Remark = {
    tone: 'muted',
    text: isEmpty && snapshot === null ? 'no board yet' : 'nothing here says how it is',
  }
  return { word: 'unknown', ...shown([silent, ...notes]) }
}

const NO_BETTER: Readonly<Record<Verdict['word'], number>> = {
  healthy: 0,
  unknown: 1,
  attention: 2,
  failing: 3,
}

/** The verdict of a followed server together with our own remarks. Where ours make it worse, nobody knows yet since when. */
export function verdictWith(given: Verdict, remarks: readonly Remark[]): Verdict {
  if (remarks.length === 0) return given
  const tone = worstOf(remarks)
  const own = tone === null ? given.word : WORD_OF[tone]
  const isWorse = NO_BETTER[own] > NO_BETTER[given.word]
  const ours = shown(remarks)
  const places = [
    ...(ours.places ?? ours.reasons.map(() => null)),
    ...(given.places ?? given.reasons.map(() => null)),
  ]
  return {
    word: isWorse ? own : given.word,
    reasons: [...ours.reasons, ...given.reasons],
    ...(!isWorse && given.since !== undefined ? { since: given.since } : {}),
    ...(places.some(place => place !== null) ? { places } : {}),
  }
}

function samePlaces(a: Verdict['places'], b: Verdict['places']): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.length !== b.length) return false
  return a.every((place, i) => {
    const other = b[i]
    return place?.panel === other?.panel && place?.row === other?.row && place?.label === other?.label
  })
}

export function sameVerdict(a: Verdict | null, b: Verdict | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.word === b.word &&
    a.since === b.since &&
    a.reasons.length === b.reasons.length &&
    a.reasons.every((reason, i) => reason === b.reasons[i]) &&
    samePlaces(a.places, b.places)
  )
}
