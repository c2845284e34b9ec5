// `g6 bench cycle --against`: this build and another one in turn, so that noise affects both alike.
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { complain } from '../../src/log/print.js'
import { inTurn, pairedRatio, spread } from '../stats.js'
import type { CycleOptions } from './run.js'

const reportSchema = z.object({
  median_ms: z.number(),
  p95_ms: z.number(),
  cycle_cpu_p95_ms: z.number(),
  cpu_ms_per_cycle: z.number(),
  unchanged_median_ms: z.number(),
})
type Report = z.infer<typeof reportSchema>
const LIMITS = { timeout: 15 * 60_000, maxBuffer: 16 * 1024 ** 2 }

/** `against`: the dist folder of the other build. */
export async function benchAgainst(against: string, options: CycleOptions, rounds: number) {
  const { warmup, measure, churn, indices } = options
  const sizes = ['--warmup', warmup, '--measure', measure, '--churn', churn, '--indices', indices].map(String)
  const folders = { ours: fileURLToPath(new URL('../..', import.meta.url)), baseline: resolve(against) }
  const reports: Record<keyof typeof folders, Report[]> = { ours: [], baseline: [] }
  for (let round = 1; round <= rounds; round++) {
    for (const build of inTurn(['ours', 'baseline'] as const, round)) {
      complain(`round ${round} of ${rounds}: ${build}\n`)
      const command = [join(folders[build], 'program/g6.js'), 'bench', 'cycle', ...sizes]
      const { stdout } = await promisify(execFile)(process.execPath, command, LIMITS)
      reports[build].push(reportSchema.parse(JSON.parse(stdout)))
    }
  }
  const figures = reportSchema.keyof().options.map(name => {
    const ours = reports.ours.map(report => report[name])
    const baseline = reports.baseline.map(report => report[name])
    return [name, { ours: spread(ours), baseline: spread(baseline), ratio: pairedRatio(ours, baseline) }]
  })
  return { rounds, figures: Object.fromEntries(figures) }
}
