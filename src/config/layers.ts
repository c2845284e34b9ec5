// The three places that can set a value (flags, environment, file) as layers of one form, and which entry of which layer a setting
// takes. Empty means unset: no layer holds an empty value.
import { parse, TomlError } from 'smol-toml'
import {
  FILE_TABLE,
  foreignNote,
  isForeignName,
  isKnownName,
  nameOfFileKey,
  nearestKey,
  nearestName,
} from './known-names.js'
import { dynamicPrefixOf, type ReadSecretFile, secretFileNameOf } from './setting.js'
import { type Config, type Named, SETTINGS } from './settings.js'
import { printable, rejectedText } from './show.js'

/** An error or a warning about settings. It never holds any part of a secret. */
export type Finding = {
  /** The setting, the name or the file it is about. */
  readonly name: string
  /** A whole sentence: what was wrong and what is allowed. */
  readonly message: string
}

/** Where a value came from. */
export type Origin =
  | { readonly from: 'default' }
  /** `name` as found: the setting's own name or an alias. */
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly path: string; readonly key: string }
  | { readonly from: 'flag'; readonly flag: string }
  /** The content of a file; `named` is what named it. */
  | { readonly from: 'secret-file'; readonly path: string; readonly named: NamedBy }

/** What can name a secret's file, or hold a value. */
export type NamedBy = Exclude<Origin, { readonly from: 'default' | 'secret-file' }>

/** For each value of a `Config`, where it came from. `from !== 'default'` means: somebody set it. */
export type Provenance = { readonly [K in keyof Config]: Origin }

/** `G6_SSE_MAX_CLIENTS`, `sse_max_connections in g6.toml`, `--port`: what a person would look for. */
export function spotOf(origin: NamedBy): string {
  if (origin.from === 'env') return origin.name
  return origin.from === 'flag' ? origin.flag : `${origin.key} in ${origin.path}`
}

/** One short phrase for `g6 config`. */
export function originText(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default'
    case 'env':
      return `env ${origin.name}`
    case 'file':
      return `file ${origin.path}`
    case 'flag':
      return `flag ${origin.flag}`
    case 'secret-file':
      return `secret file ${origin.path} (${spotOf(origin.named)})`
  }
}

export type Entry = { readonly raw: unknown; readonly origin: NamedBy }
export type Layer = ReadonlyMap<string, Entry>
export type Environment = Readonly<Record<string, string | undefined>>
export type SettingsFile = { readonly path: string; readonly text: string }
/** Values of the command line, by setting name (for a secret: the `NAME_FILE`). */
export type Flags = Readonly<Record<string, string | boolean>>

type LayerResult = {
  readonly layer: Layer
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

const EMPTY: LayerResult = { layer: new Map(), errors: [], warnings: [] }

/** Text without blanks around it; null for an empty value. */
function unlessEmpty(raw: unknown): unknown {
  const value = typeof raw === 'string' ? raw.trim() : raw
  return value === '' || value === undefined || (Array.isArray(value) && value.length === 0) ? null : value
}

/** The environment. An unknown `G6_*` name is a warning; those of the platform's other programs share one. */
export function environmentLayer(env: Environment): LayerResult {
  const layer = new Map<string, Entry>()
  const warnings: Finding[] = []
  const foreign: string[] = []
  for (const [name, text] of Object.entries(env)) {
    const raw = unlessEmpty(text)
    if (raw === null) continue
    if (isKnownName(name)) layer.set(name, { raw, origin: { from: 'env', name } })
    else if (name.startsWith('G6_')) {
      const meant = nearestName(name)
      if (meant === null && isForeignName(name)) {
        foreign.push(printable(name))
        continue
      }
      const hint = meant === null ? '' : `; did you mean ${meant}?`
      warnings.push({ name, message: `${printable(name)} is not a setting and changes nothing${hint}` })
    }
  }
  const note = foreignNote(foreign)
  if (note !== null) warnings.push({ name: 'environment', message: note })
  return { layer, errors: [], warnings }
}

/** The settings file; unknown keys are errors. */
export function fileLayer(file: SettingsFile | null): LayerResult {
  if (file === null) return EMPTY
  const { path } = file
  const table = parseToml(file)
  if (typeof table === 'string') return { ...EMPTY, errors: [{ name: path, message: table }] }
  const layer = new Map<string, Entry>()
  const errors: Finding[] = []
  for (const [key, value] of Object.entries(table).flatMap(withinTable)) {
    const raw = unlessEmpty(value)
    const name = nameOfFileKey(key)
    const earlier = name === null ? undefined : layer.get(name)
    if (name === null) errors.push({ name: key, message: unknownKey(key, value, path) })
    else if (earlier !== undefined) {
      const message = `${key} and ${spotOf(earlier.origin)} are both set; allowed: one of them`
      errors.push({ name, message })
    } else if (raw !== null) layer.set(name, { raw, origin: { from: 'file', path, key } })
  }
  return { layer, errors, warnings: [] }
}

/** `[relay]` is the one table: its keys are `relay.…`. */
function withinTable([key, value]: [string, unknown]): [string, unknown][] {
  if (key !== FILE_TABLE || typeof value !== 'object' || value === null) return [[key, value]]
  return Object.entries(value).map(([inner, of]) => [`${key}.${inner}`, of])
}

function unknownKey(key: string, value: unknown, path: string): string {
  const meant = nearestKey(key)
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value)
  const hint =
    meant !== null ? `; did you mean ${meant}?` : isTable ? '; keys stand at the top, without tables' : ''
  return `${printable(key)} in ${path} is not a setting${hint}`
}

/** The table, or what is wrong with the text. The parser's own message quotes the file, which may hold secrets. */
function parseToml({ path, text }: SettingsFile): string | Readonly<Record<string, unknown>> {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const what = (error.message.split('\n')[0] ?? '').replace('Invalid TOML document: ', '')
    return `${path} cannot be read as TOML: line ${error.line}, column ${error.column}: ${printable(what)}`
  }
}

const FLAG_OF = new Map(
  SETTINGS.map(({ name, setting }) => [setting.secret ? secretFileNameOf(name) : name, setting.flag]),
)

/** The command line. An empty value there is a mistake (an unset shell variable), not "unset". */
export function flagLayer(flags: Flags): LayerResult {
  const layer = new Map<string, Entry>()
  const errors: Finding[] = []
  for (const [name, value] of Object.entries(flags)) {
    const raw = unlessEmpty(value)
    const flag = FLAG_OF.get(name) ?? name
    if (!isKnownName(name)) errors.push({ name, message: `${printable(name)} is not a setting` })
    else if (raw === null)
      errors.push({ name, message: `${flag} is empty; allowed: a value, or no ${flag} at all` })
    else layer.set(name, { raw, origin: { from: 'flag', flag } })
  }
  return { layer, errors, warnings: [] }
}

export type Resolved = {
  /** The default (of a setting that covers many: the usable part) when there are errors. */
  readonly value: unknown
  readonly origin: Origin
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

export const defaultOf = ({ setting }: Named): Resolved => ({
  value: setting.default,
  origin: { from: 'default' },
  errors: [],
  warnings: [],
})

/** The value of a setting, by the first layer that has it under any of its names. */
export function resolve(named: Named, layers: readonly Layer[], readSecretFile: ReadSecretFile): Resolved {
  const prefix = dynamicPrefixOf(named.name)
  if (prefix !== null) return resolveMany(named, prefix, layers)
  const { name, setting } = named
  const names = [name, ...setting.aliases.map(a => a.name)]
  for (const layer of layers) {
    const present = names.filter(n => layer.has(n) || (setting.secret && layer.has(secretFileNameOf(n))))
    const [used, ...others] = present
    if (used === undefined) continue
    const passedOver = others
      .filter(other => layer.get(other)?.raw !== layer.get(used)?.raw)
      .map(other => ({ name: other, message: `${other} is passed over: ${used} is set too` }))
    const resolved = resolveEntry(named, used, layer, readSecretFile)
    return { ...resolved, warnings: [...resolved.warnings, ...passedOver] }
  }
  return defaultOf(named)
}

function resolveEntry(named: Named, used: string, layer: Layer, readSecretFile: ReadSecretFile): Resolved {
  const direct = layer.get(used)
  const fileName = secretFileNameOf(used)
  const byFile = named.setting.secret ? layer.get(fileName) : undefined
  if (byFile === undefined)
    return direct === undefined
      ? refuse(named, `${used} is missing`)
      : parseEntry(named, direct, direct.raw, readSecretFile)
  if (direct !== undefined) {
    return refuse(named, `${used} and ${fileName} are both set; allowed: one of them`)
  }
  return parseSecretFile(named, byFile, readSecretFile)
}

function parseSecretFile(named: Named, entry: Entry, readSecretFile: ReadSecretFile): Resolved {
  const spot = labelOf(named, entry)
  if (typeof entry.raw !== 'string')
    return refuse(named, `${spot} cannot be used; allowed: the path of a file`)
  const path = entry.raw
  const origin: Origin = { from: 'secret-file', path, named: entry.origin }
  const content = contentOf(path, readSecretFile)
  if (!content.ok) return refuse(named, `${spot}: the file ${path} cannot be read (${content.why})`)
  if (content.text.trim() === '') {
    // An empty file must not silently open anything; where the default closes, emptying the file is how a secret is removed.
    if (named.setting.failsOpen) return refuse(named, `${spot}: the file ${path} is empty`)
    return { ...defaultOf(named), origin }
  }
  const parsed = parseEntry(named, { raw: content.text, origin: entry.origin })
  return parsed.errors.length === 0 ? { ...parsed, origin } : parsed
}

type Content = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }

function contentOf(path: string, readSecretFile: ReadSecretFile): Content {
  try {
    return { ok: true, text: readSecretFile(path).replace(/(?<![\r\n])[\r\n]+$/, '') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given'
    return { ok: false, why: code }
  }
}

function parseEntry(
  named: Named,
  entry: Entry,
  raw: unknown = entry.raw,
  readSecretFile?: ReadSecretFile,
): Resolved {
  const { setting, name } = named
  const parsed = setting.parse(raw, readSecretFile)
  if (!parsed.ok) {
    if (parsed.faults !== undefined) {
      const label = labelOf(named, entry)
      return {
        ...defaultOf(named),
        errors: parsed.faults.map(fault => ({ name, message: `${label}: ${fault}` })),
      }
    }
    const why = parsed.because === undefined ? '' : ` (${printable(parsed.because)})`
    const shown = rejectedText(setting, entry.raw)
    return refuse(
      named,
      `${labelOf(named, entry)}: ${shown} cannot be used${why}; allowed: ${setting.allowed}`,
    )
  }
  const warnings = (parsed.notes ?? []).map(note => ({
    name,
    message: `${labelOf(named, entry)}: ${printable(note)}`,
  }))
  return { value: parsed.value, origin: entry.origin, errors: [], warnings }
}

/** The setting's name, and where to look when it was set under another one. */
function labelOf(named: Named, entry: Entry): string {
  const spot = spotOf(entry.origin)
  return spot === named.name ? named.name : `${named.name} (${spot})`
}

const refuse = (named: Named, message: string): Resolved => ({
  ...defaultOf(named),
  errors: [{ name: named.name, message }],
})

/** A setting that covers many (`G6_PANEL_W_<NAME>`): each name by the first layer that has it. */
function resolveMany(named: Named, prefix: string, layers: readonly Layer[]): Resolved {
  const entries = new Map<string, Entry>()
  for (const [name, entry] of layers.flatMap(layer => [...layer])) {
    const panel = name.slice(prefix.length).toLowerCase()
    if (name.startsWith(prefix) && !entries.has(panel)) entries.set(panel, entry)
  }
  const each = [...entries].map(([panel, entry]) => parseEntry(named, entry, { [panel]: entry.raw }))
  const usable = each.filter(r => r.errors.length === 0)
  return {
    value: Object.assign({}, ...usable.map(r => r.value)),
    origin: usable[0]?.origin ?? { from: 'default' },
    errors: each.flatMap(r => r.errors),
    warnings: [],
  }
}
