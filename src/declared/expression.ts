// Expressions: JMESPath with `@key`. The library parses the text; evaluate.ts evaluates it. Here are the limits of the text, its errors in
// plain words, and what is known of an expression before it is evaluated.
import { compile as parse } from '@jmespath-community/jmespath'
import { emptyRecord } from '../snapshot/value.js'
import { EvaluationError } from './budget.js'
import {
  CompileError,
  compiled,
  type Evaluate,
  KEY_VARIABLE,
  type Scope,
  type Variables,
} from './evaluate.js'
import { measured } from './json-value.js'
import { collectMembers, lastNameOf } from './read-members.js'

/** What `read` gives instead of a value: why there is none. */
export class Failure {
  constructor(readonly message: string) {}
}

export type Expression = {
  readonly text: string
  /** The value, which is JSON of at most 1 MiB; null when the path finds nothing; or a Failure. Never throws, and allocates nothing
   * of its own: tables call it for every row. */
  read(value: unknown, scope: Scope): unknown
  /** The same without a limit of size: for lists that are read item by item. */
  select(value: unknown, scope: Scope): unknown
  /** Members of the document that it reads when it is evaluated on the document. */
  readonly documentMembers: ReadonlySet<string>
  /** Members of the document that it reads when it is evaluated on something else: those after `$`. */
  readonly rootMembers: ReadonlySet<string>
  /** The last name of its path: `state` of `connector.state`; null when it does not end in a name. */
  readonly lastName: string | null
}

export type Compiled =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly message: string }

/** Longer expressions are refused: the parser recurses. */
export const MAX_EXPRESSION_CHARS = 2_000
const NO_VARIABLES: Variables = emptyRecord<unknown>()

/** Never throws. */
export function compileExpression(text: string): Compiled {
  if (text.trim() === '') return { ok: false, message: 'it is empty' }
  if (text.length > MAX_EXPRESSION_CHARS)
    return { ok: false, message: `it is longer than ${MAX_EXPRESSION_CHARS} characters` }
  try {
    const node = parse(withKeyVariable(text))
    const run = compiled(node, new Set([KEY_VARIABLE]))
    const measuredRun: Evaluate = (value, scope, variables) => {
      const result = run(value, scope, variables)
      // Numbers, truth values and nothing are never too large, and always JSON.
      if (typeof result === 'string') scope.budget.spendResult(result.length)
      else if (typeof result === 'object' ? result !== null : typeof result === 'function')
        measured(result, scope.budget)
      return result
    }
    const reads = { document: new Set<string>(), root: new Set<string>() }
    collectMembers(node, true, reads)
    return {
      ok: true,
      expression: {
        text,
        read: (value, scope) => readWith(measuredRun, value, scope),
        select: (value, scope) => readWith(run, value, scope),
        documentMembers: new Set([...reads.document, ...reads.root]),
        rootMembers: reads.root,
        lastName: lastNameOf(node),
      },
    }
  } catch (error) {
    return { ok: false, message: faultText(error, text) }
  }
}

function readWith(run: Evaluate, value: unknown, scope: Scope): unknown {
  try {
    scope.budget.begin()
    const result = run(value, scope, NO_VARIABLES) ?? null
    // A number that JSON does not have.
    return typeof result === 'number' && !Number.isFinite(result) ? null : result
  } catch (error) {
    if (error instanceof EvaluationError) return new Failure(error.message)
    // The stack: a value nested thousands of levels deep.
    if (error instanceof RangeError) return new Failure('it is nested too deep')
    throw error
  }
}

/** The text with `@key` as a variable; text in quotes stays as it is. */
function withKeyVariable(text: string): string {
  return text.replace(
    /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|@key(?![A-Za-z0-9_])/gs,
    found => (found === '@key' ? `$${KEY_VARIABLE}` : found),
  )
}

/** The parser's message, without the names of its token types, and what to write instead where that is clear. */
function faultText(error: unknown, text: string): string {
  if (error instanceof CompileError) return error.message
  if (error instanceof RangeError) return 'it is nested too deep'
  if (!(error instanceof Error)) throw error
  const message = error.message.replace(/^Syntax error[:,] /i, '')
  if (/token.*\bNumber\b/.test(message) && /[=<>+*/-]\s*-?\d/.test(text))
    return 'a number must be in backticks: `5`, not 5'
  if (/token.*\bEOF\b|got: EOF|end of JSON/.test(message))
    return 'it ends too early: something is not closed or missing'
  const unexpected =
    /unexpected token(?: type)?: (?:\w+, value: )?(.*?)(?:\(\w+\))?$|invalid token \(\w+\): "(.*)"$/.exec(
      message,
    )
  const found = unexpected?.[1] ?? unexpected?.[2]
  return found === undefined ? message : `${JSON.stringify(found)} does not fit there`
}
