// The known name that a wrong one was meant to be.
import { distance } from 'fastest-levenshtein'

/** `lenght` → `length`; null when nothing is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  let best: string | null = null
  // A swap of two letters is a distance of 2.
  let least = (name.length < 4 ? 1 : name.length < 9 ? 2 : 3) + 1
  for (const each of known) {
    const far = distance(name.toLowerCase(), each.toLowerCase())
    if (far < least) {
      least = far
      best = each
    }
  }
  return best
}
