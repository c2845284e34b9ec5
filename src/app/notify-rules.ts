// The rules of notifications as a program has them: those of the settings, then those of the board file. Reads rules and checks them;
// what carries them out (notify.ts) is loaded only where there is one.
import { textsOf } from '../config/kinds/tables.js'
import { makeRules, type NotifyRule, type NotifyWhen, notifyRow } from '../config/notify-tables.js'
import { compileExpression } from '../declared/expression.js'
import type { Path } from '../declared/positions.js'
import { execRefusal } from '../sources/exec.js'

type RulesOfFile = {
  readonly rules: readonly NotifyRule[]
  /** Paths begin below `notify`. */
  readonly faults: readonly { readonly path: Path; readonly message: string }[]
}

/** Why a condition cannot be read; null: it can. */
export function whenFault(when: NotifyWhen): string | null {
  const compiled = when.kind === 'expression' ? compileExpression(when.text) : null
  return compiled === null || compiled.ok ? null : compiled.message
}

/** The tables [[notify]] of a board file. The files that they name are read for each message: a board may be checked elsewhere. */
export function notifyRulesOf(tables: readonly unknown[]): RulesOfFile {
  const results = tables.map(table => notifyRow.safeParse(table))
  const wrong = results.flatMap((result, at) =>
    result.success
      ? []
      : result.error.issues.flatMap(issue => {
          const path = [at, ...issue.path.map(part => (typeof part === 'number' ? part : String(part)))]
          return textsOf(issue, notifyRow.unwrap(), tables[at]).map(message => ({ path, message }))
        }),
  )
  if (wrong.length > 0) return { rules: [], faults: wrong }
  const rows = results.flatMap(result => (result.success ? [result.data] : []))
  const { values, faults } = makeRules(rows, () => 'not read here', 'board')
  const unread = values.flatMap(({ when }, at) => {
    const why = whenFault(when)
    return why === null ? [] : [{ path: [at, 'when'], message: `when: ${why}` }]
  })
  return {
    rules: values,
    faults: [...faults.map(({ row, text }) => ({ path: [row], message: text })), ...unread],
  }
}

type RulesFrom = {
  readonly settings: readonly NotifyRule[]
  readonly board: { readonly path: string; readonly rules: readonly NotifyRule[] } | null
  readonly allowExec: boolean
}

/** All rules together. Throws an Error that says what is wrong. */
export function allRules({ settings, board, allowExec }: RulesFrom): readonly NotifyRule[] {
  const ofBoard = board?.rules ?? []
  const names = new Set(settings.map(({ name }) => name))
  const twice = ofBoard.find(({ name }) => names.has(name))
  if (twice !== undefined)
    throw new Error(
      `the rule ${twice.name} is in the settings and in the board file; allowed: a name for each`,
    )
  const runs = ofBoard.some(({ send }) => send.some(({ kind }) => kind === 'exec'))
  // A board file may be written by another person than the operator.
  const refusal = runs && board !== null ? execRefusal(board.path, allowExec) : null
  if (refusal !== null) throw new Error(refusal)
  return [...settings, ...ofBoard]
}
