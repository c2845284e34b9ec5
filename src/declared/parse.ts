// From the text of a board file to its tables, or to everything that is wrong with it. Pure: who reads the file is elsewhere.
import { parse as parseToml, TomlError } from 'smol-toml'
import { z } from 'zod'
import { parseJson } from '../ingest/json-text.js'
import { shownText } from '../panels/text.js'
import { type BoardTable, boardFile } from './file.js'
import { nearest } from './nearest.js'
import { type Path, type Place, positionsOf } from './positions.js'

export type Format = 'toml' | 'json'

export type Finding = Place & {
  /** `error`: the file cannot be used. `warning`: a part of it has no effect, or shows why. */
  readonly level: 'error' | 'warning'
  /** A whole sentence: what is wrong, what is allowed. */
  readonly message: string
}

/** A finding before its place is known. */
export type Fault = { readonly path: Path; readonly message: string; readonly level?: Finding['level'] }

export type ParsedFile =
  | { readonly ok: true; readonly table: BoardTable; readonly place: (path: Path) => Place }
  | { readonly ok: false; readonly findings: readonly Finding[] }

const MAX_DEPTH = 32

export function formatOf(name: string): Format | null {
  const [, extension = ''] = /\.(toml|json)$/i.exec(name) ?? []
  return extension === '' ? null : extension.toLowerCase() === 'json' ? 'json' : 'toml'
}

/** Never throws. */
export function parseBoardFile(given: string, format: Format): ParsedFile {
  const text = given.replace(/^\ufeff/, '')
  const raw = format === 'toml' ? tomlOf(text) : jsonOf(text)
  if (!raw.ok) return { ok: false, findings: [raw.finding] }
  const positions = positionsOf(text, format)
  const result = boardFile.safeParse(raw.value)
  if (result.success) return { ok: true, table: result.data, place: positions }
  const { issues } = result.error
  const misspelt = new Set(
    issues.flatMap(({ code, path }) => (code === 'unrecognized_keys' ? [JSON.stringify(path)] : [])),
  )
  const faults = issues.flatMap(issue => {
    const made = faultsOf(issue, raw.value)
    // What seems to be missing is probably what is misspelt.
    return issue.code === 'unrecognized_keys'
      ? made
      : made.filter(({ path }) => !misspelt.has(JSON.stringify(path)))
  })
  return { ok: false, findings: findingsOf(faults, positions) }
}

export function findingsOf(faults: readonly Fault[], place: (path: Path) => Place): readonly Finding[] {
  return faults
    .map(({ path, message, level = 'error' }) => ({ ...place(path), level, message }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
}

type Raw = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly finding: Finding }

function tomlOf(text: string): Raw {
  try {
    return { ok: true, value: parseToml(text, { maxDepth: MAX_DEPTH, unsafeKeyBehaviour: 'throw' }) }
  } catch (error) {
    // The parser knows its own faults; anything else, such as a stack that is too deep, is one without a place.
    const place =
      error instanceof TomlError ? { line: error.line, column: error.column } : { line: 1, column: 1 }
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it cannot be read'
    const message = `this is not TOML: ${shownText(reason.replace('Invalid TOML document: ', ''))}`
    return { ok: false, finding: { ...place, level: 'error', message } }
  }
}

function jsonOf(text: string): Raw {
  const parsed = parseJson(text)
  if (parsed.ok) return { ok: true, value: parsed.value }
  const [, line = '1', column = '1'] = /line (\d+), column (\d+)/.exec(parsed.message) ?? []
  return {
    ok: false,
    finding: {
      line: Number(line),
      column: Number(column),
      level: 'error',
      message: `this is not JSON: ${parsed.message}`,
    },
  }
}

type Issue = z.core.$ZodIssue

function faultsOf(issue: Issue, value: unknown): readonly Fault[] {
  const path = issue.path.map(part => (typeof part === 'number' ? part : String(part)))
  if (issue.code === 'unrecognized_keys') {
    const known = knownMembers(path)
    return issue.keys.map(key => ({ path: [...path, key], message: unknownText(key, path, known) }))
  }
  if (issue.code === 'invalid_type' && valueAt(value, path) === undefined) {
    const name = String(path.at(-1) ?? '')
    return [{ path: path.slice(0, -1), message: `${placeName(path.slice(0, -1))} needs ${name}` }]
  }
  const name = path.at(-1)
  const what = typeof name === 'string' ? `${name}: ` : ''
  return [{ path, message: `${what}${lowerFirst(issue.message)}` }]
}

function unknownText(key: string, path: Path, known: readonly string[]): string {
  const meant = nearest(key, known)
  const hint = meant === null ? `; allowed: ${known.join(', ')}` : `; did you mean ${meant}?`
  return `${shownText(key)} is no member of ${placeName(path)}${hint}`
}

/** What a person calls the part of the file at this path. */
function placeName(path: Path): string {
  const last = path.findLast(part => typeof part === 'string')
  switch (last) {
    case undefined:
      return 'a board file'
    case 'panel':
      return 'a panel'
    case 'fields':
      return 'a field'
    case 'columns':
      return 'a column'
    case 'notify':
      return 'a rule'
    default:
      return String(last)
  }
}

/** The members that the schema has at this path. */
function knownMembers(path: Path): readonly string[] {
  let schema: unknown = boardFile
  for (const part of path) {
    const inner = unwrapped(schema)
    if (inner instanceof z.ZodArray) schema = inner.element
    else if (inner instanceof z.ZodObject) schema = inner.shape[part]
    else return []
  }
  const inner = unwrapped(schema)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodLazy
    ? unwrapped(schema.unwrap())
    : schema
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined
    at = (at as Readonly<Record<string | number, unknown>>)[part]
  }
  return at
}

function lowerFirst(message: string): string {
  return message.replace(/^[A-Z](?![A-Z])/, first => first.toLowerCase())
}
