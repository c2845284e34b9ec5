// The report of a soak for people.
import type { SoakReport } from './run.js'

const short = (value: number) => value.toFixed(Math.abs(value) >= 100 ? 0 : 2)

export function soakText(report: SoakReport): string {
  const { machine, minutes, samples, events, cpuPercent, load, rows, complaints } = report
  const lines = rows.map(({ name, unit, values, trend }) => {
    const { median, min, max } = values.ours
    const level = `${short(median)} (${short(min)}–${short(max)}) ${unit}`
    const growth = `${short(trend.slope)} ± ${short(2 * trend.slopeError)} a minute`
    return `${name.padEnd(36)} ${level.padEnd(26)} ${growth.padEnd(26)} bound ${short(trend.boundPerMin)}: ${trend.passed ? 'held' : 'GROWS'}`
  })
  return `${[
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${short(machine.load1)}`,
    `${minutes.toFixed(1)} minutes, ${samples} samples, ${events} events, ${short(cpuPercent)} % of a core`,
    `${load.opened} connections (${load.early} left before they were served), ${load.resyncs} resyncs, ${load.scrapes} scrapes, ${load.failures} failures`,
    '',
    ...lines,
    ...complaints.map(each => `WRONG: ${each}`),
  ].join('\n')}\n`
}
