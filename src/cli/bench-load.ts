// `g6 bench fanout`, `soak`, `compare`, `capacity`: many readers, long runs, and their figures beside older ones.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { number } from './arguments.js'

/** Its own options are read where they are declared, in bench/. */
export function fanoutCommand(): Command {
  return new Command('fanout')
    .description('Fan-out beside the bare loop, better-sse and nchan; --help shows its options')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[options...]')
    .action(async (args: readonly string[]) => {
      const { benchFanout } = await import('../../bench/fanout/run.js')
      process.exitCode = await benchFanout(args)
    })
}

const MAX_MINUTES = 7 * 24 * 60
const QUICK_MINUTES = 1 / 3

type SoakFlags = {
  readonly minutes: number
  readonly quick?: true
  readonly json?: true
  readonly out?: string
}

export function soakCommand(): Command {
  return new Command('soak')
    .description('A mixed load for long; exit 1 when descriptors, handles, heap or memory grow')
    .option('--minutes <n>', 'How long', number(0.1, MAX_MINUTES), 10)
    .option('--quick', '20 seconds')
    .option('--json', 'The report as JSON')
    .option('--out <file>', 'The report as JSON into a file')
    .action(async ({ minutes, quick, json, out }: SoakFlags) => {
      const { benchSoak } = await import('../../bench/soak/run.js')
      const { soakText } = await import('../../bench/soak/text.js')
      const report = await benchSoak({
        minutes: quick ? QUICK_MINUTES : minutes,
        onProgress: line => process.stderr.write(`${line}\n`),
      })
      const text = `${JSON.stringify(report, null, 2)}\n`
      process.stdout.write(json ? text : soakText(report))
      if (out !== undefined) writeFileSync(out, text)
      if (!report.passed) process.exitCode = 1
    })
}

/** Beside the program in the repository and in the package. */
const ARCHIVE = new URL('../../../bench/archive', import.meta.url)

type CompareFlags = { readonly bound: number; readonly json?: true }

export function compareCommand(): Command {
  return new Command('compare')
    .description('A report of fanout or soak against a baseline; exit 1 when a figure is worse or failed')
    .argument('<file>', 'The report to judge')
    .argument('[baseline]', 'The report to judge it by (default: the newest in bench/archive)')
    .option('--bound <n>', 'Worse is more than so many times the baseline', number(1, 100), 1.3)
    .option('--json', 'The comparison as JSON')
    .action(async (file: string, baseline: string | undefined, { bound, json }: CompareFlags) => {
      const { newestArchived, readReport } = await import('../../bench/compare/reading.js')
      const { compareReports } = await import('../../bench/compare/compare.js')
      const { comparisonText } = await import('../../bench/compare/text.js')
      const run = readReport(file)
      const against = baseline ?? newestArchived(fileURLToPath(ARCHIVE), run.bench)
      const comparison = compareReports(readReport(against), run, bound)
      process.stdout.write(json ? `${JSON.stringify(comparison, null, 2)}\n` : comparisonText(comparison))
      if (comparison.worse > 0 || comparison.failed.length > 0) process.exitCode = 1
    })
}

export function capacityCommand(): Command {
  return new Command('capacity')
    .description('The capacity table of a fanout report, as Markdown')
    .argument('[file]', 'The report (default: the newest in bench/archive)')
    .action(async (file: string | undefined) => {
      const { newestArchived, readReport } = await import('../../bench/compare/reading.js')
      const { capacityTable } = await import('../../bench/compare/capacity.js')
      process.stdout.write(
        capacityTable(readReport(file ?? newestArchived(fileURLToPath(ARCHIVE), 'fanout'))),
      )
    })
}
