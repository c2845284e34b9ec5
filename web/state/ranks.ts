// The order of the cards by tone: alerts, then errors, then warnings, then the others. A card changes its place only when its tone
// has held for a while, and when nobody is pointing at the cards. Pure.

/** 0 comes first. */
export type Rank = 0 | 1 | 2 | 3
export const CALM: Rank = 3

type Held = {
  /** Its present rank. */
  readonly shown: Rank
  readonly wanted: Rank
  /** Since when it wants this, epoch ms. */
  readonly sinceMs: number
}
export type Ranks = ReadonlyMap<string, Held>

/** A tone must hold this long before its card moves. */
export const HOLD_MS = 5_000

/** The next state; the same object where nothing changed. A card that is new takes its place at once. */
export function nextRanks(
  before: Ranks,
  wanted: ReadonlyMap<string, Rank>,
  nowMs: number,
  mayMove: boolean,
): Ranks {
  let isSame = before.size === wanted.size
  const next = new Map<string, Held>()
  for (const [key, rank] of wanted) {
    const held = before.get(key)
    const at = held?.wanted === rank ? held.sinceMs : nowMs
    const isDue = held === undefined || (mayMove && nowMs - at >= HOLD_MS)
    const shown = isDue ? rank : held.shown
    if (held !== undefined && held.shown === shown && held.wanted === rank) next.set(key, held)
    else {
      next.set(key, { shown, wanted: rank, sinceMs: at })
      isSame = false
    }
  }
  return isSame ? before : next
}

/** Pinned cards stay where they are, in front; the others by rank, within a rank as they were. */
export function byRank(keys: readonly string[], pinned: readonly string[], ranks: Ranks): readonly string[] {
  const rankOf = (key: string): number => (pinned.includes(key) ? -1 : (ranks.get(key)?.shown ?? CALM))
  return keys.toSorted((a, b) => rankOf(a) - rankOf(b))
}
