// Fan-out: our hub beside the bare loop, better-sse and nchan, each in its own process, in interleaved rounds, so that
// whatever disturbs the machine disturbs all of them alike.
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { basename } from 'node:path'
import { canPin, describeMachine, openFilesLimit } from '../machine.js'
import { reapOnExit } from './children.js'
import { findSubjects } from './installed.js'
import { createMeasure, STORMS } from './measures.js'
import { type Options, parseOptions, USAGE } from './options.js'
import type { Bench } from './processes.js'
import { hasValues, type Report, type Round, reportRow, reportText } from './report.js'

/** Files a process has open besides its connections. */
const OTHER_FILES = 100
/** A note may quote what a server printed. */
const MAX_NOTE = 400

/** Throws where more connections are asked for than a process may have; Node raises its own limit to the hard one. */
function withinLimits({ measures, sizes }: Options): void {
  const wanted = [
    ...(measures.includes('readers') ? sizes.readers : []),
    ...(measures.includes('idle') || measures.includes('scrape') ? [sizes.idleReaders] : []),
    ...(measures.includes('storm') ? STORMS.map(({ count }) => count) : []),
    sizes.clients,
  ]
  const most = Math.max(...wanted)
  const limit = openFilesLimit() - OTHER_FILES
  if (most <= limit) return
  throw new RangeError(
    `${most} connections need ${most + OTHER_FILES} open files, and the hard limit is ${limit + OTHER_FILES}: raise it (ulimit -Hn ${most + OTHER_FILES}), or ask for fewer (--readers, --idle, --clients)`,
  )
}

async function measureAll(options: Options, onRound: (report: Report) => void): Promise<Report> {
  const { present, missing, versions } = findSubjects(options.servers)
  const notes: string[] = []
  let place = ''
  let oursFailed = false
  const bench: Omit<Bench, 'round'> = {
    pin: canPin(),
    client: options.client,
    servers: present,
    failed(subject, error) {
      this.noted(subject, error instanceof Error ? error.message : String(error))
      oursFailed ||= subject.startsWith('ours')
    },
    noted(subject, what) {
      notes.push(`${place}: ${subject}: ${what.slice(0, MAX_NOTE)}`)
    },
  }
  const date = new Date().toISOString()
  const machine = describeMachine()
  const measures = options.measures.map(name => ({ name, measure: createMeasure(name, options.sizes) }))
  const rounds: Round[] = []
  const reportAfter = (round: number): Report => {
    const rows = measures
      .flatMap(({ measure }) => measure.rows)
      .filter(row => hasValues(row, rounds))
      .map(row => reportRow(row, rounds))
    return {
      bench: 'fanout',
      date,
      machine,
      pinned: bench.pin,
      client: bench.client === null ? 'ours' : basename(bench.client),
      rounds: round,
      versions,
      missing,
      notes,
      rows,
      passed: !oursFailed && rows.every(({ checks }) => checks.every(({ passed }) => passed)),
    }
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const { name, measure } of measures) {
      place = `round ${round}, ${name}`
      process.stderr.write(`round ${round} of ${options.rounds}: ${name}\n`)
      const load1 = os.loadavg()[0] ?? 0
      try {
        rounds.push({ load1, values: await measure.round({ ...bench, round }) })
      } catch (error) {
        bench.failed('ours', error)
      }
    }
    onRound(reportAfter(round))
  }
  return reportAfter(options.rounds)
}

const jsonOf = (report: Report): string => `${JSON.stringify(report, null, 2)}\n`

/** Shows the report; the exit code. */
function conclude(options: Options, report: Report): number {
  process.stderr.write(`\n${reportText(report)}`)
  if (options.json) process.stdout.write(jsonOf(report))
  return options.check && !report.passed ? 1 : 0
}

/** Runs the benchmark as its command line asks; returns the exit code. */
export async function benchFanout(args: readonly string[]): Promise<number> {
  const options = parseOptions(args)
  if (options === null) {
    process.stdout.write(USAGE)
    return 0
  }
  withinLimits(options)
  reapOnExit()
  // After each round, so that a run that is cut short leaves what it has.
  const report = await measureAll(options, soFar => {
    if (options.out !== null) writeFileSync(options.out, jsonOf(soFar))
  })
  return conclude(options, report)
}
