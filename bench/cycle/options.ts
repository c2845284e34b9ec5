// What `g6 bench cycle` can be asked for.

export const CHURNS = [10, 30, 70] as const
export type Churn = (typeof CHURNS)[number]

export type CycleOptions = {
  /** Cycles before counting begins, so that the code is compiled and caches are filled. */
  readonly warmup: number
  readonly measure: number
  /** Percent of the panels that change in a cycle. */
  readonly churnPct: Churn
  readonly indices: number
  /** Every measured cycle's time in the report. */
  readonly emitSamples: boolean
}
