// What a server needs for a number of readers: a Markdown table from a report of `g6 bench fanout --readers …`.
import type { AnyReport } from './reading.js'

const SIZE = /^(\d+) readers, ([\d.]+) events\/s: /

const round = (value: number) => value.toFixed(value >= 100 ? 0 : 1)

/** Throws when the report was made without `--readers`. */
export function capacityTable({ rows, machine, date }: AnyReport): string {
  const figures = new Map(rows.map(({ name, values, judged }) => [name, values[judged]?.median]))
  const named = new Set(rows.flatMap(({ name }) => SIZE.exec(name)?.[0] ?? []))
  const sizes = [...named].toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  if (sizes.length === 0)
    throw new Error('the report has no figures by readers: g6 bench fanout --readers 1,10,…')
  const lines = sizes.map(size => {
    const ours = (what: string): number => {
      const value = figures.get(size + what)
      if (value === undefined) throw new Error(`the report lacks "${size}${what}"`)
      return value
    }
    const [, readers = '', perSec = ''] = SIZE.exec(size) ?? []
    const cpuUs = ours('server CPU per delivery')
    const corePercent = (cpuUs * Number(readers) * Number(perSec)) / 10_000
    const ms = (what: string) => round(ours(what) / 1000)
    return `| ${readers} | ${perSec} | ${round(cpuUs)} µs | ${round(corePercent)} % | ${ms('p50')} ms | ${ms('p99')} ms | ${round(ours('resident memory'))} MiB |`
  })
  return `| Readers | Events a second | Processor per delivery | Of a core at that rate | p50 | p99 | Resident memory |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}

${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load average ${machine.load1.toFixed(1)} at the start; 1 KB events.
`
}
