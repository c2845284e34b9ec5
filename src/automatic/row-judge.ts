// How a row is: the worst of its states. A table has as many rows as the document has, and only a few different sets of states in
// them, so each set is judged once: the values lead through a tree of maps to what was found the first time.
import type { Tone } from '../panels/panel.js'
import type { JsonMap } from '../snapshot/value.js'
import { type CellContext, toneOfValue } from './cells.js'
import type { TablePlan } from './columns.js'
import { MAX_STATE_CHARS, type StateValue, type Surroundings, stateAt, surroundingsOf } from './judge.js'
import { Found, findLeaves, leavesAt, type Path } from './leaves.js'
import { ANY } from './names.js'

export const RANKS: readonly (Tone | undefined)[] = [undefined, 'ok', 'info', 'warn', 'error']
export const rankOf = (tone: Tone | undefined): number => Math.max(0, RANKS.indexOf(tone))
export const WARN = rankOf('warn')

/** The state of a row: its worst tone, and the value that has it. */
export type Judged = {
  readonly rank: number
  readonly path: Path | null
  readonly value: unknown
  readonly around: Surroundings
}

/** Of one table and document; rows with further sets of states are judged one by one. */
const MAX_NODES = 4_096

class Node {
  judged: Judged | null = null
  readonly next = new Map<unknown, Node>()
}

/** Judges the rows of one table, of one document. */
export class RowJudge {
  readonly #root = new Node()
  #nodes = 0
  /** What the judgement of a row depends on: its kind and its states. */
  readonly #paths: readonly {
    readonly path: Path
    readonly isMany: boolean
    /** The name of a member of the row itself; null for a path below one. */
    readonly name: string | null
  }[]
  readonly #found = new Found()

  constructor(
    private readonly plan: TablePlan,
    private readonly context: CellContext,
  ) {
    const { kind, states } = plan
    const paths = kind === null ? states : [kind, ...states]
    this.#paths = paths.map(path => ({
      path,
      isMany: path.includes(ANY),
      name: path.length === 1 ? (path[0] ?? null) : null,
    }))
  }

  judge(row: JsonMap): Judged {
    let node: Node | null = this.#root
    const found = this.#found
    for (const { path, isMany, name } of this.#paths) {
      const own = name === null ? undefined : row[name]
      // Most states, without a list for them.
      if (typeof own === 'string' && own !== '') {
        node = this.#next(node, own)
        continue
      }
      findLeaves(row, path, found)
      for (let i = 0; i < found.count; i++) node = this.#next(node, found.values[i])
      // Where there may be several, so that none of the next path is taken for one of this.
      if (isMany || found.count === 0) node = this.#next(node, undefined)
    }
    if (node === null) return this.#judged(row)
    node.judged ??= this.#judged(row)
    return node.judged
  }

  #next(node: Node | null, value: unknown): Node | null {
    // Lists that say something are rare, and no two are alike.
    if (node === null || (Array.isArray(value) && value.length > 0)) return null
    const key = saysSomething(value) ? value : null
    const known = node.next.get(key)
    if (known !== undefined) return known
    if (this.#nodes === MAX_NODES) return null
    this.#nodes++
    const made = new Node()
    node.next.set(key, made)
    return made
  }

  #judged(row: JsonMap): Judged {
    const { plan, context } = this
    const kind = plan.kind === null ? undefined : leavesAt(row, plan.kind)[0]
    const around = surroundingsOf(
      statesOf(plan, row),
      plan.hasMessage,
      typeof kind === 'string' ? kind : null,
    )
    let worst: Judged = { rank: 0, path: null, value: undefined, around }
    for (const path of plan.states) {
      for (const value of leavesAt(row, path)) {
        const rank = rankOf(toneOfValue(value, path, around, context))
        if (rank > worst.rank) worst = { rank, path, value, around }
      }
    }
    return worst
  }
}

/** Texts and booleans are states; numbers, empty lists and long texts are none, whatever they are. `undefined` ends the values of a path. */
function saysSomething(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_STATE_CHARS
  return typeof value === 'boolean' || value === undefined
}

/** The states that the paths of a plan give a row. */
function statesOf(plan: TablePlan, row: JsonMap): readonly StateValue[] {
  return plan.states.flatMap(path =>
    leavesAt(row, path).flatMap(value => {
      const state = stateAt(path, value)
      return state === null ? [] : [state]
    }),
  )
}
