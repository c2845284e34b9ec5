// What a declared setting is, and how its name is spelled. Every setting of the program is one `Setting` in one table of `groups/`;
// parsing, flags, `g6 config`, the reference page and the JSON Schema of the file all come from that declaration.

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly notes?: readonly string[] }
  /** `faults`: where several things may be wrong at once, a phrase for each, in place of `because`. */
  | { readonly ok: false; readonly because?: string; readonly faults?: readonly string[] }

/** Reads a secret's file; throws when it cannot. */
export type ReadSecretFile = (path: string) => string

/** The part of JSON Schema 2020-12 that settings need. */
export type JsonSchema = Readonly<Record<string, unknown>>

export type KindName =
  | 'bool'
  | 'int'
  | 'number'
  | 'port'
  | 'bytes'
  | 'rate'
  | 'text'
  | 'choice'
  | 'path'
  | 'list'
  | 'host'
  | 'address list'
  | 'origin list'
  | 'url'
  | 'url list'
  | 'timezone'
  | 'json'
  | 'secret'
  | 'secret list'
  | 'sizes'
  | 'tables'

export type Alias = {
  readonly name: string
  /** Why it should no longer be used; null when it is simply another name. */
  readonly deprecated: string | null
}

export type Setting<T> = {
  readonly kind: KindName
  readonly default: T
  /** One sentence: what it does. */
  readonly about: string
  /** Completes "allowed: …" in an error. */
  readonly allowed: string
  /** The unit of a number (`s`, `ms`, `bytes`); null for everything else. */
  readonly unit: string | null
  /** The default in words, where the value alone would not say it (`json; pretty on a terminal`). */
  readonly defaultText: string | null
  /** Whether SIGHUP reads it again. */
  readonly reload: boolean
  /** The command-line flag, with its dashes; for a secret it names a file, since a command line is public. */
  readonly flag: string | null
  readonly aliases: readonly Alias[]
  /** Why it should no longer be set, though it still works. */
  readonly deprecated: string | null
  /** Never shown; may come from the file that `NAME_FILE` names. */
  readonly secret: boolean
  /** Its default opens what it should close: `G6_CONFIG_LENIENT` does not excuse a bad value, and a secret's file must not be empty. */
  readonly failsOpen: boolean
  /** What the settings file may hold. */
  readonly schema: JsonSchema
  /** Parses a text (environment, flag) or a value of the settings file; never an empty one. */
  readonly parse: (raw: unknown, readSecretFile?: ReadSecretFile) => Parsed<T>
}

/** Everything in a declaration but kind and default. */
export type About = {
  readonly about: string
  readonly unit?: string
  readonly defaultText?: string
  readonly reload?: boolean
  readonly flag?: `--${string}`
  readonly alias?: readonly (string | Alias)[]
  readonly deprecated?: string
  readonly failsOpen?: boolean
}

/** What a kind adds to a declaration. */
export type KindOf<T> = {
  readonly kind: KindName
  readonly default: T
  readonly allowed: string
  readonly schema: JsonSchema
  readonly parse: Setting<T>['parse']
  readonly secret?: boolean
  readonly unit?: string
}

/** For the kinds only. */
export function declare<T>(kind: KindOf<T>, words: About): Setting<T> {
  const secret = kind.secret ?? false
  return {
    kind: kind.kind,
    default: kind.default,
    about: words.about,
    get allowed() {
      return kind.allowed
    },
    unit: words.unit ?? kind.unit ?? null,
    defaultText: words.defaultText ?? null,
    reload: words.reload ?? false,
    flag: words.flag ?? null,
    aliases: (words.alias ?? []).map(a => (typeof a === 'string' ? { name: a, deprecated: null } : a)),
    deprecated: words.deprecated ?? null,
    secret,
    failsOpen: words.failsOpen ?? secret,
    get schema() {
      return kind.schema
    },
    parse: kind.parse,
  }
}

export type Group<S extends Readonly<Record<string, Setting<unknown>>>> = {
  readonly name: string
  readonly about: string
  readonly settings: S
}

/** A table of settings that belong together, in the order in which they are shown. */
export function group<const S extends Readonly<Record<string, Setting<unknown>>>>(
  name: string,
  about: string,
  settings: S,
): Group<S> {
  return { name, about, settings }
}

export const bad = (because?: string): Parsed<never> =>
  because === undefined ? { ok: false } : { ok: false, because }

export const good = <T>(value: T, notes?: readonly string[]): Parsed<T> =>
  notes === undefined || notes.length === 0 ? { ok: true, value } : { ok: true, value, notes }

// One setting, three spellings: `G6_SSE_MAX_CONNECTIONS` in the environment, `sse_max_connections` in the file,
// `sseMaxConnections` in the code. The compiler and the program derive them in the same way.

type WithoutPrefix<N extends string> = N extends `G6_${infer Rest}` ? Rest : N
type WithoutPlaceholder<N extends string> = N extends `${infer Base}_<NAME>` ? Base : N
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S

/** `G6_SSE_HTTP` → `sseHttp`; `G6_PANEL_W_<NAME>` → `panelW`. */
export type PropertyOf<N extends string> = Camel<Lowercase<WithoutPlaceholder<WithoutPrefix<N>>>>

/** Ends the name of a setting that covers many: `G6_PANEL_W_<NAME>`. */
const PLACEHOLDER = '<NAME>'

export function propertyOf(name: string): string {
  return fileKeyOf(name.replace(`_${PLACEHOLDER}`, '')).replace(/_([a-z0-9])/g, (_, c: string) =>
    c.toUpperCase(),
  )
}

/** `G6_SSE_HTTP` → `sse_http`; `G6_PANEL_W_<NAME>` → `panel_w_<name>`. */
export const fileKeyOf = (name: string): string => name.replace(/^G6_/, '').toLowerCase()

/** The prefix of a setting that covers many names; null for all others. */
export const dynamicPrefixOf = (name: string): string | null =>
  name.endsWith(PLACEHOLDER) ? name.slice(0, -PLACEHOLDER.length) : null

/** The setting that names the file of a secret. */
export const secretFileNameOf = (name: string): string => `${name}_FILE`
