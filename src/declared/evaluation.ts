// One evaluation of a board: the document, the budget that all its expressions share, and what did not work.
import { shownText } from '../panels/text.js'
import { Budget } from './budget.js'
import type { Item, Part } from './compile.js'
import type { AbsentName, Scope } from './evaluate.js'
import { Failure } from './expression.js'
import { isObject, kindOf, own } from './json-value.js'
import { nearest } from './nearest.js'
import type { Fault } from './parse.js'
import { keyAt, type Places, type RowList, rowList } from './row-list.js'
import { RowTones } from './row-tones.js'
import { type CellContext, cellOf, type MadeCell } from './value-cell.js'

export type MakeContext = CellContext & {
  /** Sources that are down, by name, with the reason; their panels say so. */
  readonly down?: ReadonlyMap<string, string>
  /** What all expressions together may take, in steps. */
  readonly steps?: number
}

/** `more`: rows that are not read. */
export type FoundRows =
  | { readonly ok: true; readonly list: RowList; readonly more: number }
  | { readonly ok: false; readonly message: string }

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
  /** The rows of a list or an object, and how bad they are by the rules of an item: several panels show the same ones. */
  readonly #rows = new Map<object, FoundRows>()
  readonly #tones = new Map<RowList, Map<string, RowTones>>()
  readonly #scope: Scope

  constructor(
    readonly document: unknown,
    readonly context: MakeContext,
    sources: readonly string[],
  ) {
    this.#budget = new Budget(context.steps)
    this.#scope = { budget: this.#budget, document, key: null }
    this.#absent = new Set(sources.filter(name => own(document, name) === null))
  }

  get isUsedUp(): boolean {
    return this.#budget.isUsedUp
  }

  /** The value for a row, or a Failure: called for every row of a table. */
  read(part: Part, value: unknown, key: string | null): unknown {
    if (part.expression === null) return new Failure(part.fault)
    this.#scope.key = key
    return part.expression.read(value, this.#scope)
  }

  /** Of the whole document; a name that it does not have is a fault when nothing is found. */
  find(part: Part): unknown {
    const value = this.read(part, this.document, null)
    if (part.expression === null) return value
    if (value instanceof Failure) this.failed(part, value.message)
    else if (value === null) this.#missing(part)
    return value
  }

  /** The cell of a value, or of a Failure. */
  made(item: Item, value: unknown): MadeCell {
    const made = this.#madeCell(item, value)
    this.untilMs = Math.min(this.untilMs, made.untilMs ?? Number.POSITIVE_INFINITY)
    return made
  }

  #madeCell(item: Item, value: unknown): MadeCell {
    if (typeof value !== 'string' && typeof value !== 'boolean') return cellOf(item, value, this.context)
    let cells = this.#cells.get(item)
    if (cells === undefined) {
      cells = new Map()
      this.#cells.set(item, cells)
    }
    const known = cells.get(value)
    if (known !== undefined) return known
    const made = cellOf(item, value, this.context)
    if (cells.size < MAX_KEPT) cells.set(value, made)
    return made
  }

  /** How bad the rows of a list are by an item. */
  tones(item: Item, list: RowList): RowTones {
    let ofList = this.#tones.get(list)
    if (ofList === undefined) {
      ofList = new Map()
      this.#tones.set(list, ofList)
    }
    const known = ofList.get(item.rules)
    if (known !== undefined) return known
    const made = new RowTones(item, list, this)
    ofList.set(item.rules, made)
    return made
  }

  rows(part: Part): FoundRows {
    if (part.expression === null) return { ok: false, message: part.fault }
    this.#scope.key = null
    const value = part.expression.select(this.document, this.#scope)
    if (Array.isArray(value) || isObject(value)) return this.#rowsOf(value)
    if (value === null) {
      this.#missing(part)
      return { ok: false, message: `nothing at ${shownText(part.text, SHOWN_CHARS)}` }
    }
    const message =
      value instanceof Failure ? value.message : `rows are a list or an object, not ${kindOf(value)}`
    this.failed(part, message)
    return { ok: false, message }
  }

  #rowsOf(value: readonly unknown[] | Readonly<Record<string, unknown>>): FoundRows {
    const known = this.#rows.get(value)
    if (known !== undefined) return known
    const list = isList(value)
      ? rowList(value, null)
      : rowList(this.#budget.valuesOf(value), this.#budget.namesOf(value))
    const made: FoundRows = { ok: true, list, more: list.values.length - list.count }
    this.#rows.set(value, made)
    return made
  }

  /** Whether one of these rows has no member that the part names; reported when none has it. */
  reportAbsent(part: Part, list: RowList, places: Places): void {
    let absent: readonly AbsentName[] = []
    for (const at of places.slice(0, SAMPLE)) {
      absent = this.#absentIn(part, list.values[at], keyAt(list, at))
      if (absent.length === 0) return
    }
    this.#reportMissing(part, absent)
  }

  /** A path finds nothing in the document. */
  #missing(part: Part): void {
    this.#reportMissing(part, this.#absentIn(part, this.document, null))
  }

  /** The names that are not there: evaluated once more, because noting them costs as much as reading, and is needed only here. */
  #absentIn({ expression }: Part, value: unknown, key: string | null): readonly AbsentName[] {
    const absent: AbsentName[] = []
    expression?.select(value, { budget: this.#budget, document: this.document, key, absent })
    return absent
  }

  /** A fault where the path names what is not there. A value that is null or a list that is empty is no fault. */
  #reportMissing(part: Part, absent: readonly AbsentName[]): void {
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
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
