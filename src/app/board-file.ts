// The board file of `--board`: read, checked, and with its sources as specifications.
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { NotifyRule } from '../config/notify-tables.js'
import { type CompiledBoard, findingText, type ReadSources, readBoard } from '../declared/board.js'
import { type Finding, type Format, formatOf } from '../declared/parse.js'
import type { LineLog } from '../log/silent.js'
import { declaredSources, type SourceSpec } from '../sources/declared.js'
import { checkSourceSpecs } from '../sources/spec.js'
import { notifyRulesOf } from './notify-rules.js'

const MAX_BYTES = 1024 ** 2

export type BoardFile = {
  readonly path: string
  /** As it was read, for threads that compile it again. */
  readonly text: string
  readonly format: Format
  readonly board: CompiledBoard
  /** Empty where the file names none. */
  readonly specs: readonly SourceSpec[]
  /** What is sent when. */
  readonly rules: readonly NotifyRule[]
  /** Parts that have no effect. */
  readonly findings: readonly Finding[]
}

export type ReadBoardFile =
  | ({ readonly ok: true } & BoardFile)
  | { readonly ok: false; readonly path: string; readonly findings: readonly Finding[] }

/** Reads and compiles a board file; everything that is wrong with it is a finding. */
export async function readBoardFile(path: string): Promise<ReadBoardFile> {
  const format = formatOf(path)
  const refused = (message: string): ReadBoardFile => ({
    ok: false,
    path,
    findings: [{ line: 1, column: 1, level: 'error', message }],
  })
  if (format === null) return refused('the name of a board file ends in .toml or .json')
  const content = await contentOf(path)
  return content.ok ? compiledFile(path, content.text, format) : refused(content.why)
}

type Content = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }

async function contentOf(path: string): Promise<Content> {
  try {
    // A pipe or a device may never end.
    if (!(await stat(path)).isFile()) return { ok: false, why: 'it is not a file' }
    const file = await open(path)
    try {
      const bytes = Buffer.alloc(MAX_BYTES + 1)
      let size = 0
      for (;;) {
        const { bytesRead } = await file.read(bytes, size, bytes.length - size)
        size += bytesRead
        if (bytesRead === 0 || size === bytes.length) break
      }
      if (size > MAX_BYTES) return { ok: false, why: 'it is larger than 1 MiB' }
      return { ok: true, text: bytes.toString('utf8', 0, size) }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return { ok: false, why: `it cannot be read (${String(error.code)})` }
  }
}

/** The same of a text. */
export function compiledFile(path: string, text: string, format: Format): ReadBoardFile {
  let specs: readonly SourceSpec[] = []
  let rules: readonly NotifyRule[] = []
  const readSources = (source: unknown): ReturnType<ReadSources> => {
    const declared = declaredSources(source)
    if (!declared.ok) return { names: [], faults: declared.findings }
    specs = declared.specs
    const why = togetherFault(specs)
    return {
      names: specs.flatMap(({ name = [] }) => name),
      faults: why === null ? [] : [{ path: [], message: why }],
    }
  }
  const read = readBoard(text, format, readSources, tables => {
    const made = notifyRulesOf(tables)
    rules = made.rules
    return made.faults
  })
  return read.ok
    ? { ok: true, path, text, format, board: read.board, specs, rules, findings: read.findings }
    : { ok: false, path, findings: read.findings }
}

function togetherFault(specs: readonly SourceSpec[]): string | null {
  try {
    checkSourceSpecs(specs)
    return null
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message
  }
}

/** One line a finding, as compilers print them. */
export function findingLines(path: string, findings: readonly Finding[]): readonly string[] {
  return findings.map(finding => findingText(path, finding))
}

/** The board file for a program; null without a path. Throws with every finding when it cannot be used. */
export async function loadBoardFile(path: string | null, log: LineLog): Promise<BoardFile | null> {
  if (path === null) return null
  const read = await readBoardFile(path)
  if (read.ok) {
    for (const line of findingLines(path, read.findings)) log.warn(line)
    return read
  }
  const lines = findingLines(basename(path), read.findings)
  throw new Error(`--board ${path} cannot be used:\n  ${lines.join('\n  ')}`)
}

/**
 * A document for a board with several sources: the members of their names. One that has none of these is the document of the first
 * source, so that a board can be tried on what one command prints.
 */
export function documentForBoard(
  document: Readonly<Record<string, unknown>>,
  specs: readonly SourceSpec[],
): Readonly<Record<string, unknown>> {
  const names = specs.flatMap(({ name = [] }) => name)
  const [first] = names
  const isWhole =
    first === undefined || names.length < specs.length || names.some(name => Object.hasOwn(document, name))
  return isWhole ? document : { [first]: document }
}
