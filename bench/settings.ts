// Settings of the servers that are measured.
import { type Loaded, type LoadResult, loadConfig } from '../src/config/load.js'

/** Throws when a setting is wrong. */
export function accepted(loaded: LoadResult): Loaded {
  if (loaded.ok) return loaded
  throw new Error(loaded.errors.map(({ message }) => message).join('; '))
}

export const loadedOf = (env: Readonly<Record<string, string>>): Loaded => accepted(loadConfig({ env }))

/** No limits that a load from one address would reach; overload is measured, so it must not shed readers. */
export const UNLIMITED = {
  G6_SSE_MAX_CONNECTIONS: '20000',
  G6_SSE_IP_CONNECT_RATE: '0',
  G6_SHED_LAG_MS: '0',
}

/** Panels that are refreshed rarely would hide the cost of changes, or answer some late. */
export const ALWAYS_REFRESH = { G6_SUMMARY_META_REFRESH_SEC: '0.02', G6_SUMMARY_RES_REFRESH_SEC: '0.02' }
