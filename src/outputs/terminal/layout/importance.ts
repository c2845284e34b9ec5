// The importance of panels when there is not enough room: the order of the curated mode, extended by the other panels.

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

export function importanceOf(key: string): number {
  return IMPORTANCE.get(key) ?? DEFAULT_IMPORTANCE
}
