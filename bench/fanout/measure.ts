// What a measure is: rows of a report, and the values of a round, taken of one subject after the other.
import { inTurn } from './installed.js'
import type { Bench } from './processes.js'
import type { Sample } from './sample.js'

/** A limit on the first subject of a row: against another one's value in the same round, or by itself. */
export type Target = {
  readonly against: string | null
  readonly limit: number
  /** CI does not fail by it, whatever the row says. */
  readonly reported?: boolean
}

export type Row = {
  readonly name: string
  readonly unit: string
  /** Whether CI may fail by it: processor time, bytes and memory hold on a busy machine, times do not. */
  readonly gated: boolean
  /** The subject judged, where ours has several forms; `ours` unless said. */
  readonly judged?: string
  readonly targets: readonly Target[]
}

/** Values of one round: row name → subject → value. The subject judged comes first. */
export type RoundValues = Readonly<Record<string, Readonly<Record<string, number>>>>

export type Measure = {
  readonly rows: readonly Row[]
  round(bench: Bench): Promise<RoundValues>
}

type Values<T> = ReadonlyMap<string, T>

/**
 * One after the other: they share the machine; each round begins with another one, so that nobody always comes first after
 * whatever went before. Who fails has no value in this round, and the report says so.
 */
export async function each<S extends string, T>(
  bench: Bench,
  subjects: readonly S[],
  work: (subject: S) => Promise<T>,
): Promise<Values<T>> {
  const values = new Map<S, T>()
  for (const subject of inTurn(subjects, bench.round)) {
    try {
      values.set(subject, await work(subject))
    } catch (error) {
      bench.failed(subject, error)
    }
  }
  return values
}

/** Null: this one has no such value. */
export function picked<T>(
  values: Values<T>,
  pick: (value: T) => number | null,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...values].flatMap(([subject, value]) => {
      const one = pick(value)
      return one === null ? [] : [[subject, one]]
    }),
  )
}

/** How busy the client was: a reader of the times has to know. */
export const clientRow = (name: string): Row => ({
  name: `${name}: the client's processor`,
  unit: '%',
  gated: false,
  targets: [],
})
export const clientValues = (values: Values<Sample>) => picked(values, sample => sample.clientCpuPercent)
