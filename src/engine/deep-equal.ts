// Whether two values of a snapshot are equal in every member. The order of members counts, since panels show it.

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!deepEqual(a[i], b[i])) return false
  return true
}

function sameMembers(a: object, b: object): boolean {
  const names = Object.keys(a)
  const others = Object.keys(b)
  if (names.length !== others.length) return false
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as keyof typeof a
    if (name !== others[i] || !deepEqual(a[name], b[name])) return false
  }
  return true
}

/** For JSON-like data without cycles: plain objects and lists. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  return Array.isArray(a) && Array.isArray(b) ? sameItems(a, b) : sameMembers(a, b)
}
