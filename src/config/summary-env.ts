// The configuration under the name that the platform's documents use. No global state: each call loads again.
import { loadConfigFromProcess } from './from-process.js'
import type { Environment } from './layers.js'
import { type LoadResult, loadConfig } from './load.js'
import { type Config, type ConfigKey, SETTINGS } from './settings.js'
import { jsonOf } from './show.js'

export type SummaryEnv = Config & {
  /** Retired and deprecated names that were found. */
  readonly deprecatedSeen: readonly string[]
  /** Every value by its property name; `••••` for a secret that is set. Safe to print. */
  readonly describe: () => Readonly<Record<ConfigKey, unknown>>
}

/** Unusable settings; `message` has a line for each error. */
export class ConfigError extends Error {
  readonly code = 'config_invalid'
}

export const SummaryEnv = {
  /** Only from the given variables: no file, no process environment. Throws ConfigError. */
  fromEnviron: (environ: Environment): SummaryEnv => summaryEnv(loadConfig({ env: environ })),
}

/** From the process: its environment and `./g6.toml`. Throws ConfigError. */
export const loadSummaryEnv = (): SummaryEnv => summaryEnv(loadConfigFromProcess())

function summaryEnv(result: LoadResult): SummaryEnv {
  if (!result.ok) throw new ConfigError(result.errors.map(e => e.message).join('\n'))
  const { config, deprecatedSeen } = result
  return Object.freeze({ ...config, deprecatedSeen, describe: () => describe(config) })
}

// One entry for each setting, under its key.
const describe = (config: Config): Readonly<Record<ConfigKey, unknown>> =>
  Object.fromEntries(SETTINGS.map(({ key, setting }) => [key, jsonOf(setting, config[key])])) as Record<
    ConfigKey,
    unknown
  >
