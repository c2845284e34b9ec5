// One run against another, figure by figure: is it worse than noise explains?
//
// Where the bare loop was measured in the same run, our figure is judged as a multiple of it, which does not depend on the speed or
// load of the machine; elsewhere it is judged by itself. The best round of the newer run counts: a loss shows in every round,
// noise does not.
import { short } from '../../../bench/output.js'
import type { AnyReport, AnyRow } from './reading.js'

/** The subject that shows what Node itself can do. */
const REFERENCE = 'bare'
/** Smaller differences are ignored, whatever the ratio; by unit. */
const LEAST: Readonly<Record<string, number>> = {
  µs: 5,
  ms: 3,
  KiB: 0.5,
  MiB: 3,
  B: 16,
  '': 3,
  // How busy the client was, which is not a loss of ours.
  '%': 100,
}

type Comparison = ReturnType<typeof compareReports>

function compareRow(before: AnyRow, after: AnyRow, bound: number) {
  const old = before.values[before.judged]
  const now = after.values[after.judged]
  if (old === undefined || now === undefined) return null
  const oldReference = before.values[REFERENCE]?.median ?? 0
  const nowReference = after.values[REFERENCE]?.median ?? 0
  const isRelative = oldReference > 0 && nowReference > 0
  const oldSize = isRelative ? old.median / oldReference : old.median
  const nowSize = isRelative ? now.min / nowReference : now.min
  const ratio = nowSize / oldSize
  // Scaled to the machine of the baseline, so that the least difference is in its unit.
  const difference = isRelative ? (nowSize - oldSize) * oldReference : now.min - old.median
  return {
    name: after.name,
    unit: after.unit,
    before: old.median,
    after: now.median,
    /** Best round of the run over the baseline, as judged. */
    ratio: oldSize > 0 ? ratio : 1,
    against: isRelative ? ('bare' as const) : ('itself' as const),
    worse: difference > (LEAST[after.unit] ?? 0) && (oldSize <= 0 || ratio > bound),
  }
}

const hasOwn = (row: AnyRow | undefined): boolean => row?.values[row.judged] !== undefined

/** Throws when the two are reports of different benches, or have no figure in common. */
export function compareReports(baseline: AnyReport, run: AnyReport, bound = 1.3) {
  if (baseline.bench !== run.bench) {
    throw new Error(`a ${run.bench} report cannot be compared with a ${baseline.bench} report`)
  }
  const before = new Map(baseline.rows.map(row => [row.name, row]))
  const names = new Set(run.rows.map(({ name }) => name))
  const figures = run.rows.flatMap(row => {
    const old = before.get(row.name)
    const compared = old === undefined ? null : compareRow(old, row, bound)
    return compared === null ? [] : [compared]
  })
  if (figures.length === 0) throw new Error('the two reports have no figure in common')
  const { rows: _before, ...baselineHead } = baseline
  const { rows: _after, ...runHead } = run
  return {
    baseline: baselineHead,
    run: runHead,
    bound,
    figures,
    onlyBefore: baseline.rows.map(({ name }) => name).filter(name => !names.has(name)),
    onlyAfter: run.rows.map(({ name }) => name).filter(name => !before.has(name)),
    /** Figures that ours had in the baseline and failed in the run. */
    failed: run.rows.filter(row => hasOwn(before.get(row.name)) && !hasOwn(row)).map(({ name }) => name),
    worse: figures.filter(({ worse }) => worse).length,
  }
}

function headLine(what: string, { date, machine }: Comparison['run']): string {
  return `${what.padEnd(9)} ${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${short(machine.load1)}`
}

/** For people. */
export function comparisonText(comparison: Comparison): string {
  const { baseline, run, bound, figures, onlyBefore, onlyAfter, failed, worse } = comparison
  const width = Math.max(...figures.map(({ name }) => name.length))
  const rows = figures.map(figure => {
    const values = `${short(figure.before).padStart(9)} → ${short(figure.after).padStart(9)} ${figure.unit.padEnd(4)}`
    const judged = `${short(figure.ratio)} × ${figure.against === 'bare' ? '(to bare)' : '         '}`
    return `${figure.name.padEnd(width)} ${values} ${judged} ${figure.worse ? 'WORSE' : ''}`.trimEnd()
  })
  return `${[
    headLine('baseline', baseline),
    headLine('run', run),
    '',
    ...rows,
    ...onlyBefore.map(name => `only in the baseline: ${name}`),
    ...onlyAfter.map(name => `only in the run: ${name}`),
    ...failed.map(name => `FAILED in the run: ${name}`),
    '',
    `${worse} of ${figures.length} figures worse than ${bound} × the baseline`,
  ].join('\n')}\n`
}
