// Checks between settings: pairs of which the first must not be above the second.
import type { Finding } from './finding.js'
import { type Config, SETTINGS, type SettingName } from './settings.js'

/** A test keeps both of a pair reloadable or neither, so that SIGHUP cannot mix what was checked together. */
export const NOT_ABOVE: readonly (readonly [SettingName, SettingName])[] = [
  ['G6_DQ_ERROR_THRESHOLD', 'G6_DQ_WARN_THRESHOLD'],
  ['G6_MEMORY_LEVEL1_MB', 'G6_MEMORY_LEVEL2_MB'],
  ['G6_MEMORY_LEVEL2_MB', 'G6_MEMORY_LEVEL3_MB'],
  ['G6_PROVIDER_LAT_WARN_MS', 'G6_PROVIDER_LAT_ERR_MS'],
  ['G6_STREAM_WARN_SEC', 'G6_STREAM_STALE_SEC'],
]

export type Disorder = { readonly names: readonly SettingName[]; readonly finding: Finding }

/** The pairs in the wrong order. An unset one (null) is in order with everything. */
export function disorders(config: Config): readonly Disorder[] {
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
