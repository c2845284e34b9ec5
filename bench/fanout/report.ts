// The report of all rounds: medians, ratios with their spread, targets, and whether CI passes.
import type { Machine } from '../machine.js'
import { pairedRatio, type Spread, spread } from '../stats.js'
import type { Missing } from './installed.js'
import type { RoundValues, Row } from './measure.js'

/** CI allows this much over a target: the noise of such measurements is ± 15–20 %. */
export const GATE = 1.3

/** `load1`: the load average when it began. */
export type Round = { readonly load1: number; readonly values: RoundValues }

export type ReportRow = ReturnType<typeof reportRow>

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

/** Ratios of the rounds that have both; null when no round has. */
function ratioTo(rounds: readonly Round[], row: Row, judged: string, against: string): Spread | null {
  const pairs = rounds.flatMap(({ values }) => {
    const [own, other] = [values[row.name]?.[judged], values[row.name]?.[against]]
    return own === undefined || other === undefined ? [] : [{ own, other }]
  })
  if (pairs.length === 0) return null
  return pairedRatio(
    pairs.map(({ own }) => own),
    pairs.map(({ other }) => other),
  )
}

export function reportRow(row: Row, rounds: readonly Round[]) {
  const { judged = 'ours' } = row
  const measured = rounds.filter(({ values }) => row.name in values)
  const all = measured.flatMap(({ values }) => Object.entries(values[row.name] ?? {}))
  if (all.length === 0) throw new Error(`no values for ${row.name}`)
  const values: Record<string, Spread> = {}
  for (const subject of new Set(all.map(([subject]) => subject))) {
    values[subject] = spread(all.flatMap(([name, value]) => (name === subject ? value : [])))
  }
  /** Without a check, because no round has a value of both. */
  const unjudged: string[] = []
  const checks = row.targets.flatMap(({ against, limit, reported }) => {
    const value = against === null ? (values[judged] ?? null) : ratioTo(rounds, row, judged, against)
    // The other one is not installed, or one of the two failed every time: missing or notes have the reason.
    if (value === null) {
      unjudged.push(against ?? judged)
      return []
    }
    const gated = row.gated && reported !== true
    return [
      {
        /** `ours / bare`, or `ours` for an absolute limit. */
        what: against === null ? judged : `${judged} / ${against}`,
        value,
        target: limit,
        reached: value.median <= limit,
        gated,
        /** Within the target times the gate in at least one round, since a loss shows in every round and noise does not. */
        passed: !gated || value.min <= limit * GATE,
      },
    ]
  })
  /** Load average when each of its rounds began; the benchmark's own work is part of it. */
  const load1 = spread(measured.map(round => round.load1))
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
