// Tables of one form, many times: `[[relay.backend]]` of the settings file, or a JSON array. Each fault names its entry, its key and
// what is allowed; all of them are reported together.
import { z } from 'zod'
import { nearest } from '../nearest.js'
import { type About, declare, type Parsed, type ReadSecretFile, type Setting } from '../setting.js'
import { jsonOf } from './json.js'

const MAX_ROWS = 100

export type RowFault = { readonly row: number; readonly text: string }

type TablesOf<Shape extends z.ZodRawShape, T> = {
  /** Lazy: where there are no tables it is never made. */
  readonly row: z.ZodLazy<z.ZodObject<Shape>>
  /** The key that names a row in errors. */
  readonly nameKey: string
  /** Makes the values of rows that have the right form, and finds what is wrong between them. */
  readonly make: (
    rows: readonly z.output<z.ZodObject<Shape>>[],
    readSecretFile: ReadSecretFile,
  ) => { readonly values: readonly T[]; readonly faults: readonly RowFault[] }
}

export function tables<Shape extends z.ZodRawShape, T>(
  { row, nameKey, make }: TablesOf<Shape, T>,
  about: About,
): Setting<readonly T[]> {
  const parse = (raw: unknown, readSecretFile: ReadSecretFile = unreadable): Parsed<readonly T[]> => {
    const given = typeof raw === 'string' ? jsonOf(raw) : raw
    if (!Array.isArray(given))
      return { ok: false, faults: [`it is not a list of tables; allowed: ${allowed()}`] }
    if (given.length > MAX_ROWS) return { ok: false, faults: [`it has more than ${MAX_ROWS} entries`] }
    const results = given.map(each => row.safeParse(each))
    const rows = results.flatMap(result => (result.success ? [result.data] : []))
    const wrong = results.flatMap((result, at) =>
      result.success
        ? []
        : result.error.issues
            .flatMap(issue => textsOf(issue, row.unwrap(), given[at]))
            .map(text => ({ row: at, text })),
    )
    const made = wrong.length > 0 ? { values: [], faults: wrong } : make(rows, readSecretFile)
    if (made.faults.length === 0) return { ok: true, value: made.values }
    return {
      ok: false,
      faults: made.faults.map(fault => `${entryName(given, fault.row, nameKey)}: ${fault.text}`),
    }
  }
  const allowed = (): string => `tables of ${Object.keys(row.unwrap().shape).join(', ')}`
  const kind = {
    kind: 'tables' as const,
    default: [],
    // Only errors and the reference read these, and making them would delay each start.
    get allowed() {
      return allowed()
    },
    get schema() {
      return { type: 'array', maxItems: MAX_ROWS, items: schemaOf(row) }
    },
    parse,
  }
  return declare<readonly T[]>(kind, about)
}

const unreadable: ReadSecretFile = () => {
  throw new Error('files are not read here')
}

function schemaOf(row: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema: _, ...schema } = z.toJSONSchema(row, { io: 'input' })
  return schema
}

/** `entry 2 ("main")` */
function entryName(given: readonly unknown[], at: number, nameKey: string): string {
  const name = memberOf(given[at], nameKey)
  return typeof name === 'string' && name !== ''
    ? `entry ${at + 1} (${JSON.stringify(name)})`
    : `entry ${at + 1}`
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Readonly<Record<PropertyKey, unknown>>)[key]
}

/** Phrases for what is wrong with a row: each names the key and what is allowed. */
export function textsOf(issue: z.core.$ZodIssue, row: z.ZodObject, value: unknown): readonly string[] {
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0)
    return issue.keys.map(key => unknownText(key, row))
  const [first, ...rest] = issue.path
  if (first === undefined) return ['it is not a table']
  if (rest.length === 0 && memberOf(value, first) === undefined)
    return [`${String(first)} is missing; ${issue.message}`]
  return [`${issue.path.map(String).join('.')}: ${issue.message}`]
}

function unknownText(key: string, row: z.ZodObject): string {
  const known = Object.keys(row.shape)
  const meant = nearest(key, known)
  return `${JSON.stringify(key)} is not a key of it; ${meant === null ? `allowed: ${known.join(', ')}` : `did you mean ${meant}?`}`
}
