// A comparison for people.
import type { Comparison } from './compare.js'

const short = (value: number) => value.toFixed(Math.abs(value) >= 100 ? 0 : 2)

function headLine(what: string, { date, machine }: Comparison['run']): string {
  return `${what.padEnd(9)} ${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${short(machine.load1)}`
}

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
