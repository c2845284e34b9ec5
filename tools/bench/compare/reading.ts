// Reads the reports that can be compared (`g6 bench fanout`, `g6 bench soak`): the parts that a comparison needs.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const spreadSchema = z.object({ median: z.number(), min: z.number(), max: z.number(), count: z.number() })

const reportSchema = z.object({
  bench: z.enum(['fanout', 'soak']),
  date: z.iso.datetime(),
  machine: z.object({ cpu: z.string(), cores: z.number(), node: z.string(), load1: z.number() }),
  rows: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      judged: z.string(),
      values: z.record(z.string(), spreadSchema),
    }),
  ),
})

export type AnyReport = z.infer<typeof reportSchema>
export type AnyRow = AnyReport['rows'][number]

/** Throws, with the name of the file, when it cannot be read or is not such a report. */
export function readReport(file: string): AnyReport {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const read = reportSchema.safeParse(content)
  if (read.success) return read.data
  throw new Error(
    `${file} is not a report of \`g6 bench fanout\` or \`soak\`: ${z.prettifyError(read.error)}`,
  )
}

/** The newest archived report of a benchmark: names begin with the date. Throws when there is none. */
export function newestArchived(folder: string, bench: AnyReport['bench']): string {
  const names = readdirSync(folder)
  const newest = names.filter(name => name.endsWith(`-${bench}.json`)).toSorted()
  const last = newest.at(-1)
  if (last === undefined)
    throw new Error(`no archived ${bench} report in ${folder}: name the report to compare with`)
  return join(folder, last)
}
