// One evaluation of a board: the document, the budget that all its expressions share, and what did not work.
import { MISSING } from '../panels/format.js'
import { shownText } from '../panels/text.js'
import { Budget } from './budget.js'
import type { Item, Part } from './compile.js'
import { type AbsentName, type Evaluated, nearest, type Scope } from './expression.js'
import { MAX_ROWS } from './file.js'
import { isObject, kindOf, own } from './json-value.js'
import type { Fault } from './parse.js'
import { badnessOf, type CellContext, cellOf, type MadeCell } from './value-cell.js'

export type MakeContext = CellContext & {
  /** Sources that are down, by name, with the reason; their panels say so. */
  readonly down?: ReadonlyMap<string, string>
  /** What all expressions together may take, in steps. */
  readonly steps?: number
}

/** A row of a list or a map. */
export type Row = { readonly value: unknown; readonly key: string | null }

/** `more`: rows that are not read. */
export type FoundRows =
  | { readonly ok: true; readonly rows: readonly Row[]; readonly more: number }
  | { readonly ok: false; readonly message: string }

/** Of one cell: its tone where it is not well, whether there is a value, and why there is none. */
export type Badness = {
  readonly bad: 'error' | 'warn' | null
  readonly isFound: boolean
  readonly why: string | null
}

const MAX_FAULTS = 200
const SHOWN_CHARS = 60
/** Rows that are looked at for a name that none has. */
const SAMPLE = 200
/** Cells that are kept of one item: its rows have the same few words. */
const MAX_KEPT = 1_024

export class Evaluation {
  readonly faults: Fault[] = []
  /** When time alone may change a cell, epoch ms. */
  untilMs = Number.POSITIVE_INFINITY
  readonly #budget: Budget
  /** Sources whose document has not come: what is read of them is no fault of the file. */
  readonly #absent: ReadonlySet<string>
  /** The cells of an item by the text or boolean that they show. */
  readonly #cells = new Map<Item, Map<unknown, MadeCell>>()
  /** The rows of a list or an object: several panels show the same ones. */
  readonly #rows = new Map<object, FoundRows>()
  #lastScope: Scope

  constructor(
    readonly document: unknown,
    readonly context: MakeContext,
    sources: readonly string[],
  ) {
    this.#budget = new Budget(context.steps)
    this.#lastScope = { budget: this.#budget, document, key: null }
    this.#absent = new Set(sources.filter(name => own(document, name) === null))
  }

  get isUsedUp(): boolean {
    return this.#budget.isUsedUp
  }

  evaluate(part: Part, value: unknown = this.document, key: string | null = null): Evaluated {
    if (part.expression === null) return { ok: false, message: part.fault }
    return part.expression.evaluate(value, this.#scope(key))
  }

  /** The same; a name that the document does not have is a fault when nothing is found. */
  find(part: Part): Evaluated {
    if (part.expression === null) return { ok: false, message: part.fault }
    const absent: AbsentName[] = []
    const result = part.expression.evaluate(this.document, { ...this.#scope(null), absent })
    if (!result.ok) this.failed(part, result.message)
    else if (result.value === null) this.missing(part, absent)
    return result
  }

  cell(item: Item, value: unknown = this.document, key: string | null = null): MadeCell {
    return this.cellOf(item, this.evaluate(item.from, value, key))
  }

  cellOf(item: Item, result: Evaluated): MadeCell {
    const made = this.#madeCell(item, result)
    this.untilMs = Math.min(this.untilMs, made.untilMs ?? Number.POSITIVE_INFINITY)
    return made
  }

  #madeCell(item: Item, result: Evaluated): MadeCell {
    if (!result.ok || (typeof result.value !== 'string' && typeof result.value !== 'boolean'))
      return cellOf(item, result, this.context)
    let cells = this.#cells.get(item)
    if (cells === undefined) {
      cells = new Map()
      this.#cells.set(item, cells)
    }
    const known = cells.get(result.value)
    if (known !== undefined) return known
    const made = cellOf(item, result, this.context)
    if (cells.size < MAX_KEPT) cells.set(result.value, made)
    return made
  }

  /** How bad a cell is, without making it where that is not needed. */
  badness(item: Item, value: unknown, key: string | null): Badness {
    const result = this.evaluate(item.from, value, key)
    const bad = badnessOf(item, result)
    if (bad !== undefined) return { bad, isFound: true, why: null }
    const { cell, failure } = this.cellOf(item, result)
    const { tone } = cell
    return {
      bad: tone === 'error' || tone === 'warn' ? tone : null,
      isFound: cell.text !== MISSING,
      why: failure,
    }
  }

  rows(part: Part): FoundRows {
    if (part.expression === null) return { ok: false, message: part.fault }
    const absent: AbsentName[] = []
    const result = part.expression.select(this.document, { ...this.#scope(null), absent })
    const value = result.ok ? result.value : null
    if (Array.isArray(value) || isObject(value)) return this.#rowsOf(value)
    if (result.ok && value === null) {
      this.missing(part, absent)
      return { ok: false, message: `nothing at ${shownText(part.text, SHOWN_CHARS)}` }
    }
    const message = result.ok ? `rows are a list or an object, not ${kindOf(value)}` : result.message
    this.failed(part, message)
    return { ok: false, message }
  }

  #rowsOf(value: readonly unknown[] | Readonly<Record<string, unknown>>): FoundRows {
    const known = this.#rows.get(value)
    if (known !== undefined) return known
    const made = isList(value)
      ? rowsFrom(value, () => null)
      : rowsFrom(this.#budget.valuesOf(value), keyIn(this.#budget.namesOf(value)))
    this.#rows.set(value, made)
    return made
  }

  /** Whether one of these values has no member that the part names; reported when none has it. */
  reportAbsent(part: Part, rows: readonly Row[]): void {
    let absent: AbsentName[] = []
    for (const { value, key } of rows.slice(0, SAMPLE)) {
      absent = []
      part.expression?.evaluate(value, { ...this.#scope(key), absent })
      if (absent.length === 0) return
    }
    this.missing(part, absent)
  }

  /** A path finds nothing: a fault where it names what is not there. A value that is null or a list that is empty is no fault. */
  missing(part: Part, absent: readonly AbsentName[]): void {
    const [first] = absent
    if (first === undefined) return
    for (const name of part.expression?.documentMembers ?? []) if (this.#absent.has(name)) return
    const meant = nearest(first.name, first.names)
    const hint = meant === null ? '' : `; did you mean ${shownText(meant, SHOWN_CHARS)}?`
    this.failed(
      part,
      `it finds nothing in this document, which has no ${shownText(first.name, SHOWN_CHARS)} there${hint}`,
    )
  }

  failed({ path, text }: Part, why: string): void {
    if (this.faults.length === MAX_FAULTS) return
    const message = `${String(path.at(-1))} ${JSON.stringify(shownText(text, SHOWN_CHARS))}: ${shownText(why)}`
    this.faults.push({ path, message, level: 'warning' })
  }

  #scope(key: string | null): Scope {
    if (this.#lastScope.key !== key) this.#lastScope = { budget: this.#budget, document: this.document, key }
    return this.#lastScope
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function keyIn(keys: readonly string[]): (at: number) => string | null {
  return at => keys[at] ?? null
}

function rowsFrom(values: readonly unknown[], keyAt: (at: number) => string | null): FoundRows {
  const rows = values.slice(0, MAX_ROWS).map((value, at) => ({ value, key: keyAt(at) }))
  return { ok: true, rows, more: values.length - rows.length }
}
