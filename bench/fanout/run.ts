// Fan-out: our hub compared with the bare loop, better-sse and nchan, each in its own process, in interleaved rounds, so that a
// disturbance of the machine affects all of them alike.
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { basename } from 'node:path'
import { complain, print } from '../../src/log/print.js'
import { canPin, describeMachine, openFilesLimit } from '../machine.js'
import { jsonText } from '../output.js'
import { findSubjects } from './installed.js'
import type { Row } from './measure.js'
import { createMeasure, STORMS } from './measures.js'
import type { Options } from './options.js'
import { BASELINE, type Bench } from './processes.js'
import { hasValues, type Report, type Round, reportRow, reportText } from './report.js'

/** Open files of a process in addition to its connections. */
const OTHER_FILES = 100
/** A note may quote what a server printed. */
const MAX_NOTE = 400

/** Throws when a process may not open enough connections; Node raises its own limit to the hard one. */
function withinLimits({ measures, sizes }: Options): void {
  const most = Math.max(
    sizes.clients,
    ...(measures.includes('readers') ? sizes.readers : []),
    ...(measures.includes('idle') || measures.includes('scrape') ? [sizes.idleReaders] : []),
    ...(measures.includes('storm') ? STORMS.map(({ count }) => count) : []),
  )
  const limit = openFilesLimit() - OTHER_FILES
  if (most <= limit) return
  throw new RangeError(
    `${most} connections need ${most + OTHER_FILES} open files, and the hard limit is ${limit + OTHER_FILES}: raise it (ulimit -Hn ${most + OTHER_FILES}), or ask for fewer (--readers, --idle, --clients)`,
  )
}

/** Each row compared with the same figure of the other checkout too: reported, not gated. */
function withBaseline(row: Row): Row {
  const against = (row.judged ?? 'ours').replace('ours', BASELINE)
  return { ...row, targets: [...row.targets, { against, limit: 1, reported: true }] }
}

async function measureAll(options: Options, onRound: (report: Report) => void): Promise<Report> {
  const { present, missing, versions } = findSubjects(options.servers)
  const notes: string[] = []
  let place = ''
  let oursFailed = false
  const bench: Omit<Bench, 'round'> = {
    pin: canPin(),
    client: options.client,
    against: options.against,
    servers: options.against === null ? present : [...present, BASELINE],
    failed(subject, error) {
      this.noted(subject, error instanceof Error ? error.message : String(error))
      oursFailed ||= subject.startsWith('ours')
    },
    noted(subject, what) {
      notes.push(`${place}: ${subject}: ${what.slice(0, MAX_NOTE)}`)
    },
  }
  const began = { date: new Date().toISOString(), machine: describeMachine() }
  const measures = options.measures.map(name => ({ name, measure: createMeasure(name, options.sizes) }))
  const allRows = measures.flatMap(({ measure }) => measure.rows)
  const judgedRows = options.against === null ? allRows : allRows.map(withBaseline)
  const rounds: Round[] = []
  const reportAfter = (round: number): Report => {
    const rows = judgedRows.filter(row => hasValues(row, rounds)).map(row => reportRow(row, rounds))
    return {
      bench: 'fanout',
      ...began,
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
      complain(`round ${round} of ${options.rounds}: ${name}\n`)
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

/** Runs the benchmark and prints its report; returns the exit code. */
export async function benchFanout(options: Options): Promise<number> {
  withinLimits(options)
  const { out, json, check } = options
  // After each round, so that a run that is cut short keeps its finished rounds.
  const report = await measureAll(options, soFar => {
    if (out !== null) writeFileSync(out, jsonText(soFar))
  })
  complain(`\n${reportText(report)}`)
  if (json) print(jsonText(report))
  return check && !report.passed ? 1 : 0
}
