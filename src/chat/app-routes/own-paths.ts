// Whether a path of an app is one of the server's own. Templates are those of the router: `:name` is any segment, `*` the rest.

const isAny = (segment: string): boolean => segment.startsWith(':') || segment === '*'

/** Whether there is a path that both name. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')]
  const length = Math.max(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a[i], b[i]]
    if (x === '*' || y === '*') return true
    if (x === undefined || y === undefined) return false
    if (x !== y && !isAny(x) && !isAny(y)) return false
  }
  return true
}
