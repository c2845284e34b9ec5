// The importance of panels when there is not enough room: what is not well first, then the order of the curated mode, extended by the
// other panels.
import type { Tone } from '../../../panels/panel.js'

// A Map, because the keys of a followed server's panels may be names such as `constructor`.
const IMPORTANCE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    header: 100,
    cycle: 95,
    indices: 90,
    alerts: 85,
    provider: 80,
    quality: 75,
    memory: 70,
    resources: 68,
    perfstore: 65,
    stream: 62,
    heartbeat: 60,
    analytics: 45,
    followups: 40,
    storage: 35,
    links: 10,
  }),
)

/** For a panel without an entry. */
const DEFAULT_IMPORTANCE = 30
/** More than any panel that is well. */
const NOT_WELL = { error: 2_000, warn: 1_000 } as const

export function importanceOf(key: string, tone: Tone): number {
  const own = IMPORTANCE.get(key) ?? DEFAULT_IMPORTANCE
  if (key === 'alerts' && tone === 'error') return own + 2 * NOT_WELL.error
  return tone === 'error' || tone === 'warn' ? own + NOT_WELL[tone] : own
}

/** Shown in the bars as well, so they come last and lose their rows first. */
const SAID_IN_BARS: ReadonlyMap<string, number> = new Map([
  ['header', 12],
  ['links', 10],
])

export function isSaidInBars(key: string): boolean {
  return SAID_IN_BARS.has(key)
}

/** The first numbers of a board: a table is worth more than the fields next to it. */
const FIRST_TABLE = 96

/** The importance in the columns of a whole screen. */
export function importanceInColumns(key: string, tone: Tone): number {
  if (tone === 'error' || tone === 'warn') return importanceOf(key, tone)
  return SAID_IN_BARS.get(key) ?? (key === 'indices' ? FIRST_TABLE : importanceOf(key, tone))
}
