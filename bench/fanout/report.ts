// The report of all rounds: medians, ratios with their spread, targets, and whether CI passes.
import type { Machine } from '../machine.js'
import { pairedRatio, type Spread, spread } from '../stats.js'
import type { Missing } from './installed.js'
import type { RoundValues, Row } from './measure.js'

/** CI allows this much over a target: the noise of such measurements is ± 15–20 %. */
export const GATE = 1.3

/** `load1`: the load average when it began. */
export type Round = { readonly load1: number; readonly values: RoundValues }

export type Check = {
  /** `ours / bare`, or `ours` for an absolute limit. */
  readonly what: string
  readonly value: Spread
  readonly target: number
  readonly reached: boolean
  readonly gated: boolean
  /** Within the target times the gate in at least one round; always true where a row is only reported. */
  readonly passed: boolean
}

export type ReportRow = {
  readonly name: string
  readonly unit: string
  /** The subject judged: a form of ours. Where it failed in every round, there is no check. */
  readonly judged: string
  /** Load average when each of its rounds began; the benchmark's own work is part of it. */
  readonly load1: Spread
  readonly values: Readonly<Record<string, Spread>>
  readonly checks: readonly Check[]
  /** Subjects without a check, because no round has a value of both. */
  readonly unjudged: readonly string[]
}

export type Report = {
  readonly bench: 'fanout'
  /** When it began: ISO 8601, UTC. */
  readonly date: string
  readonly machine: Machine
  readonly pinned: boolean
  readonly client: string
  readonly rounds: number
  /** The other subjects: name → version. */
  readonly versions: Readonly<Record<string, string>>
  /** Subjects that were not measured, and why. */
  readonly missing: readonly Missing[]
  /** Failed measurements: round, measure, subject, reason. When it was ours, the report has not passed. */
  readonly notes: readonly string[]
  readonly rows: readonly ReportRow[]
  readonly passed: boolean
}

/** Whether any subject has a value for it in any round. */
export function hasValues(row: Row, rounds: readonly Round[]): boolean {
  return rounds.some(({ values }) => Object.keys(values[row.name] ?? {}).length > 0)
}

function valuesOf(rounds: readonly Round[], row: Row): ReadonlyMap<string, readonly number[]> {
  const bySubject = new Map<string, number[]>()
  for (const { values: round } of rounds) {
    for (const [subject, value] of Object.entries(round[row.name] ?? {})) {
      const values = bySubject.get(subject) ?? []
      values.push(value)
      bySubject.set(subject, values)
    }
  }
  return bySubject
}

/** Ratios of the rounds that have both; null when no round has. */
function ratioTo(rounds: readonly Round[], row: Row, judged: string, against: string): Spread | null {
  const ours: number[] = []
  const theirs: number[] = []
  for (const { values } of rounds) {
    const own = values[row.name]?.[judged]
    const other = values[row.name]?.[against]
    if (own === undefined || other === undefined) continue
    ours.push(own)
    theirs.push(other)
  }
  return ours.length === 0 ? null : pairedRatio(ours, theirs)
}

export function reportRow(row: Row, rounds: readonly Round[]): ReportRow {
  const bySubject = valuesOf(rounds, row)
  if (bySubject.size === 0) throw new Error(`no values for ${row.name}`)
  const { judged = 'ours' } = row
  const own = bySubject.get(judged) ?? []
  const unjudged: string[] = []
  const checks = row.targets.flatMap(({ against, limit, reported }): Check[] => {
    const alone = own.length === 0 ? null : spread(own)
    const value = against === null ? alone : ratioTo(rounds, row, judged, against)
    // The other one is not installed, or one of the two failed every time: missing or notes have the reason.
    if (value === null) {
      unjudged.push(against ?? judged)
      return []
    }
    const gated = row.gated && reported !== true
    return [
      {
        what: against === null ? judged : `${judged} / ${against}`,
        value,
        target: limit,
        reached: value.median <= limit,
        // A loss shows in every round, noise does not.
        gated,
        passed: !gated || value.min <= limit * GATE,
      },
    ]
  })
  const values = Object.fromEntries([...bySubject].map(([subject, all]) => [subject, spread(all)]))
  const load1 = spread(rounds.filter(({ values: each }) => row.name in each).map(round => round.load1))
  return { name: row.name, unit: row.unit, judged, load1, values, checks, unjudged }
}

function short(value: number): string {
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

function ranged({ median, min, max }: Spread): string {
  return `${short(median)} (${short(min)}–${short(max)})`
}

/** For people: a block per row, median and (min–max) of all rounds. */
export function reportText(report: Report): string {
  const { machine, pinned, client, rounds, versions, missing, notes, rows } = report
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, Node ${machine.node}, load ${machine.load1.toFixed(2)}`,
    `${rounds} interleaved rounds, ${pinned ? 'server on core 0, client on core 1' : 'not pinned'}, client: ${client}`,
    ...(others.length === 0 ? [] : [`compared with ${others.join(', ')}`]),
    ...missing.map(({ name, why }) => `${name}: ${why}`),
    ...notes,
  ]
  for (const { name, unit, values, checks, unjudged } of rows) {
    lines.push('', `${name} [${unit}]`)
    for (const [subject, value] of Object.entries(values)) {
      lines.push(`  ${subject.padEnd(26)} ${ranged(value)}`)
    }
    for (const { what, value, target, reached, gated, passed } of checks) {
      const verdict = reached ? 'reached' : !gated ? 'missed' : passed ? `missed, within ${GATE} ×` : 'MISSED'
      lines.push(`  ${what.padEnd(26)} ${ranged(value)}  target ≤ ${target}: ${verdict}`)
    }
    for (const against of unjudged) lines.push(`  not judged against ${against}: no round has both`)
  }
  return `${lines.join('\n')}\n`
}
