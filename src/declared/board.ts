// A board file, ready for documents.
import { shownText } from '../panels/text.js'
import { type CompiledPanel, compileBoard } from './compile.js'
import type { MakeContext } from './evaluation.js'
import { type Made, makeBoard } from './make.js'
import { type Fault, type Finding, type Format, findingsOf, parseBoardFile } from './parse.js'
import type { Path, Place } from './positions.js'
import type { Words } from './tones.js'

/** How a board file wants its board to look; surfaces that show a board as text use the title only. */
export type BoardLooks = {
  readonly title: string | null
  /** Columns of the page that panels take, by key. */
  readonly spans: Readonly<Record<string, number>>
}

export type CompiledBoard = {
  readonly looks: BoardLooks
  /** Keys of its panels, in order. */
  readonly keys: readonly string[]
  /** Whether the file has an expression for its verdict. */
  readonly hasVerdict: boolean
  /** State words that the file adds. */
  readonly words: Words
  /** What happens to members of the document that no panel reads. */
  readonly auto: {
    readonly off: boolean
    readonly hide: ReadonlySet<string>
    readonly rename: ReadonlyMap<string, string>
  }
  /** Members of the document that its panels and its verdict read. */
  readonly reads: ReadonlySet<string>
  /** Never throws. */
  make(document: unknown, context: MakeContext): Made
  /** Where a fault of `make` is in the file. */
  findingsOf(faults: readonly Fault[]): readonly Finding[]
}

type PartFault = { readonly path: Path; readonly message: string }

/** Reads `source` of a board file: the names of its sources (none for a single one without a name), or what is wrong. */
export type ReadSources = (source: unknown) => {
  readonly names: readonly string[]
  readonly faults: readonly PartFault[]
}

/** Reads the tables [[notify]] of a board file, and says what is wrong with them. */
export type ReadNotify = (tables: readonly unknown[]) => readonly PartFault[]

export type ReadBoard =
  | {
      readonly ok: true
      readonly board: CompiledBoard
      readonly source: unknown
      readonly findings: readonly Finding[]
    }
  | { readonly ok: false; readonly findings: readonly Finding[] }

/** A board has findings that leave it usable (`warning`), or is not usable. Never throws. */
export function readBoard(
  text: string,
  format: Format,
  readSources: ReadSources,
  readNotify: ReadNotify = () => [],
): ReadBoard {
  const parsed = parseBoardFile(text, format)
  if (!parsed.ok) return parsed
  const { table, place } = parsed
  const { source } = table
  const sources = source === undefined ? { names: [], faults: [] } : readSources(source)
  const parts = compileBoard(table, sources.names)
  const ofSources = sources.faults.map(({ path, message }) => ({ path: ['source', ...path], message }))
  const ofNotify = readNotify(table.notify ?? []).map(({ path, message }) => ({
    path: ['notify', ...path],
    message,
  }))
  const findings = findingsOf([...parts.faults, ...ofSources, ...ofNotify], place)
  if (findings.some(({ level }) => level === 'error')) return { ok: false, findings }
  const { panels, verdict, words } = parts
  const { off = false, hide = [], rename = {} } = table.auto ?? {}
  const board: CompiledBoard = {
    looks: {
      title: table.title === undefined ? null : shownText(table.title),
      spans: Object.fromEntries(panels.flatMap(({ key, span }) => (span === null ? [] : [[key, span]]))),
    },
    keys: panels.map(({ key }) => key),
    hasVerdict: verdict !== null,
    words,
    auto: { off, hide: new Set(hide), rename: new Map(Object.entries(rename)) },
    reads: new Set([...(verdict?.expression?.documentMembers ?? []), ...panels.flatMap(membersOf)]),
    make: (document, context) => makeBoard(parts, document, context),
    findingsOf: faults => findingsOf(faults, place),
  }
  return { ok: true, board, source, findings }
}

function membersOf({ reads }: CompiledPanel): readonly string[] {
  return [...reads]
}

export function findingText(file: string, { line, column, message }: Finding & Place): string {
  return `${file}:${line}:${column}: ${message}`
}
