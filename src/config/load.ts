// From what people wrote to a complete configuration, or to a report of everything that is wrong with it; and what SIGHUP may change
// of it. Pure: everything that is read comes in as a parameter.
//
//   flags ┐
//   env   ├─ layers ─ resolve each setting ─ check pairs ─▶ Config, and where each value came from
//   file  ┘
import {
  defaultOf,
  type Environment,
  environmentLayer,
  type Finding,
  type Flags,
  fileLayer,
  flagLayer,
  type Layer,
  type Origin,
  type Provenance,
  type Resolved,
  resolve,
  type SettingsFile,
  spotOf,
} from './layers.js'
import { RETIRED } from './retired.js'
import type { ReadSecretFile } from './setting.js'
import { type Config, type Named, SETTINGS, type SettingName } from './settings.js'

export type LoadInput = {
  readonly env: Environment
  readonly file?: SettingsFile | null
  readonly flags?: Flags
  /** Without it, no `NAME_FILE` can be read. */
  readonly readSecretFile?: ReadSecretFile
  /** Checks between values that only rooms above this one can make. The defaults must pass them. */
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

/** Flag > environment > file > default; everything that is wrong is reported together. */
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
  // A refused setting has its default here: a second error about it would mislead.
  const isNews = (d: Disorder) => errors.every(e => !d.names.some(n => n === e.name))
  if (!isLenient) errors.push(...wrong.filter(isNews).map(d => d.finding))
  // Each turn gives at least one setting its default, and the defaults pass all checks.
  while (isLenient && wrong.length > 0) {
    warnings.push(...wrong.map(d => excused(d.finding)))
    const names = wrong.flatMap(d => d.names)
    for (const [named] of found) if (names.includes(named.name)) found.set(named, defaultOf(named))
    wrong = disordersOf(configOf(found))
  }
  return { config: configOf(found), provenance: provenanceOf(found), errors, warnings }
}

const excused = ({ name, message }: Finding): Finding => ({
  name,
  message: `${message}; the default is taken (G6_CONFIG_LENIENT)`,
})

// The tables of settings are what both types are made from, and each parser gives its setting's type.
const configOf = (found: ReadonlyMap<Named, Resolved>): Config =>
  Object.freeze(Object.fromEntries([...found].map(([s, r]) => [s.key, frozen(r.value)]))) as unknown as Config

const provenanceOf = (found: ReadonlyMap<Named, Resolved>): Provenance =>
  Object.freeze(
    Object.fromEntries([...found].map(([s, r]): [string, Origin] => [s.key, r.origin])),
  ) as unknown as Provenance

const frozen = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

/** Pairs of which the first must not be above the second. Both are reloadable or neither, so that SIGHUP cannot mix them. */
export const NOT_ABOVE: readonly (readonly [SettingName, SettingName])[] = [
  ['G6_DQ_ERROR_THRESHOLD', 'G6_DQ_WARN_THRESHOLD'],
  ['G6_MEMORY_LEVEL1_MB', 'G6_MEMORY_LEVEL2_MB'],
  ['G6_MEMORY_LEVEL2_MB', 'G6_MEMORY_LEVEL3_MB'],
  ['G6_PROVIDER_LAT_WARN_MS', 'G6_PROVIDER_LAT_ERR_MS'],
  ['G6_STREAM_WARN_SEC', 'G6_STREAM_STALE_SEC'],
]

/** Values that contradict each other. */
export type Disorder = { readonly names: readonly SettingName[]; readonly finding: Finding }

/** The pairs in the wrong order. An unset one (null) is in order with everything. */
function disorders(config: Config): readonly Disorder[] {
  const valueNamed = (name: SettingName): unknown => {
    const named = SETTINGS.find(s => s.name === name)
    return named === undefined ? null : config[named.key]
  }
  return NOT_ABOVE.flatMap(([lower, upper]) => {
    const [low, high] = [valueNamed(lower), valueNamed(upper)]
    if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return []
    const message = `${lower} is ${low}; allowed: not above ${upper}, which is ${high}`
    return [{ names: [lower, upper], finding: { name: lower, message } }]
  })
}

/** Retired names, which do nothing, and deprecated ones, which still work. */
const OUTDATED: readonly { readonly name: string; readonly sentence: string }[] = [
  ...RETIRED.map(r => ({ name: r.name, sentence: `is retired and ignored: ${r.replacement}` })),
  ...SETTINGS.flatMap(({ name, setting }) => [
    { name: name as string, deprecated: setting.deprecated },
    ...setting.aliases,
  ]).flatMap(({ name, deprecated }) =>
    deprecated === null ? [] : [{ name, sentence: `is deprecated: ${deprecated}` }],
  ),
]

/** One finding for each outdated name that is set anywhere. */
function deprecationsIn(layers: readonly Layer[]): readonly Finding[] {
  return OUTDATED.flatMap(({ name, sentence }) => {
    const entry = layers.find(l => l.has(name))?.get(name)
    if (entry === undefined) return []
    const spot = spotOf(entry.origin)
    return [{ name, message: `${name}${spot === name ? '' : ` (${spot})`} ${sentence}` }]
  })
}

export type Reloaded = {
  /** The previous configuration with every reloadable setting taken from the next. */
  readonly config: Config
  /** Settings that changed and take effect at the next start only. */
  readonly ignored: readonly SettingName[]
}

/** What SIGHUP may change. Both must be complete: an unusable next configuration never gets here, so it is all or nothing. */
export function reloadable(previous: Config, next: Config): Reloaded {
  const taken = SETTINGS.map(({ key, setting }) => [key, setting.reload ? next[key] : previous[key]])
  const ignored = SETTINGS.filter(({ key, setting }) => !setting.reload && !isSame(previous[key], next[key]))
  // The keys are those of a Config, each with a value of one.
  return { config: Object.freeze(Object.fromEntries(taken)) as Config, ignored: ignored.map(s => s.name) }
}

/** Values are plain data, and parsers build them in a fixed order. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
