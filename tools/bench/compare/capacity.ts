// What a server needs for a number of readers: a Markdown table from a report of `g6 bench fanout --readers …`.
import type { AnyReport, AnyRow } from './reading.js'

const NAME = /^(\d+) readers, ([\d.]+) events\/s: (.+)$/

type Size = { readonly readers: number; readonly perSec: number; readonly figures: Map<string, AnyRow> }

function sizesOf(report: AnyReport): readonly Size[] {
  const sizes = new Map<string, Size>()
  for (const row of report.rows) {
    const [, readers = '', perSec = '', what = ''] = NAME.exec(row.name) ?? []
    if (readers === '') continue
    const size = sizes.get(readers) ?? {
      readers: Number(readers),
      perSec: Number(perSec),
      figures: new Map<string, AnyRow>(),
    }
    size.figures.set(what, row)
    sizes.set(readers, size)
  }
  return [...sizes.values()].toSorted((a, b) => a.readers - b.readers)
}

function ours({ figures, readers }: Size, what: string): number {
  const row = figures.get(what)
  const value = row?.values[row.judged]
  if (value === undefined) throw new Error(`the report lacks "${what}" for ${readers} readers`)
  return value.median
}

const round = (value: number) => value.toFixed(value >= 100 ? 0 : 1)

/** Throws when the report was made without `--readers`. */
export function capacityTable(report: AnyReport): string {
  const sizes = sizesOf(report)
  if (sizes.length === 0)
    throw new Error('the report has no figures by readers: g6 bench fanout --readers 1,10,…')
  const rows = sizes.map(size => {
    const cpuUs = ours(size, 'server CPU per delivery')
    const corePercent = (cpuUs * size.readers * size.perSec) / 10_000
    const ms = (what: string) => round(ours(size, what) / 1000)
    return `| ${size.readers} | ${size.perSec} | ${round(cpuUs)} µs | ${round(corePercent)} % | ${ms('p50')} ms | ${ms('p99')} ms | ${round(ours(size, 'resident memory'))} MiB |`
  })
  const { machine, date } = report
  return `| Readers | Events a second | Processor per delivery | Of a core at that rate | p50 | p99 | Resident memory |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}

${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load average ${machine.load1.toFixed(1)} at the start; 1 KB events.
`
}
