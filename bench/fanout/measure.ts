// What a measure is: rows of a report, and how a round takes a value of each subject for them.
import { inTurn } from '../stats.js'
import type { Bench } from './processes.js'

/** A limit on the judged subject of a row: as a multiple of another one's value in the same round, or absolute. */
export type Target = {
  readonly against: string | null
  readonly limit: number
  /** Never fails CI, whatever the row says. */
  readonly reported?: boolean
}

export type Row = {
  readonly name: string
  readonly unit: string
  /** Whether CI may fail by it: processor time, bytes and memory hold on a busy machine, times do not. */
  readonly gated: boolean
  /** The subject judged, where ours has several forms; `ours` by default. */
  readonly judged?: string
  readonly targets: readonly Target[]
}

/** A row with its value in a sample; null: this subject has no such value. */
export type RowOf<T> = Row & {
  readonly value: (sample: T) => number | null
  /** The name of a subject in this row; null leaves it out. By default its own. */
  readonly as?: (subject: string) => string | null
}

/** Values of one round: row name → subject → value. */
export type RoundValues = Readonly<Record<string, Readonly<Record<string, number>>>>

export type Measure = {
  readonly rows: readonly Row[]
  round(bench: Bench): Promise<RoundValues>
}

/** Takes a sample of each subject in each round, and every row from these samples. */
export function measureOf<S extends string, T>(
  subjects: (bench: Bench) => readonly S[],
  sample: (bench: Bench, subject: S) => Promise<T>,
): (rows: readonly RowOf<T>[]) => Measure {
  return rows => ({
    rows: rows.map(({ value: _value, as: _as, ...row }) => row),
    async round(bench) {
      const samples = await each(bench, subjects(bench), subject => sample(bench, subject))
      return Object.fromEntries(rows.map(row => [row.name, valuesOf(samples, row)]))
    },
  })
}

/** Several measures as one: their rounds run one after the other. */
export function joined(measures: readonly Measure[]): Measure {
  return {
    rows: measures.flatMap(({ rows }) => rows),
    async round(bench) {
      const values: RoundValues[] = []
      for (const measure of measures) values.push(await measure.round(bench))
      return Object.assign({}, ...values)
    },
  }
}

/**
 * One subject after the other, since they share the machine. A subject that fails has no value in this round, and the report
 * names it.
 */
export async function each<S extends string, T>(
  bench: Bench,
  subjects: readonly S[],
  work: (subject: S) => Promise<T>,
): Promise<ReadonlyMap<S, T>> {
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

export function valuesOf<T>(
  samples: ReadonlyMap<string, T>,
  { value, as = subject => subject }: Pick<RowOf<T>, 'value' | 'as'>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...samples].flatMap(([subject, sample]) => {
      const [name, one] = [as(subject), value(sample)]
      return name === null || one === null ? [] : [[name, one]]
    }),
  )
}
