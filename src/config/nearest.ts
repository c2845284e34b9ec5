// The name that somebody probably meant.
import { distance } from 'fastest-levenshtein'

/** Longer names are not compared. */
const MAX_COMPARED_CHARS = 80

/** A proposed name differs by at most this many letters: typing errors, not other names that look alike. */
const MIN_EDITS = 2
const EDITS_PER_CHAR = 0.15

/** Null when none is near. */
export function nearest(wanted: string, candidates: Iterable<string>): string | null {
  if (wanted.length > MAX_COMPARED_CHARS) return null
  const limit = Math.max(MIN_EDITS, Math.floor(wanted.length * EDITS_PER_CHAR))
  let best: { readonly name: string; readonly far: number } | null = null
  for (const name of candidates) {
    const far = distance(wanted, name)
    if (far <= limit && (best === null || far < best.far)) best = { name, far }
  }
  return best?.name ?? null
}
