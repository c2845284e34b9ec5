// The options of `g6 bench cycle`.

export const CHURNS = [10, 30, 70] as const
export type Churn = (typeof CHURNS)[number]

export type CycleOptions = {
  /** Cycles before the measured ones, so that the code is compiled and caches are full. */
  readonly warmup: number
  readonly measure: number
  /** Percent of the panels that change in a cycle. */
  readonly churnPct: Churn
  readonly indices: number
  /** Whether the report has the time of every measured cycle. */
  readonly emitSamples: boolean
}
