// A compiled board on one document: panels, the remark of its verdict, and what did not work. Never throws.
import { factPart } from '../automatic/table.js'
import { field } from '../panels/cells.js'
import type { Fact } from '../panels/facts.js'
import { makePanel } from '../panels/lines.js'
import type { Block, Field, Panel } from '../panels/panel.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import type { Remark } from '../panels/verdict.js'
import { emptyRecord, isSafeName } from '../snapshot/value.js'
import type { CompiledPanel, CompiledParts, Item } from './compile.js'
import { isBad, type PanelContent } from './content.js'
import { Evaluation, type MakeContext } from './evaluation.js'
import { Failure } from './expression.js'
import { kindOf } from './json-value.js'
import type { Fault } from './parse.js'
import { tableContent } from './table.js'
import { toneOfBoolean, toneOfWord } from './tones.js'

export type Made = {
  readonly panels: readonly Panel[]
  /** What the expression `verdict` says; null where there is none, or it says nothing. */
  readonly verdict: Remark | null
  /** What finds nothing or fails on this document. */
  readonly faults: readonly Fault[]
  /** When time alone may change the panels, epoch ms; Infinity = never. */
  readonly untilMs: number
}

const TOO_LONG: Block = {
  kind: 'text',
  text: 'not complete: the expressions of this board take too long for this document',
  tone: 'warn',
}

export function makeBoard(parts: CompiledParts, document: unknown, context: MakeContext): Made {
  const evaluation = new Evaluation(document, context, parts.sources)
  // First, so that it is never what the budget lacks for.
  const verdict = verdictRemark(parts, evaluation)
  const panels = parts.panels.map(panel => panelOf(panel, evaluation))
  return { panels, verdict, faults: evaluation.faults, untilMs: evaluation.untilMs }
}

function panelOf(panel: CompiledPanel, evaluation: Evaluation): Panel {
  const { key, title, body } = panel
  const before = downNotes(panel, evaluation)
  if (evaluation.isUsedUp) return makePanel(key, title, [...before, TOO_LONG])
  const { blocks, facts } =
    'fields' in body ? fieldsContent(body.fields, evaluation) : tableContent(key, body, evaluation)
  const after = evaluation.isUsedUp ? [TOO_LONG] : []
  return makePanel(key, title, [...before, ...blocks, ...after], facts)
}

function downNotes({ reads }: CompiledPanel, { context: { down } }: Evaluation): readonly Block[] {
  return [...(down ?? [])]
    .filter(([name]) => reads.has(name))
    .map(([name, why]) => ({
      kind: 'text',
      text: shownText(`${name}: ${why}`, MESSAGE_WIDTH),
      tone: 'error',
    }))
}

function fieldsContent(items: readonly Item[], evaluation: Evaluation): PanelContent {
  const facts = emptyRecord<Fact>()
  const fields: Field[] = []
  for (const item of items) {
    const { cell } = evaluation.made(item, evaluation.find(item.from))
    if (item.onlyBad && !isBad(cell)) continue
    const { value, unit } = cell
    const plain = field(item.label, cell)
    const made = unit === undefined ? plain : { ...plain, unit }
    const hasFact = value !== undefined && isSafeName(item.label) && facts[item.label] === undefined
    if (hasFact) facts[item.label] = value
    fields.push(hasFact && item.hasHistory ? { ...made, fact: factPart(item.label) } : made)
  }
  return { blocks: [{ kind: 'fields', items: fields }], facts }
}

function verdictRemark({ verdict, words }: CompiledParts, evaluation: Evaluation): Remark | null {
  if (verdict?.expression == null) return null
  const value = evaluation.find(verdict)
  if (value === null || value instanceof Failure) return null
  const name = verdict.expression.lastName ?? 'verdict'
  const tone =
    typeof value === 'string'
      ? toneOfWord(value, [name], words)
      : typeof value === 'boolean'
        ? (toneOfBoolean(value, [name], words) ?? (value ? 'ok' : 'error'))
        : null
  if (tone !== null && tone !== 'muted')
    return { tone, text: `${shownText(name)}: ${shownText(String(value))}` }
  const shown = typeof value === 'string' ? JSON.stringify(shownText(value, 60)) : kindOf(value)
  evaluation.failed(verdict, `${shown} is no state word that is known; words = { … } adds it`)
  return null
}
