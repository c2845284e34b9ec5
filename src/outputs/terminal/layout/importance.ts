// What gives way last when there is not enough room: the order of the curated mode, with the other panels put among it.

const IMPORTANCE: Readonly<Record<string, number>> = {
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
}

/** Of a panel nobody has placed yet. */
const UNPLACED = 30

export function importanceOf(key: string): number {
  return IMPORTANCE[key] ?? UNPLACED
}
