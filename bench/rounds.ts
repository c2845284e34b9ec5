/** The order of a round, counted from 1: each round begins with the next one, so that none always runs first. */
export function inTurn<S>(subjects: readonly S[], round: number): readonly S[] {
  const first = subjects.length === 0 ? 0 : (round - 1) % subjects.length
  return [...subjects.slice(first), ...subjects.slice(0, first)]
}
