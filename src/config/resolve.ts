// One setting against the layers: which entry counts, and what value it gives.
import type { Finding } from './finding.js'
import type { Entry, Layer } from './layers.js'
import { dynamicPrefixOf, secretFileNameOf } from './names.js'
import { type Origin, spotOf } from './provenance.js'
import type { Named } from './settings.js'
import { printable, rejectedText } from './show.js'

/** Reads a secret's file; throws when it cannot. */
export type ReadSecretFile = (path: string) => string

export type Resolved = {
  /** The default (of a setting that stands for many: the usable part) when there are errors. */
  readonly value: unknown
  readonly origin: Origin
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

const DEFAULT: Origin = { from: 'default' }

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
  return { value: setting.default, origin: DEFAULT, errors: [], warnings: [] }
}

function resolveEntry(named: Named, used: string, layer: Layer, readSecretFile: ReadSecretFile): Resolved {
  const direct = layer.get(used)
  const fileName = secretFileNameOf(used)
  const byFile = named.setting.secret ? layer.get(fileName) : undefined
  if (byFile === undefined)
    return direct === undefined ? refuse(named, `${used} is missing`) : parseEntry(named, direct)
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
  const content = contentOf(path, readSecretFile)
  if (!content.ok) return refuse(named, `${spot}: the file ${path} cannot be read (${content.why})`)
  if (content.text.trim() === '') {
    // An empty file must not silently open anything; where none closes, emptying it is how a secret is taken away.
    if (named.setting.failsOpen) return refuse(named, `${spot}: the file ${path} is empty`)
    const origin: Origin = { from: 'secret-file', path, named: entry.origin }
    return { value: named.setting.default, origin, errors: [], warnings: [] }
  }
  const parsed = parseEntry(named, { raw: content.text, origin: entry.origin })
  return parsed.errors.length === 0
    ? { ...parsed, origin: { from: 'secret-file', path, named: entry.origin } }
    : parsed
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

function parseEntry(named: Named, entry: Entry, raw: unknown = entry.raw): Resolved {
  const { setting, name } = named
  const parsed = setting.parse(raw)
  if (!parsed.ok) {
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

const refuse = ({ name, setting }: Named, message: string): Resolved => ({
  value: setting.default,
  origin: DEFAULT,
  errors: [{ name, message }],
  warnings: [],
})

/** A setting that stands for many (`G6_PANEL_W_<NAME>`): each name by the first layer that has it. */
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
    origin: usable[0]?.origin ?? DEFAULT,
    errors: each.flatMap(r => r.errors),
    warnings: [],
  }
}
