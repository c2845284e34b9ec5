// The state word of an automatic board, and how it went while this page was open.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { ClientPanel } from '../../client/index.js'
import { isNotWell } from '../../src/display/shape.js'
import type { Field, Tone } from '../../src/panels/panel.js'
import { blocksFrom } from '../../src/panels/parse-panel.js'
import { board, connection, health, received } from '../model.js'
import type { MemberCounts } from '../state/health.js'
import type { ShownPanel } from '../state/panels.js'
import { stale } from '../state/staleness.js'
import { type Spell, withWord } from './spells.js'

let lastMembers: MemberCounts | null = null
/** Members of the document on the board; null where the board is not an automatic one. Kept while the server does not answer. */
export const automatic: ReadonlySignal<MemberCounts | null> = computed(() => {
  if (health.value !== null) lastMembers = health.value.members
  return lastMembers
})

export type StateField = { readonly panelKey: string; readonly panelTitle: string; readonly field: Field }

/** The first word of state among the fields of a panel. */
export function stateField(panel: ClientPanel): StateField | null {
  for (const block of blocksFrom(panel.blocks, panel.lines)) {
    if (block.kind !== 'fields') continue
    const field = block.items.find(
      ({ tone, value }) => value === undefined && tone !== undefined && tone !== 'muted',
    )
    if (field !== undefined) return { panelKey: panel.key, panelTitle: panel.title, field }
  }
  return null
}

const read = new WeakMap<ClientPanel, StateField | null>()

/** The document's own word: in the first panel, which has the members of the top level. */
const chosen = computed(() => {
  const [first] = automatic.value === null ? [] : (received.value?.panels.values() ?? [])
  if (first === undefined) return null
  const known = read.get(first)
  if (known !== undefined) return known
  const made = stateField(first)
  read.set(first, made)
  return made
})

/** Whether the word says that it is well while the verdict says that it is not: large and green it would contradict the bar. */
export function isContradicted(tone: Tone | undefined, verdict: string | undefined): boolean {
  return !isNotWell(tone) && (verdict === 'attention' || verdict === 'failing')
}

const kept = signal<readonly Spell[]>([])

export const spells: ReadonlySignal<readonly Spell[]> = kept
/** The state word that is shown large; null where there is none. */
export const saidState: ReadonlySignal<StateField | null> = computed(() =>
  isContradicted(chosen.value?.field.tone, board.value?.verdict?.word) ? null : chosen.value,
)

/** Whether the panel has nothing but the word that is shown large. */
export function isSaid(panel: ShownPanel): boolean {
  if (saidState.value?.panelKey !== panel.key) return false
  const [first, ...others] = panel.blocks
  return first?.kind === 'fields' && first.items.length === 1 && others.length === 0
}

/** Starts to keep how the state word goes; returns a function that stops this. */
export function startSpells(): () => void {
  return effect(() => {
    const isKnown = connection.value.state === 'live' && stale.value === null
    const field = chosen.value?.field
    const word = isKnown ? (field?.text ?? null) : null
    kept.value = withWord(kept.peek(), word, field?.tone ?? 'muted', Math.floor(Date.now() / 1000))
  })
}
