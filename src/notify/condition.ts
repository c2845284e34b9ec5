// What a rule looks at, and whether its condition holds. An expression sees the board as data:
//
//   verdict, reasons, source {state, age_sec, too_old, error}, panels {<key>: {title, tone}}, facts {<key>: …}
//
// Cost: once a cycle for each rule; the tree of an expression is made only where there is one, of references to what the board has.
import type { Board } from '../board/board.js'
import type { NotifyWhen } from '../config/notify-tables.js'
import { Budget } from '../declared/budget.js'
import { compileExpression, type Expression, Failure } from '../declared/expression.js'
import { isFalsy } from '../declared/json-value.js'
import type { SourceState } from '../engine/cycle.js'
import type { Tone } from '../panels/panel.js'
import { clipText } from '../panels/text.js'
import type { Verdict } from '../protocol/events.js'

/** What the loop knows. */
export type NotifyFacts = {
  readonly board: Board
  readonly verdict: Verdict
  readonly source: SourceState
  /** Since this server began to read; for a source that has never given anything. */
  readonly runningMs: number
}

export type Check = {
  /** Null: nobody knows, so what was stays. */
  readonly holds: boolean | null
  readonly reasons: readonly string[]
  /** When time alone may change it, in ms from now; null: never. */
  readonly changesInMs: number | null
  /** Why an expression has no value. */
  readonly fault: string | null
}

export type Condition = {
  /** For people: `verdict != 'healthy'`, `provider is error`. */
  readonly text: string
  check(facts: NotifyFacts): Check
}

export type CompiledCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly message: string }

/** A server that has just begun has no board: this long it says nothing about the system. */
export const FIRST_BOARD_MS = 30_000
/** Steps of one expression: about 2 ms. */
const STEPS = 100_000
const MAX_TEXT = 200
const MAX_REASONS = 5

const RANK: Readonly<Record<Tone, number>> = { muted: 0, ok: 0, info: 1, warn: 2, error: 3 }
const LEVEL_TONE = { info: 'info', warn: 'warn', critical: 'error' } as const
const ALERTS = 'alerts'

const known = (holds: boolean, reasons: readonly string[]): Check => ({
  holds,
  reasons: reasons.slice(0, MAX_REASONS),
  changesInMs: null,
  fault: null,
})
const unknown = (fault: string | null, changesInMs: number | null = null): Check => ({
  holds: null,
  reasons: [],
  changesInMs,
  fault,
})

export function compileCondition(when: NotifyWhen): CompiledCondition {
  switch (when.kind) {
    case 'expression':
      return ofExpression(when.text)
    case 'panel':
      return made(`${when.panel} is ${when.tone}`, facts => panelCheck(facts, when.panel, RANK[when.tone]))
    case 'alert':
      return made(`an alert is ${when.level}`, facts =>
        panelCheck(facts, ALERTS, RANK[LEVEL_TONE[when.level]]),
      )
    case 'silence': {
      const { afterMs, source } = when
      const name = source === null ? 'the source' : `source ${source}`
      return made(`${name} is silent for ${afterMs / 1000} s`, facts => silence(facts, afterMs, source))
    }
  }
}

/** Conditions on the board wait for the first one; silence does not. */
function made(text: string, check: Condition['check']): CompiledCondition {
  return { ok: true, condition: { text: clipText(text, MAX_TEXT), check } }
}

function waits({ board, runningMs }: NotifyFacts): Check | null {
  return board.generation === 0 && runningMs < FIRST_BOARD_MS
    ? unknown(null, FIRST_BOARD_MS - runningMs)
    : null
}

function ofExpression(text: string): CompiledCondition {
  const compiled = compileExpression(text)
  if (!compiled.ok) return { ok: false, message: compiled.message }
  const { expression } = compiled
  return made(text, facts => waits(facts) ?? expressionCheck(expression, facts))
}

function expressionCheck(expression: Expression, facts: NotifyFacts): Check {
  const document = treeOf(facts)
  const value = expression.read(document, { budget: new Budget(STEPS), document, key: null })
  return value instanceof Failure ? unknown(value.message) : known(!isFalsy(value), facts.verdict.reasons)
}

function treeOf({ board, verdict, source }: NotifyFacts): Readonly<Record<string, unknown>> {
  const panels: Record<string, unknown> = Object.create(null)
  const facts: Record<string, unknown> = Object.create(null)
  for (const [key, panel] of board.panels) {
    panels[key] = { title: panel.title, tone: panel.tone }
    facts[key] = panel.facts ?? {}
  }
  return {
    verdict: verdict.word,
    reasons: verdict.reasons,
    source: {
      state: source.state,
      age_sec: source.ageSec,
      too_old: source.tooOld,
      error: source.error,
      parts: (source.parts ?? []).map(({ name, state }) => ({ name, state })),
    },
    panels,
    facts,
  }
}

function panelCheck(facts: NotifyFacts, key: string, least: number): Check {
  const waiting = waits(facts)
  if (waiting !== null) return waiting
  const { board, verdict } = facts
  const panel = board.panels.get(key)
  if (panel === undefined) return known(false, [])
  const own = verdict.reasons.filter((_, i) => verdict.places?.[i]?.panel === key)
  return known(RANK[panel.tone] >= least, own.length > 0 ? own : [`${panel.title}: ${panel.tone}`])
}

/** The age of the document, or of the member that one of several sources gives. */
function silence({ source, runningMs }: NotifyFacts, afterMs: number, name: string | null): Check {
  const part = name === null ? undefined : source.parts?.find(each => each.name === name)
  // A named source that is well is not listed: it is as old as the document at most.
  const isListed = name === null || part !== undefined
  const ageMs = isListed ? ageOf(source, runningMs) : 0
  const partMs =
    part?.changedAtMs == null || source.changedAtMs === null ? 0 : source.changedAtMs - part.changedAtMs
  const silentMs = ageMs + Math.max(0, partMs)
  const who = name ?? 'the source'
  const why = source.error === null || name !== null ? [] : [source.error]
  const reasons = [`${who} has given nothing new for ${Math.floor(silentMs / 1000)} s`, ...why]
  const isSilent = silentMs >= afterMs
  return { ...known(isSilent, reasons), changesInMs: isSilent ? null : afterMs - silentMs }
}

const ageOf = ({ ageSec }: SourceState, runningMs: number): number =>
  ageSec === null ? runningMs : ageSec * 1000
