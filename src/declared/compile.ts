// Compiles the tables of a board file: every expression and threshold once. What cannot be compiled is a fault and keeps its place,
// so that the board shows why.
import { ALONE, type Surroundings } from '../automatic/judge.js'
import { PANELS } from '../panels/registry.js'
import { shownText } from '../panels/text.js'
import { isSafeName } from '../snapshot/value.js'
import { type Compiled, compileExpression, type Expression } from './expression.js'
import type { BoardTable, ItemTable, PanelTable } from './file.js'
import type { Fault } from './parse.js'
import type { Path } from './positions.js'
import { parseThreshold, type Threshold } from './threshold.js'
import { isFlagName, isStateName, type Words, wordsOf } from './tones.js'
import { unitOf } from './unit.js'

/** An expression, or why there is none. */
export type Part = { readonly path: Path; readonly text: string } & (
  | { readonly expression: Expression; readonly fault: null }
  | { readonly expression: null; readonly fault: string }
)

export type Item = {
  readonly label: string
  readonly from: Part
  readonly unit: string | null
  readonly warn: Threshold | null
  readonly error: Threshold | null
  /** A threshold that cannot be read. */
  readonly thresholdFault: string | null
  /** Words of this item, then those of the file. */
  readonly words: Words
  /** Names that say what its values are: the label, and the last name of its path. */
  readonly names: readonly string[]
  readonly isState: boolean
  /** What its words are judged among: `high` counts in alerts. */
  readonly around: Surroundings
  /** Whether its cells can be warn or error. */
  readonly hasTone: boolean
  /** The same for all items of the board whose cells have the same tones. */
  readonly rules: string
  readonly onlyBad: boolean
  readonly priority: number | null
  readonly hasHistory: boolean
}

export type Join = { readonly rows: Part; readonly left: Part; readonly right: Part; readonly as: string }

export type Rows = {
  readonly rows: Part
  readonly columns: readonly Item[]
  readonly where: Part | null
  readonly sort: { readonly by: Part; readonly isDescending: boolean } | null
  readonly limit: number
  readonly empty: string | null
  readonly join: Join | null
}

export type CompiledPanel = {
  readonly key: string
  readonly title: string
  readonly path: Path
  readonly body: { readonly fields: readonly Item[] } | Rows
  /** Members of the document that it reads. */
  readonly reads: ReadonlySet<string>
  /** How many columns of the page it takes; null: as many as it needs. */
  readonly span: number | null
}

export type CompiledParts = {
  readonly panels: readonly CompiledPanel[]
  readonly verdict: Part | null
  readonly words: Words
  /** Names of the sources whose documents are members of the document; none where it has one source. */
  readonly sources: readonly string[]
  readonly faults: readonly Fault[]
}

export const ALERTS = 'alerts'
const DEFAULT_LIMIT = 200
const MAX_KEY = 64
const KEY = /^[a-z0-9_-][a-z0-9_.-]{0,63}$/
/** As automatic boards have them: safe as file names, in addresses and as ids. */
const isKey = (key: string): boolean => KEY.test(key) && isSafeName(key)
/** Keys of built-in panels, whose facts and places surfaces know. */
const RESERVED: ReadonlySet<string> = new Set(PANELS.map(({ key }) => key))

export function compileBoard(table: BoardTable, sources: readonly string[]): CompiledParts {
  const faults: Fault[] = []
  const words = wordsOf(table.words)
  const compiler = new Compiler(words, faults)
  const verdict = table.verdict === undefined ? null : compiler.part(table.verdict, ['verdict'])
  const keys = new Set<string>()
  const panels = (table.panel ?? []).map((panel, i) => {
    const path = ['panel', i]
    const key = keyFor(panel, path, keys, faults)
    keys.add(key)
    return compiler.panel(panel, key, path)
  })
  return { panels, verdict, words, sources, faults }
}

/** Its own key, or one from its title; another panel's key gets a number. */
function keyFor({ key, title }: PanelTable, path: Path, taken: ReadonlySet<string>, faults: Fault[]): string {
  if (key !== undefined) {
    const why = !isKey(key)
      ? 'allowed: 1 to 64 of a to z, 0 to 9, ".", "_" and "-", not beginning with "."'
      : taken.has(key)
        ? 'another panel has it; give each its own'
        : RESERVED.has(key) && key !== ALERTS
          ? `it is the key of a built-in panel; of those only "${ALERTS}" is allowed`
          : null
    if (why === null) return key
    faults.push({ path: [...path, 'key'], message: `key ${JSON.stringify(shownText(key))}: ${why}` })
  }
  const plain = title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_$/g, '')
    .slice(0, MAX_KEY - 4)
  const name = plain === '' ? 'panel' : plain
  const isFree = (wanted: string): boolean => isKey(wanted) && !taken.has(wanted) && !RESERVED.has(wanted)
  if (isFree(name)) return name
  let n = 2
  while (!isFree(`${name}_${n}`)) n++
  return `${name}_${n}`
}

class Compiler {
  isAlert = false

  constructor(
    private readonly words: Words,
    private readonly faults: Fault[],
  ) {}

  part(text: string, path: Path, what: string = String(path.at(-1))): Part {
    const made: Compiled = compileExpression(text)
    if (made.ok) return { path, text, expression: made.expression, fault: null }
    const fault = `${what} ${JSON.stringify(shownText(text, 60))}: ${shownText(made.message)}`
    this.faults.push({ path, message: fault, level: 'warning' })
    return { path, text, expression: null, fault }
  }

  panel(table: PanelTable, key: string, path: Path): CompiledPanel {
    const { title, fields, span = null } = table
    this.isAlert = key === ALERTS
    const body =
      fields === undefined
        ? this.rows(table, path)
        : { fields: fields.map((item, i) => this.item(item, [...path, 'fields', i])) }
    return { key, title: shownText(title), path, body, reads: readsOf(body), span }
  }

  rows(table: PanelTable, path: Path): Rows {
    const { rows = '', columns = [], where, sort, limit = DEFAULT_LIMIT, empty = null, join } = table
    const isDescending = sort?.trimStart().startsWith('-') === true
    return {
      rows: this.part(rows, [...path, 'rows']),
      columns: columns.map((item, i) => this.item(item, [...path, 'columns', i])),
      where: where === undefined ? null : this.part(where, [...path, 'where']),
      sort:
        sort === undefined
          ? null
          : {
              by: this.part(isDescending ? sort.trimStart().slice(1) : sort, [...path, 'sort']),
              isDescending,
            },
      limit,
      empty: empty === null ? null : shownText(empty),
      join: join === undefined ? null : this.join(join, [...path, 'join']),
    }
  }

  join({ rows, on, as }: NonNullable<PanelTable['join']>, path: Path): Join {
    const [left, right] = equalSides(on)
    if (right === null) {
      const message = `on ${JSON.stringify(shownText(on, 60))}: allowed: two expressions with "=" between, as in "metadata.name = pod"`
      this.faults.push({ path: [...path, 'on'], message, level: 'warning' })
    }
    const side = (text: string | null): Part =>
      text === null
        ? { path, text: on, expression: null, fault: 'on has no two sides' }
        : this.part(text, [...path, 'on'])
    return {
      rows: this.part(rows, [...path, 'rows']),
      left: side(right === null ? null : left),
      right: side(right),
      as,
    }
  }

  item(table: ItemTable, path: Path): Item {
    const from = this.part(table.from, [...path, 'from'])
    const lastName = from.expression?.lastName ?? null
    const label = shownText(table.label ?? lastName ?? table.from)
    const names = lastName === null ? [label] : [label, lastName]
    const unit = table.unit === undefined ? null : unitOf(table.unit)
    const ownWords = wordsOf(table.tones)
    const faultsBefore = this.faults.length
    const warn = this.threshold(table.warn, unit, [...path, 'warn'])
    const error = this.threshold(table.error, unit, [...path, 'error'])
    const thresholdFault = this.faults[faultsBefore]?.message ?? null
    const isState = ownWords.size > 0 || names.some(isStateName)
    return {
      label,
      from,
      unit,
      warn,
      error,
      thresholdFault,
      words: new Map([...this.words, ...ownWords]),
      names,
      isState,
      around: this.isAlert ? { ...ALONE, isAlert: true } : ALONE,
      rules: JSON.stringify([table.from, unit, table.warn, table.error, table.tones, names, this.isAlert]),
      hasTone: isState || warn !== null || error !== null || names.some(isFlagName),
      onlyBad: table.show === 'bad',
      priority: table.priority ?? null,
      hasHistory: table.history ?? false,
    }
  }

  threshold(text: string | undefined, unit: string | null, path: Path): Threshold | null {
    if (text === undefined) return null
    const parsed = parseThreshold(text, unit)
    if (parsed.ok) return parsed.threshold
    this.faults.push({
      path,
      message: `${String(path.at(-1))}: ${shownText(parsed.message, 160)}`,
      level: 'warning',
    })
    return null
  }
}

/** The texts around the one "=" that is no part of another operator or of a text. */
function equalSides(text: string): readonly [left: string, right: string | null] {
  const tokens = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|[=!<>]=|=/gs
  for (const { 0: found, index } of text.matchAll(tokens)) {
    if (found !== '=') continue
    const [left, right] = [text.slice(0, index).trim(), text.slice(index + 1).trim()]
    return [left, left === '' || right === '' ? null : right]
  }
  return [text, null]
}

function readsOf(body: CompiledPanel['body']): ReadonlySet<string> {
  if ('fields' in body)
    return new Set(body.fields.flatMap(({ from }) => [...(from.expression?.documentMembers ?? [])]))
  const { rows, join, columns, where, sort } = body
  const onDocument = [rows, join?.rows]
  const onRows = [...columns.map(({ from }) => from), where, sort?.by, join?.left, join?.right]
  return new Set([
    ...onDocument.flatMap(part => [...(part?.expression?.documentMembers ?? [])]),
    ...onRows.flatMap(part => [...(part?.expression?.rootMembers ?? [])]),
  ])
}
