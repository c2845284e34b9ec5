// From what people wrote to a complete configuration, or to everything that is wrong with it at once. Pure: whatever is
// read comes in as a parameter.
//
//   flags ┐
//   env   ├─ layers ─ resolve each setting ─ check pairs ─▶ Config, and where each value came from
//   file  ┘
import { deprecationsIn } from './deprecations.js'
import type { Finding } from './finding.js'
import {
  type Environment,
  environmentLayer,
  type Flags,
  fileLayer,
  flagLayer,
  type Layer,
  type SettingsFile,
} from './layers.js'
import { type Disorder, disorders } from './order.js'
import type { Origin, Provenance } from './provenance.js'
import { type ReadSecretFile, type Resolved, resolve } from './resolve.js'
import { type Config, type Named, SETTINGS, type SettingName } from './settings.js'

export type LoadInput = {
  readonly env: Environment
  readonly file?: SettingsFile | null
  readonly flags?: Flags
  /** Without it, no `NAME_FILE` can be read. */
  readonly readSecretFile?: ReadSecretFile
  /** What only rooms above this one can tell to be wrong between the values. The defaults must be in order. */
  readonly judge?: (config: Config) => readonly Disorder[]
}

export type Loaded = {
  readonly ok: true
  readonly config: Config
  readonly provenance: Provenance
  readonly warnings: readonly Finding[]
  /** Retired and deprecated names that are set somewhere. */
  readonly deprecatedSeen: readonly string[]
}

export type Refused = {
  readonly ok: false
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

export type LoadResult = Loaded | Refused

/** Flag > environment > file > default; all that is wrong is reported together. */
export function loadConfig(input: LoadInput): LoadResult {
  const reads = [flagLayer(input.flags ?? {}), environmentLayer(input.env), fileLayer(input.file ?? null)]
  const layers = reads.map(r => r.layer)
  const readSecretFile = input.readSecretFile ?? unreadable
  const isOn = (name: SettingName): boolean =>
    SETTINGS.some(s => s.name === name && resolve(s, layers, readSecretFile).value === true)

  const more = input.judge ?? (() => [])
  const disordersOf = (config: Config): readonly Disorder[] => [...disorders(config), ...more(config)]
  const verdict = judge(layers, readSecretFile, disordersOf, isOn('G6_CONFIG_LENIENT'))
  const deprecated = deprecationsIn(layers)
  const isStrict = isOn('G6_STRICT_DEPRECATIONS')
  const errors = [...reads.flatMap(r => r.errors), ...verdict.errors, ...(isStrict ? deprecated : [])]
  const warnings = [...reads.flatMap(r => r.warnings), ...verdict.warnings, ...(isStrict ? [] : deprecated)]
  if (errors.length > 0) return { ok: false, errors, warnings }
  return {
    ok: true,
    config: verdict.config,
    provenance: verdict.provenance,
    warnings,
    deprecatedSeen: deprecated.map(d => d.name),
  }
}

const unreadable: ReadSecretFile = () => {
  throw new Error('files are not read here')
}

type Verdict = {
  readonly config: Config
  readonly provenance: Provenance
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

function judge(
  layers: readonly Layer[],
  readSecretFile: ReadSecretFile,
  disordersOf: (config: Config) => readonly Disorder[],
  isLenient: boolean,
): Verdict {
  const found = new Map<Named, Resolved>(SETTINGS.map(s => [s, resolve(s, layers, readSecretFile)]))
  const errors: Finding[] = []
  const warnings: Finding[] = []
  for (const [{ setting }, resolved] of found) {
    warnings.push(...resolved.warnings)
    if (isLenient && !setting.failsOpen) warnings.push(...resolved.errors.map(excused))
    else errors.push(...resolved.errors)
  }
  let wrong = disordersOf(configOf(found))
  // What is already refused has its default here: a second error about it would mislead.
  const isNews = (d: Disorder) => errors.every(e => !d.names.some(n => n === e.name))
  if (!isLenient) errors.push(...wrong.filter(isNews).map(d => d.finding))
  // Each turn gives at least one setting its default, and the defaults are in order.
  while (isLenient && wrong.length > 0) {
    warnings.push(...wrong.map(d => excused(d.finding)))
    const names = wrong.flatMap(d => d.names)
    for (const [named] of found) if (names.includes(named.name)) found.set(named, byDefault(named))
    wrong = disordersOf(configOf(found))
  }
  return { config: configOf(found), provenance: provenanceOf(found), errors, warnings }
}

const excused = ({ name, message }: Finding): Finding => ({
  name,
  message: `${message}; the default is taken (G6_CONFIG_LENIENT)`,
})

const byDefault = ({ setting }: Named): Resolved => ({
  value: setting.default,
  origin: { from: 'default' },
  errors: [],
  warnings: [],
})

// The tables of settings are what both types are made from, and each parser gives its setting's type.
const configOf = (found: ReadonlyMap<Named, Resolved>): Config =>
  Object.freeze(Object.fromEntries([...found].map(([s, r]) => [s.key, frozen(r.value)]))) as unknown as Config

const provenanceOf = (found: ReadonlyMap<Named, Resolved>): Provenance =>
  Object.freeze(
    Object.fromEntries([...found].map(([s, r]): [string, Origin] => [s.key, r.origin])),
  ) as unknown as Provenance

/** Values are scalars, or lists and tables of scalars: one level is all there is. */
const frozen = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Object.freeze(value) : value
