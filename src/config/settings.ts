// All settings of the program, and the type of a complete, usable set of them.
import { bench } from './groups/bench.js'
import { cadence } from './groups/cadence.js'
import { chat } from './groups/chat.js'
import { files } from './groups/files.js'
import { fleet } from './groups/fleet.js'
import { guards } from './groups/guards.js'
import { history } from './groups/history.js'
import { http } from './groups/http.js'
import { ingest } from './groups/ingest.js'
import { input } from './groups/input.js'
import { log } from './groups/log.js'
import { metrics } from './groups/metrics.js'
import { notify } from './groups/notify.js'
import { relay } from './groups/relay.js'
import { stream } from './groups/stream.js'
import { strictness } from './groups/strictness.js'
import { terminal } from './groups/terminal.js'
import { thresholds } from './groups/thresholds.js'
import { type PropertyOf, propertyOf, type Setting } from './setting.js'

/** In the order in which people see them. */
export const GROUPS = [
  cadence,
  input,
  files,
  history,
  http,
  stream,
  guards,
  fleet,
  ingest,
  terminal,
  thresholds,
  metrics,
  notify,
  chat,
  relay,
  log,
  bench,
  strictness,
] as const

type Union = (typeof GROUPS)[number]['settings']
type Declared = UnionToIntersection<Union>
type UnionToIntersection<U> = (U extends unknown ? (k: U) => void : never) extends (k: infer I) => void
  ? I
  : never
type ValueOf<S> = S extends Setting<infer T> ? T : never

/** The name of a declared setting, as in the environment. */
export type SettingName = keyof Declared & string

/** A complete set of usable values; `G6_SSE_MAX_CONNECTIONS` is `sseMaxConnections`. Frozen. */
export type Config = { readonly [N in SettingName as PropertyOf<N>]: ValueOf<Declared[N]> }
export type ConfigKey = keyof Config

/** A setting together with its names. */
export type Named = {
  readonly name: SettingName
  readonly key: ConfigKey
  readonly group: string
  readonly setting: Setting<unknown>
}

/** Every setting, in order. */
export const SETTINGS: readonly Named[] = GROUPS.flatMap(g =>
  Object.entries(g.settings as Readonly<Record<string, Setting<unknown>>>).map(([name, setting]) => ({
    // The entries of the tables are exactly the names and keys the types are made from.
    name: name as SettingName,
    key: propertyOf(name) as ConfigKey,
    group: g.name,
    setting,
  })),
)
