// The three places that can set a value (flags, environment, file), brought to one form: a map from name to what stands
// there. Nothing empty is in a layer: empty means unset.
import { parse, TomlError } from 'smol-toml'
import type { Finding } from './finding.js'
import { foreignNote, isForeignName } from './foreign-names.js'
import { isKnownName, nameOfFileKey, nearestKey, nearestName } from './known-names.js'
import { secretFileNameOf } from './names.js'
import type { NamedBy } from './provenance.js'
import { SETTINGS } from './settings.js'
import { printable } from './show.js'

export type Entry = { readonly raw: unknown; readonly origin: NamedBy }
export type Layer = ReadonlyMap<string, Entry>
export type Environment = Readonly<Record<string, string | undefined>>
export type SettingsFile = { readonly path: string; readonly text: string }
/** By setting name (for a secret: the `NAME_FILE`), what the command line says. */
export type Flags = Readonly<Record<string, string | boolean>>

type Read = {
  readonly layer: Layer
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

const EMPTY: Read = { layer: new Map(), errors: [], warnings: [] }

/** Text without blanks around it; null for what is empty. */
function unlessEmpty(raw: unknown): unknown {
  const value = typeof raw === 'string' ? raw.trim() : raw
  return value === '' || value === undefined || (Array.isArray(value) && value.length === 0) ? null : value
}

/** The environment. An unknown `G6_*` name is a warning; those of the platform's other programs share one. */
export function environmentLayer(env: Environment): Read {
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
export function fileLayer(file: SettingsFile | null): Read {
  if (file === null) return EMPTY
  const { path } = file
  const table = parseToml(file)
  if (typeof table === 'string') return { ...EMPTY, errors: [{ name: path, message: table }] }
  const layer = new Map<string, Entry>()
  const errors: Finding[] = []
  for (const [key, value] of Object.entries(table)) {
    const raw = unlessEmpty(value)
    const name = nameOfFileKey(key)
    if (name === null) errors.push({ name: key, message: unknownKey(key, value, path) })
    else if (raw !== null) layer.set(name, { raw, origin: { from: 'file', path, key } })
  }
  return { layer, errors, warnings: [] }
}

function unknownKey(key: string, value: unknown, path: string): string {
  const meant = nearestKey(key)
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value)
  const hint =
    meant !== null ? `; did you mean ${meant}?` : isTable ? '; keys stand at the top, without tables' : ''
  return `${printable(key)} in ${path} is not a setting${hint}`
}

/** The table, or what is wrong with the text. The parser's own message quotes the file, and with it secrets. */
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
export function flagLayer(flags: Flags): Read {
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
