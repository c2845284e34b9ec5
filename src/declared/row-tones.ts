// How bad the cells of a column are, without making them: what counts in the rows that a table does not show. One byte a row, and
// each row is judged once for all panels that judge the same list by the same rules; a text is judged once for all rows.
import { MISSING } from '../panels/format.js'
import type { Item, Part } from './compile.js'
import { Failure } from './expression.js'
import { keyAt, type RowList } from './row-list.js'
import { TIME } from './unit.js'
import { type MadeCell, numberTone } from './value-cell.js'

/** The greater, the worse. `FAILED`: the expression fails, which is no state of the row. */
export const CODES = { unjudged: 0, missing: 1, well: 2, failed: 3, warn: 4, error: 5 } as const

/** The evaluation, as this needs it. */
type Source = {
  read(part: Part, value: unknown, key: string | null): unknown
  made(item: Item, value: unknown): MadeCell
}

/** Texts that are remembered: a column has the same few words. */
const MAX_KNOWN = 1_024

export class RowTones {
  /** Why the expression fails, the first time. */
  why: string | null = null
  readonly #codes: Uint8Array
  readonly #known = new Map<string | boolean, number>()
  readonly #isTime: boolean

  constructor(
    private readonly item: Item,
    private readonly list: RowList,
    private readonly source: Source,
  ) {
    this.#codes = new Uint8Array(list.count)
    this.#isTime = item.unit === TIME
  }

  at(place: number): number {
    const judged = this.#codes[place] ?? CODES.unjudged
    if (judged !== CODES.unjudged) return judged
    const code = this.#judge(place)
    this.#codes[place] = code
    return code
  }

  #judge(place: number): number {
    const { item, list, source } = this
    const value = source.read(item.from, list.values[place], keyAt(list, place))
    if (typeof value === 'number' && !this.#isTime) return codeOf(numberTone(item, value))
    if (typeof value !== 'string' && typeof value !== 'boolean') return this.#codeOfCell(value)
    const known = this.#known.get(value)
    if (known !== undefined && !this.#isTime) return known
    const code = this.#codeOfCell(value)
    if (this.#known.size < MAX_KNOWN) this.#known.set(value, code)
    return code
  }

  #codeOfCell(value: unknown): number {
    const { cell } = this.source.made(this.item, value)
    if (value instanceof Failure) {
      this.why ??= value.message
      return CODES.failed
    }
    return cell.text === MISSING ? CODES.missing : codeOf(cell.tone)
  }
}

function codeOf(tone: string | null | undefined): number {
  return tone === 'error' ? CODES.error : tone === 'warn' ? CODES.warn : CODES.well
}
