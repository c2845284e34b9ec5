// The verdict: how the system is, in one word, and the reasons. Every surface shows this verdict; none computes its own.
import type { Verdict } from '../protocol/events.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { member, text } from '../snapshot/value.js'
import { MISSING } from './format.js'
import type { Block, Cell, Column, Panel, Tone } from './panel.js'
import { stateTone } from './state-words.js'
import { clipText, shownText } from './text.js'

/** A possible reason. A `muted` one does not change the verdict. */
export type Remark = { readonly tone: Tone; readonly text: string }

export type VerdictFacts = {
  /** Null on a followed board and before the first good reading. */
  readonly snapshot: Snapshot | null
  readonly panels: Iterable<Panel>
  /** Remarks on the source, the most important first; each becomes a reason. */
  readonly remarks: readonly Remark[]
}

/** Reasons shown; the last one counts the others. */
const MAX_REASONS = 5
const REASON_WIDTH = 80

/** What a panel shows: whether anything is ok, and everything that is not. */
type Evidence = { readonly isWell: boolean; readonly bad: readonly Remark[] }

/** Each panel object is read once. */
const evidences = new WeakMap<Panel, Evidence>()

/** `NIFTY DQ %: 62.00`, `Provider: down`, `critical: no ticks for 30 s` */
function cellRemark(tone: Tone, columns: readonly Column[], row: readonly Cell[], at: number): Remark {
  const shown = row[at]?.text ?? ''
  const message = row[columns.findIndex(({ role }) => role === 'message')]?.text
  if (message !== undefined && message !== MISSING && message !== shown)
    return { tone, text: `${shown}: ${message}` }
  const { label = '', role } = columns[at] ?? {}
  if (role !== 'state') return { tone, text: `${row[0]?.text ?? ''} ${label}: ${shown}` }
  const names = row.slice(0, at).filter(cell => cell.value === undefined && cell.text !== MISSING)
  return { tone, text: `${names.map(({ text: name }) => name).join(' ')}: ${shown}` }
}

function blockRemarks(block: Block): readonly Remark[] {
  switch (block.kind) {
    case 'text':
      return block.tone === undefined ? [] : [{ tone: block.tone, text: block.text }]
    case 'fields':
      return block.items.flatMap(({ label, text: shown, tone }) =>
        tone === undefined ? [] : [{ tone, text: `${label}: ${shown}` }],
      )
    case 'table':
      return block.rows.flatMap(row =>
        row.flatMap(({ tone }, at) => (tone === undefined ? [] : [cellRemark(tone, block.columns, row, at)])),
      )
  }
}

/** Where the blocks of a bad panel have no tones (an older server, or a cut panel), its own tone counts. */
function evidenceOf(panel: Panel): Evidence {
  const known = evidences.get(panel)
  if (known !== undefined) return known
  const remarks = panel.blocks.flatMap(blockRemarks)
  const bad = remarks.filter(({ tone }) => tone === 'error' || tone === 'warn')
  const isBad = panel.tone === 'error' || panel.tone === 'warn'
  const made: Evidence = {
    isWell: remarks.some(({ tone }) => tone === 'ok'),
    bad: bad.length === 0 && isBad ? [{ tone: panel.tone, text: panel.title }] : bad,
  }
  evidences.set(panel, made)
  return made
}

/** Members of the top level that say how it is. */
export const OWN_WORDS = ['status', 'state', 'health', 'healthy', 'ok'] as const

/** The document's own verdict: a state word or a boolean on its top level; null when there is none. */
function ownRemark({ raw, origins }: Snapshot): Remark | null {
  const said: Remark[] = []
  for (const name of OWN_WORDS) {
    const value = member(raw, name)
    if (typeof value === 'boolean') said.push({ tone: value ? 'ok' : 'error', text: `${name}: ${value}` })
    const word = text(value)
    // Bare text under `health` is a component, which a panel shows.
    if (word !== null && origins.health !== name)
      said.push({ tone: stateTone(word), text: `${name}: ${shownText(word)}` })
  }
  for (const tone of ['error', 'warn', 'ok'] as const) {
    const worst = said.find(remark => remark.tone === tone)
    if (worst !== undefined) return worst
  }
  return null
}

/** Values that name the writer, a time or an address say nothing about health. */
const NAMES_ONLY = /^(app\.|config\.|links$|writtenAtMs$)/

function isRecognised({ origins }: Snapshot): boolean {
  return Object.entries(origins).some(
    ([name, path]) => !NAMES_ONLY.test(name) && !(name === 'cycle.lastStartMs' && path === 'timestamp'),
  )
}

/** Unless the market is closed, prices of 0 are a fault of the feed. */
function zeroPrices({ market, indices }: Snapshot): Remark | null {
  if (market.state === 'closed') return null
  const prices = indices.map(({ ltp }) => ltp).filter(ltp => ltp !== null)
  return prices.length > 0 && prices.every(price => price === 0)
    ? { tone: 'warn', text: 'all prices are 0' }
    : null
}

function shown(remarks: readonly Remark[]): readonly string[] {
  // Only what is shown is clipped: there may be thousands.
  const all = [...new Set(remarks.map(({ text: said }) => said))]
  const most = all.length <= MAX_REASONS ? MAX_REASONS : MAX_REASONS - 1
  const texts = all.slice(0, most).map(said => clipText(said, REASON_WIDTH))
  return all.length <= MAX_REASONS ? [...new Set(texts)] : [...new Set(texts), `${all.length - most} more`]
}

const isBad = ({ tone }: Remark): boolean => tone === 'error' || tone === 'warn'

/** Pure: the same input gives the same verdict, whatever the time. */
export function verdictOf({ snapshot, panels, remarks }: VerdictFacts): Verdict {
  let isEmpty = true
  let isWell = false
  const bad: Remark[] = []
  for (const panel of panels) {
    const evidence = evidenceOf(panel)
    isEmpty = false
    isWell ||= evidence.isWell
    for (const remark of evidence.bad) bad.push(remark)
  }
  const own = snapshot === null ? null : ownRemark(snapshot)
  const zero = snapshot === null ? null : zeroPrices(snapshot)
  const recognised = snapshot === null || isRecognised(snapshot)
  if (own?.tone === 'ok' && recognised) isWell = true
  const loud = [...remarks, zero, own].filter(remark => remark !== null).filter(isBad)
  const notes = remarks.filter(({ tone }) => tone === 'muted')
  // Remarks on the source say nothing about the document, so they do not make it recognised.
  const isForeign = !recognised && !isEmpty && (own === null || !isBad(own))
  const foreign: readonly Remark[] = isForeign ? [{ tone: 'muted', text: 'nothing recognised' }] : []
  for (const [tone, word] of [
    ['error', 'failing'],
    ['warn', 'attention'],
  ] as const) {
    const worst = bad.filter(remark => remark.tone === tone)
    if (worst.length === 0 && loud.every(remark => remark.tone !== tone)) continue
    return { word, reasons: shown([...foreign, ...loud, ...worst, ...notes]) }
  }
  if (isWell) return { word: 'healthy', reasons: shown(notes) }
  const why = isEmpty ? 'no board yet' : isForeign ? null : 'nothing here says how it is'
  const silent: readonly Remark[] = why === null ? foreign : [{ tone: 'muted', text: why }]
  return { word: 'unknown', reasons: shown([...silent, ...notes]) }
}

const NO_BETTER: Readonly<Record<Verdict['word'], number>> = {
  healthy: 0,
  unknown: 1,
  attention: 2,
  failing: 3,
}

/** The verdict of a followed server together with our own remarks. */
export function verdictWith(given: Verdict, remarks: readonly Remark[]): Verdict {
  if (remarks.length === 0) return given
  const tones = remarks.map(({ tone }) => tone)
  const own = tones.includes('error') ? 'failing' : tones.includes('warn') ? 'attention' : given.word
  const word = NO_BETTER[own] > NO_BETTER[given.word] ? own : given.word
  return { word, reasons: [...shown(remarks), ...given.reasons] }
}

export function sameVerdict(a: Verdict | null, b: Verdict | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.word === b.word &&
    a.reasons.length === b.reasons.length &&
    a.reasons.every((reason, i) => reason === b.reasons[i])
  )
}
