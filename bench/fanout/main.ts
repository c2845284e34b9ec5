// bench/fanout: our hub, the bare loop and better-sse side by side, each in its own process, in interleaved rounds, so that
// whatever disturbs the machine disturbs all of them alike. `--help` says the rest.
import { writeFileSync } from 'node:fs'
import { canPin, describeMachine, openFilesLimit } from '../machine.js'
import { reapOnExit } from './children.js'
import { createMeasure, type RoundValues } from './measures.js'
import { type Options, parseOptions, USAGE } from './options.js'
import { type Report, reportRow, reportText } from './report.js'
import type { Bench } from './sample.js'

/** Files a process has open besides its connections. */
const OTHER_FILES = 100

function withinLimits(options: Options, notes: string[]): Options {
  const limit = openFilesLimit() - OTHER_FILES
  const { idleReaders } = options.sizes
  if (!options.measures.includes('idle') || idleReaders <= limit) return options
  notes.push(
    `only ${limit} idle readers instead of ${idleReaders}: raise the hard limit of open files (ulimit -Hn)`,
  )
  return { ...options, sizes: { ...options.sizes, idleReaders: limit } }
}

async function measureAll(options: Options, bench: Bench, notes: readonly string[]): Promise<Report> {
  const machine = describeMachine()
  const measures = options.measures.map(name => ({ name, measure: createMeasure(name, options.sizes) }))
  const rounds: RoundValues[] = []
  for (let round = 1; round <= options.rounds; round++) {
    for (const { name, measure } of measures) {
      process.stderr.write(`round ${round} of ${options.rounds}: ${name}\n`)
      rounds.push(await measure.round(bench))
    }
  }
  const rows = measures.flatMap(({ measure }) => measure.rows).map(row => reportRow(row, rounds))
  return {
    machine,
    pinned: bench.pin,
    client: bench.client ?? 'ours',
    rounds: options.rounds,
    notes,
    rows,
    passed: rows.every(({ checks }) => checks.every(({ passed }) => passed)),
  }
}

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args)
  if (parsed === null) {
    process.stdout.write(USAGE)
    return 0
  }
  const notes: string[] = []
  const options = withinLimits(parsed, notes)
  const report = await measureAll(options, { pin: canPin(), client: options.client }, notes)
  const json = `${JSON.stringify(report, null, 2)}\n`
  process.stderr.write(`\n${reportText(report)}`)
  if (options.json) process.stdout.write(json)
  if (options.out !== null) writeFileSync(options.out, json)
  return options.check && !report.passed ? 1 : 0
}

reapOnExit()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
