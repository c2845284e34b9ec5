// What a source is, as a value: the `[source]` table of a board file becomes one, and so do the words of `--source` (spec.ts).
import { z } from 'zod'
import { duration, measured } from '../config/kinds/durations.js'
import { urlFault } from './url.js'

/** A secret is named, never written down: an environment variable, or a file that holds it. */
export type SecretRef = { readonly env: string } | { readonly file: string }

/** Its document is the member of this name; without one it is the document itself. */
type Named = { readonly name?: string }

type Polled = {
  readonly everyMs: number
  readonly timeoutMs: number
  /** Absent: `G6_STATUS_MAX_BYTES`. */
  readonly maxBytes?: number
}

type Asked = Polled & {
  readonly url: string
  readonly headers: Readonly<Record<string, string | SecretRef>>
  readonly basic?: { readonly user: string; readonly password: SecretRef }
  /** Certificates to trust besides those of the system, as PEM. */
  readonly caFile?: string
  /** Answers of these statuses are documents too. */
  readonly statuses?: readonly number[]
}

export type FileSpec = Named & { readonly kind: 'file'; readonly path: string }
/** The URL of the stream. */
export type StatusSpec = Named & { readonly kind: 'status'; readonly url: string }
/** The server's base URL, or the URL of its stream. */
export type BoardSpec = Named & { readonly kind: 'board'; readonly url: string }
export type HttpSpec = Named &
  Asked & { readonly kind: 'http'; readonly method: 'GET' | 'POST'; readonly body?: string }
/** Without a query its URL is scraped. */
export type PrometheusSpec = Named & Asked & { readonly kind: 'prometheus'; readonly query?: string }
export type ExecSpec = Named &
  Polled & {
    readonly kind: 'exec'
    readonly command: readonly [string, ...string[]]
    readonly cwd?: string
    /** Names of variables that the command gets besides PATH, HOME and LANG. */
    readonly env: readonly string[]
  }
/** `lines`: each line is a row; `json`: each document replaces the one before; `any`: as the first line looks. */
export type StdinSpec = Named & {
  readonly kind: 'stdin'
  readonly form: 'lines' | 'json' | 'any'
  /** Rows that are kept. */
  readonly keep: number
}
export type PushSpec = Named & {
  readonly kind: 'push'
  /** `PUT /push/NAME` */
  readonly target: string
  /** Absent: `G6_PUSH_TOKEN`. */
  readonly token?: SecretRef
  /** A longer time without a push is a fault. */
  readonly expectMs?: number
}
export type ReplaySpec = Named & {
  readonly kind: 'replay'
  readonly path: string
  /** `09:15`, a date, or a date with a time, in the zone of the board; absent: from the beginning. */
  readonly from?: string
  readonly speed: number
  readonly loop: boolean
  /** Its lines are boards of another server. */
  readonly boards?: boolean
}

export type SourceSpec =
  | FileSpec
  | StatusSpec
  | BoardSpec
  | HttpSpec
  | PrometheusSpec
  | ExecSpec
  | StdinSpec
  | PushSpec
  | ReplaySpec

export const SOURCE_NAME = /^[a-z][a-z0-9_-]{0,63}$/
export const SOURCE_NAME_RULE = 'a letter from a to z, then up to 63 of a to z, 0 to 9, _ and -'

export const HTTP_DEFAULTS = { everyMs: 5_000, timeoutMs: 5_000, headers: {} } as const
const EXEC_DEFAULTS = { everyMs: 10_000, timeoutMs: 10_000 } as const
export const STDIN_KEEP = 200
const MOST_ROWS = 10_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const BYTES_IN: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

const SIZE = 'a size with its unit from 1kB to 1GB, as in "64KiB", "1MB"'
const size = z.lazy(() =>
  z.string(`allowed: ${SIZE}`).transform((text, context) => {
    const bytes = measured(text, BYTES_IN)
    if (bytes !== null && bytes >= 1_000 && bytes <= 1024 ** 3) return bytes
    context.addIssue({ code: 'custom', message: `allowed: ${SIZE}` })
    return z.NEVER
  }),
)

const filled = z.string().min(1, 'it must not be empty')
const pathText = filled.refine(text => !text.includes('\0'), 'a path has no NUL')
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'allowed: the name of an environment variable')
const SECRET = 'allowed: { env = "NAME" } or { file = "PATH" }; a secret does not stand in the file itself'
const secret = z.lazy(() =>
  z.union([z.strictObject({ env: variable }), z.strictObject({ file: pathText })], SECRET),
)
/** RFC 9110 5.6.2 and 5.5. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/, 'allowed: the name of a header')
const headerText = z.string().regex(/^[\t\x20-\x7e]{0,4000}$/, 'allowed: visible ASCII characters')
const webUrl = z.lazy(() =>
  filled.superRefine((text, context) => {
    const fault = urlFault(text, 'name them in basic = { user, password = { env or file } } or in headers')
    if (fault !== null) context.addIssue({ code: 'custom', message: fault })
  }),
)
const HEADER = 'allowed: a text, { env = "NAME" } or { file = "PATH" }'
const headers = z.lazy(() => z.record(headerName, z.union([headerText, secret], HEADER)))
const basic = z.lazy(() =>
  z.strictObject({
    user: z.string().regex(/^[^:\p{Cc}]+$/u, 'allowed: a name without a colon'),
    password: secret,
  }),
)

const COMMAND = 'allowed: a list of the command and its arguments, each a text; there is no shell'

const commandText = z.lazy(() => z.tuple([z.string(COMMAND).min(1, COMMAND)], z.string(COMMAND), COMMAND))

const POLLED = ['every', 'timeout', 'max_bytes'] as const
const ASKED = [...POLLED, 'headers', 'basic', 'ca_file', 'statuses'] as const
/** What each kind takes besides itself. */
const TAKES = {
  http: [...ASKED, 'method', 'body'],
  prometheus: [...ASKED, 'query'],
  exec: [...POLLED, 'cwd', 'env'],
  stdin: ['keep'],
  push: ['token', 'expect'],
  sse: [],
  board: [],
  file: [],
  replay: ['speed', 'loop'],
} as const
type Kind = keyof typeof TAKES
const KINDS = Object.keys(TAKES) as readonly Kind[]

const members = z.lazy(() =>
  z.strictObject({
    http: webUrl.exactOptional().describe('The URL of a JSON document.'),
    prometheus: webUrl.exactOptional().describe('A Prometheus server (with query), or a page of metrics.'),
    exec: commandText.exactOptional().describe('A command and its arguments; no shell.'),
    stdin: z.enum(['lines', 'json']).exactOptional().describe('Standard input: a row a line, or documents.'),
    push: z
      .string()
      .regex(SOURCE_NAME, `allowed: ${SOURCE_NAME_RULE}`)
      .exactOptional()
      .describe('Others send it: PUT /push/NAME.'),
    sse: webUrl.exactOptional().describe('The URL of a status stream.'),
    board: webUrl.exactOptional().describe('Another server, whose board is followed as it is.'),
    file: pathText.exactOptional().describe('A file with a JSON document.'),
    replay: pathText.exactOptional().describe('A file of recorded statuses, one a line.'),
    every: duration(500, DAY_MS, '500ms to 1d').exactOptional().describe('The time between two readings.'),
    timeout: duration(100, 10 * 60_000, '100ms to 10m').exactOptional(),
    max_bytes: size.exactOptional().describe('A larger document is not read; default: G6_STATUS_MAX_BYTES.'),
    method: z.enum(['GET', 'POST']).exactOptional(),
    body: z.string().max(64_000).exactOptional().describe('Sent with POST.'),
    headers: headers.exactOptional(),
    basic: basic.exactOptional().describe('HTTP Basic.'),
    ca_file: pathText.exactOptional().describe('Certificates to trust besides those of the system, as PEM.'),
    statuses: z
      .array(z.int().min(400).max(599))
      .max(50)
      .exactOptional()
      .describe('Statuses from 400 to 599 whose answers are documents too, as some health checks use.'),
    query: filled.exactOptional().describe('An instant query in PromQL.'),
    cwd: pathText.exactOptional(),
    env: z.array(variable).max(100).exactOptional().describe('Variables besides PATH, HOME and LANG.'),
    keep: z.int().min(1).max(MOST_ROWS).exactOptional().describe('The newest rows that are kept.'),
    token: secret.exactOptional().describe('The token that senders need.'),
    expect: duration(1_000, 7 * DAY_MS, '1s to 7d')
      .exactOptional()
      .describe('A longer time without a push is a fault.'),
    speed: z.number().min(0.01).max(1000).exactOptional(),
    loop: z.boolean().exactOptional(),
  }),
)
type Members = z.output<typeof members>

const given = (table: Members): readonly Kind[] => KINDS.filter(kind => table[kind] !== undefined)

/** One `[source]` or `[source.NAME]` table; its output has no name yet. */
export const sourceTable = members
  .superRefine((table, context) => {
    const kinds = given(table)
    const [kind] = kinds
    if (kind === undefined || kinds.length > 1) {
      const found = kind === undefined ? 'it names none' : `it has ${kinds.join(' and ')}`
      context.addIssue({
        code: 'custom',
        message: `a source is exactly one of ${KINDS.join(', ')}; ${found}`,
      })
      return
    }
    const takes: readonly string[] = TAKES[kind]
    for (const name of Object.keys(table)) {
      if (name === kind || takes.includes(name)) continue
      const allowed = takes.length === 0 ? 'nothing else' : takes.join(', ')
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `${name} is no option of ${kind}; allowed with it: ${allowed}`,
      })
    }
    if (table.body !== undefined && table.method !== 'POST')
      context.addIssue({ code: 'custom', path: ['body'], message: 'body needs method = "POST"' })
    if (kind === 'push' && table.token === undefined)
      context.addIssue({
        code: 'custom',
        path: ['push'],
        message: 'push needs token = { env = "NAME" } or { file = "PATH" }: nobody else may send',
      })
  })
  .transform(specOf)

function polledOf(table: Members, defaults: { readonly everyMs: number; readonly timeoutMs: number }) {
  const everyMs = table.every ?? defaults.everyMs
  return {
    everyMs,
    timeoutMs: table.timeout ?? defaults.timeoutMs,
    ...(table.max_bytes === undefined ? {} : { maxBytes: table.max_bytes }),
  }
}

function askedOf(url: string, table: Members): Asked {
  return {
    ...polledOf(table, HTTP_DEFAULTS),
    url,
    headers: table.headers ?? {},
    ...(table.basic === undefined ? {} : { basic: table.basic }),
    ...(table.ca_file === undefined ? {} : { caFile: table.ca_file }),
    ...(table.statuses === undefined ? {} : { statuses: table.statuses }),
  }
}

function specOf(table: Members): SourceSpec {
  const { http, prometheus, exec, stdin, push, sse, board, file, replay } = table
  if (http !== undefined) {
    const body = table.body === undefined ? {} : { body: table.body }
    return { kind: 'http', ...askedOf(http, table), method: table.method ?? 'GET', ...body }
  }
  if (prometheus !== undefined) {
    const query = table.query === undefined ? {} : { query: table.query }
    return { kind: 'prometheus', ...askedOf(prometheus, table), ...query }
  }
  if (exec !== undefined) {
    const cwd = table.cwd === undefined ? {} : { cwd: table.cwd }
    return { kind: 'exec', command: exec, ...polledOf(table, EXEC_DEFAULTS), ...cwd, env: table.env ?? [] }
  }
  if (stdin !== undefined) return { kind: 'stdin', form: stdin, keep: table.keep ?? STDIN_KEEP }
  if (push !== undefined) {
    const token = table.token === undefined ? {} : { token: table.token }
    const expect = table.expect === undefined ? {} : { expectMs: table.expect }
    return { kind: 'push', target: push, ...token, ...expect }
  }
  if (sse !== undefined) return { kind: 'status', url: sse }
  if (board !== undefined) return { kind: 'board', url: board }
  if (replay !== undefined)
    return { kind: 'replay', path: replay, speed: table.speed ?? 1, loop: table.loop ?? false }
  return { kind: 'file', path: file ?? '' }
}

export type SourceFinding = { readonly path: readonly (string | number)[]; readonly message: string }

/**
 * The sources of a board file: `[source]` (one, without a name) or `[source.NAME]`. Paths of findings begin below `source`.
 */
export function declaredSources(
  source: unknown,
):
  | { readonly ok: true; readonly specs: readonly SourceSpec[] }
  | { readonly ok: false; readonly findings: readonly SourceFinding[] } {
  const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isTable(source))
    return {
      ok: false,
      findings: [{ path: [], message: 'allowed: a table [source] or tables [source.NAME]' }],
    }
  const tables = Object.entries(source)
  const isNamed =
    tables.length > 0 && tables.every(([name, table]) => isTable(table) && !isOption(name, table))
  if (!isNamed) return parsed([[null, source]])
  return parsed(tables)
}

/** `headers`, `basic` and `token` are tables too, but of a source. */
function isOption(name: string, table: object): boolean {
  const isKnown = ['headers', 'basic', 'token'].includes(name)
  return isKnown && !KINDS.some(kind => Object.hasOwn(table, kind))
}

function parsed(tables: readonly (readonly [name: string | null, table: unknown])[]) {
  const findings: SourceFinding[] = []
  const specs: SourceSpec[] = []
  for (const [name, table] of tables) {
    const path = name === null ? [] : [name]
    if (name !== null && !SOURCE_NAME.test(name))
      findings.push({ path, message: `the name of a source is ${SOURCE_NAME_RULE}` })
    const result = sourceTable.safeParse(table)
    if (result.success) specs.push(name === null ? result.data : { ...result.data, name })
    else
      for (const issue of result.error.issues)
        findings.push({
          path: [...path, ...issue.path.map(part => (typeof part === 'number' ? part : String(part)))],
          message: issue.message,
        })
  }
  return findings.length > 0 ? ({ ok: false, findings } as const) : ({ ok: true, specs } as const)
}
