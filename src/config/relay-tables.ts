// The tables of the relay: `[[relay.backend]]`, who answers, and `[[relay.route]]`, routes of apps that stand behind this server.
import { z } from 'zod'
import { duration } from './kinds/durations.js'
import { headerSecret } from './kinds/secrets.js'
import { type RowFault, tables } from './kinds/tables.js'
import type { About, ReadSecretFile } from './setting.js'

/** The routes that a backend may understand. */
export const SERVED = ['chat', 'completions', 'responses', 'messages', 'embeddings', 'models'] as const
export type Served = (typeof SERVED)[number]

/** Plain data, so that two lists can be compared. */
export type BackendTable = {
  readonly name: string
  readonly url: string
  /** Never shown. */
  readonly key: string | null
  readonly keyHeader: string
  /** Names that callers use → names that this backend uses; null: all, unchanged. */
  readonly models: Readonly<Record<string, string>> | null
  readonly usageOption: boolean
  readonly serves: readonly Served[]
  readonly acceptsCallerKey: boolean
  /** Null: G6_CHAT_FIRST_TOKEN_TIMEOUT_MS. */
  readonly firstTokenTimeoutMs: number | null
}

export type RouteTable = {
  readonly path: string
  readonly upstream: string
  /** Where the id of the stream is: `body.id`, `query.id` or `header:x-chat-id`. */
  readonly streamId: string
  /** `cookie:NAME` or `header:NAME`. */
  readonly owner: readonly string[]
  /** Names of request headers that go on, in lower case. */
  readonly forward: readonly string[]
}

const MAX_LIST = 100
const MAX_MODELS = 1_000

const HEADER =
  'allowed: the name of a header that carries a value of its own, like authorization, x-api-key, cookie'
/** RFC 9110 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/
/** They belong to one connection or frame the message. */
const FRAMING: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'content-type', 'expect', 'host', 'keep-alive', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'http2-settings', 'proxy-connection', 'proxy-authorization'],
])
const headerName = z
  .string(HEADER)
  .regex(HEADER_NAME, HEADER)
  .refine(name => !FRAMING.has(name.toLowerCase()), HEADER)
  .transform(name => name.toLowerCase())

const URL_ALLOWED =
  'allowed: a URL beginning with http:// or https://, without a user name, a password or a fragment'
const webUrl = z.string(URL_ALLOWED).refine(text => {
  const url = URL.canParse(text) ? new URL(text) : null
  const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.hostname !== ''
  return isWeb && url.username === '' && url.password === '' && url.hash === ''
}, URL_ALLOWED)

const NAME = 'allowed: letters, digits, ".", "_" and "-", up to 64 of them'
const SERVES = `allowed: a list of ${SERVED.join(', ')}`
const MODELS = 'allowed: a table of names, as in { "fast" = "gpt-5-mini" }'
const modelName = z.string(MODELS).trim().min(1, MODELS).max(500, MODELS)
const SWITCH = 'allowed: true or false'
const FILE = 'allowed: the path of the file that holds the key'

const backendRow = z.lazy(() =>
  z.strictObject({
    name: z
      .string(NAME)
      .regex(/^[A-Za-z0-9._-]{1,64}$/, NAME)
      .describe('Its name in logs, metrics and health.'),
    url: webUrl.describe('Its base URL: /chat/completions is added to its path; a bare host gets /v1.'),
    key_file: z
      .string(FILE)
      .min(1, FILE)
      .refine(path => !path.includes('\0'), FILE)
      .exactOptional()
      .describe('The file of its key, which goes to no other backend.'),
    key_header: headerName
      .exactOptional()
      .describe('The header of the key; default: authorization, as Bearer.'),
    models: z
      .record(modelName, modelName, MODELS)
      .refine(models => Object.keys(models).length > 0, MODELS)
      .refine(models => Object.keys(models).length <= MAX_MODELS, `allowed: up to ${MAX_MODELS} models`)
      .exactOptional()
      .describe('Names that callers use → names that it uses; absent: all, unchanged.'),
    usage_option: z
      .boolean(SWITCH)
      .exactOptional()
      .describe(
        'Whether the bali-zero routes ask it for usage (stream_options.include_usage); default true.',
      ),
    serves: z
      .array(z.enum(SERVED, SERVES), SERVES)
      .min(1, SERVES)
      .exactOptional()
      .describe('The routes that it understands; default: all.'),
    accepts_caller_key: z
      .boolean(SWITCH)
      .exactOptional()
      .describe('Whether it gets the key of the caller, with G6_RELAY_FORWARD_KEY; at most one backend.'),
    first_token_timeout: duration(100, 24 * 3_600_000, '100ms to 1d')
      .exactOptional()
      .describe('How long it may be silent before its first token; default: G6_CHAT_FIRST_TOKEN_TIMEOUT_MS.'),
  }),
)

type BackendRow = z.output<typeof backendRow>

function keyOf(path: string, readSecretFile: ReadSecretFile): string | { readonly fault: string } {
  let text: string
  try {
    text = readSecretFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given'
    return { fault: `key_file: the file ${path} cannot be read (${code})` }
  }
  const parsed = headerSecret(text)
  return parsed.ok ? parsed.value : { fault: `key_file: the file ${path} cannot be used (${parsed.because})` }
}

/** Rows after the first one of each that has the same word. */
function repeated<R>(rows: readonly R[], wordOf: (row: R) => string): readonly number[] {
  const words = rows.map(wordOf)
  return words.flatMap((word, at) => (words.indexOf(word) < at ? [at] : []))
}

function backendOf(row: BackendRow, key: string | null): BackendTable {
  return {
    name: row.name,
    url: row.url,
    key,
    keyHeader: row.key_header ?? 'authorization',
    models: row.models ?? null,
    usageOption: row.usage_option ?? true,
    serves: row.serves ?? SERVED,
    acceptsCallerKey: row.accepts_caller_key ?? false,
    firstTokenTimeoutMs: row.first_token_timeout ?? null,
  }
}

function makeBackends(rows: readonly BackendRow[], readSecretFile: ReadSecretFile) {
  const faults: RowFault[] = []
  const values = rows.map((row, at) => {
    const key = row.key_file === undefined ? null : keyOf(row.key_file, readSecretFile)
    const isFault = typeof key === 'object' && key !== null
    if (isFault) faults.push({ row: at, text: key.fault })
    if (row.key_file === undefined && row.key_header !== undefined)
      faults.push({
        row: at,
        text: 'key_header changes nothing without key_file; allowed: both, or none of them',
      })
    return backendOf(row, isFault ? null : key)
  })
  for (const at of repeated(rows, ({ name }) => name))
    faults.push({ row: at, text: 'another backend has this name; allowed: a name for each' })
  const accepting = rows.flatMap(({ accepts_caller_key: accepts }, at) => (accepts ? [at] : []))
  for (const at of accepting.slice(1))
    faults.push({ row: at, text: 'accepts_caller_key: another backend has it; allowed: one backend at most' })
  return { values, faults }
}

export const backendTables = (about: About) =>
  tables({ row: backendRow, nameKey: 'name', make: makeBackends }, about)

const PATH = 'allowed: a path like /api/chat, without a slash at its end'
const STREAM_ID = 'allowed: body.NAME (and names below it), query.NAME or header:NAME, as in body.id'
const OWNER = 'allowed: a list of cookie:NAME and header:NAME'
const FORWARD = 'allowed: a list of names of headers, like cookie, authorization'

const routeRow = z.lazy(() =>
  z.strictObject({
    path: z
      .string(PATH)
      .regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, PATH)
      .refine(path => path.length <= 500 && !path.split('/').some(part => /^\.+$/.test(part)), PATH)
      .describe('What the browser calls.'),
    upstream: webUrl.describe('The URL of the app’s own route.'),
    stream_id: z
      .string(STREAM_ID)
      .regex(
        /^(?:body(?:\.[A-Za-z0-9_-]{1,100}){1,8}|query\.[A-Za-z0-9_-]{1,100}|header:[A-Za-z0-9-]{1,100})$/,
        STREAM_ID,
      )
      .exactOptional()
      .describe('Where the id of the stream is in the request; default: body.id.'),
    owner: z
      .array(z.string(OWNER).regex(/^(?:cookie|header):[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/, OWNER), OWNER)
      .max(MAX_LIST, OWNER)
      .exactOptional()
      .describe('Whose stream it is: its SHA-256; without it nobody can read or stop a stream.'),
    forward: z
      .array(headerName, FORWARD)
      .max(MAX_LIST, FORWARD)
      .exactOptional()
      .describe('Request headers that go on to the app; no other does.'),
  }),
)

function makeRoutes(rows: readonly z.output<typeof routeRow>[]) {
  const faults = repeated(rows, ({ path }) => path).map(row => ({
    row,
    text: 'another route has this path; allowed: a path for each',
  }))
  const values = rows.map(
    (row): RouteTable => ({
      path: row.path,
      upstream: row.upstream,
      streamId: row.stream_id ?? 'body.id',
      owner: row.owner ?? [],
      forward: row.forward ?? [],
    }),
  )
  return { values, faults }
}

export const routeTables = (about: About) =>
  tables({ row: routeRow, nameKey: 'path', make: makeRoutes }, about)
