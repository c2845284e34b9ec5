// The benchmarks with limits, each in a process of its own as a person would start it: exit 0 means that all limits hold.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from './report.js'
import type { RunTool } from './tool.js'

const G6 = 'dist/program/g6.js'
const BENCHMARKS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['bench: cycle', ['bench', 'cycle', '--quick', '--check']],
  ['bench: sse', ['bench', 'sse', '--clients', '25', '--duration', '5', '--json']],
  // A loss shows in every round, noise does not: more rounds, less noise.
  ['bench: fan-out', ['bench', 'fanout', '--only', 'cpu,gzip', '--quick', '--rounds', '5', '--check']],
]
const TIMEOUT_MS = 600_000
const MAX_CHARS = 600

/** A check for each. `skip` is G6_BENCH_SKIP: a check that did not run has not passed. */
export function benchmarkChecks(root: string, run: RunTool, skip: boolean): readonly Check[] {
  return BENCHMARKS.map(([name, args]) => ({
    name,
    run: async () => {
      if (skip) throw new Error('G6_BENCH_SKIP is on')
      if (!existsSync(join(root, G6))) throw new Error(`${G6} is not built (npm run build)`)
      const { code, out, err } = await run({
        command: process.execPath,
        args: [G6, ...args],
        cwd: root,
        timeoutMs: TIMEOUT_MS,
        missing: `${process.execPath} was not found`,
      })
      if (code === 0) return { ok: true, detail: `node ${[G6, ...args].join(' ')}` }
      const printed = err.trim() === '' ? out : err
      return {
        ok: false,
        detail: `exit ${code}: ${printed.trim().slice(-MAX_CHARS).replaceAll(/\s+/g, ' ')}`,
      }
    },
  }))
}
