// What SIGHUP may change of a running program.
import { type Config, SETTINGS, type SettingName } from './settings.js'

export type Reloaded = {
  /** The previous configuration with every reloadable setting taken from the next. */
  readonly config: Config
  /** Settings that changed and take effect at the next start only. */
  readonly ignored: readonly SettingName[]
}

/** Both must be complete, usable configurations: an invalid next one never gets here, so it is all or nothing. */
export function reloadable(previous: Config, next: Config): Reloaded {
  const taken = SETTINGS.map(({ key, setting }) => [key, setting.reload ? next[key] : previous[key]])
  const ignored = SETTINGS.filter(({ key, setting }) => !setting.reload && !isSame(previous[key], next[key]))
  // The keys are those of a Config, each with a value of one.
  return { config: Object.freeze(Object.fromEntries(taken)) as Config, ignored: ignored.map(s => s.name) }
}

/** Values are plain data, and parsers build them in a fixed order. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
