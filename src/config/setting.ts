// What a declared setting is. Every setting of the program is one `Setting` in one table of `groups/`; parsing, flags,
// `g6 config`, the reference page and the JSON Schema of the file are all read off that declaration.

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly notes?: readonly string[] }
  | { readonly ok: false; readonly because?: string }

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
  /** What a value is counted in (`s`, `ms`, `bytes`); null for what is not counted. */
  readonly unit: string | null
  /** What the default is called where the value alone would not say it (`json; pretty on a terminal`). */
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
  /**
   * Its default would open what it is meant to close, so `G6_CONFIG_LENIENT` does not excuse a bad value, nor may the file
   * of a secret be empty.
   */
  readonly failsOpen: boolean
  /** What the settings file may hold. */
  readonly schema: JsonSchema
  /** Reads a text (environment, flag) or a value of the settings file. Never given anything empty. */
  readonly parse: (raw: unknown) => Parsed<T>
}

/** What a declaration may say besides kind and default. */
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
  readonly parse: (raw: unknown) => Parsed<T>
  readonly secret?: boolean
  readonly unit?: string
}

/** Puts kind and words together; used by the kinds only. */
export function declare<T>(kind: KindOf<T>, words: About): Setting<T> {
  const secret = kind.secret ?? false
  return {
    kind: kind.kind,
    default: kind.default,
    about: words.about,
    allowed: kind.allowed,
    unit: words.unit ?? kind.unit ?? null,
    defaultText: words.defaultText ?? null,
    reload: words.reload ?? false,
    flag: words.flag ?? null,
    aliases: (words.alias ?? []).map(a => (typeof a === 'string' ? { name: a, deprecated: null } : a)),
    deprecated: words.deprecated ?? null,
    secret,
    failsOpen: words.failsOpen ?? secret,
    schema: kind.schema,
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
