// Whether a figure grows: a straight line through its samples by least squares, and a verdict that noise does not reach.

export type Point = { readonly atMin: number; readonly value: number }

/** Allowed growth: a fixed amount over the run (caches fill, code is compiled), or an amount a minute, whichever is more. */
export type Bound = { readonly once: number; readonly perMin: number }

/**
 * `slope` is the growth a minute, `slopeError` its standard error: the part of noise. Throws on fewer than three points or when
 * all are of one moment.
 */
export function leastSquares(points: readonly Point[]) {
  const count = points.length
  if (count < 3) throw new RangeError(`a trend needs at least 3 samples, got ${count}`)
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / count
  const meanAt = mean(({ atMin }) => atMin)
  const meanValue = mean(({ value }) => value)
  let spreadAt = 0
  let together = 0
  for (const { atMin, value } of points) {
    spreadAt += (atMin - meanAt) ** 2
    together += (atMin - meanAt) * (value - meanValue)
  }
  if (spreadAt === 0) throw new RangeError('all samples are of one moment')
  const slope = together / spreadAt
  let residual = 0
  for (const { atMin, value } of points) residual += (value - meanValue - slope * (atMin - meanAt)) ** 2
  return { slope, slopeError: Math.sqrt(residual / (count - 2) / spreadAt) }
}

/** Not passed when the growth is over the bound by more than two standard errors. */
export function trendOf(points: readonly Point[], bound: Bound) {
  const line = leastSquares(points)
  const times = points.map(({ atMin }) => atMin)
  const minutes = Math.max(...times) - Math.min(...times)
  const boundPerMin = Math.max(bound.perMin, bound.once / minutes)
  return { ...line, boundPerMin, passed: line.slope - 2 * line.slopeError <= boundPerMin }
}
