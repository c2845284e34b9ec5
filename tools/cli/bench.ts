// The benchmarks that need a checkout, each under its name after `g6 bench`.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { MAX_SEC } from '../../bench/cli.js'
import { complaintsOf, fail, jsonText, printed } from '../../bench/output.js'
import { number, whole } from '../../src/cli/arguments.js'
import { print } from '../../src/log/print.js'
import type { ChangeOptions } from '../bench/change.js'
import type { IdleOptions } from '../bench/idle/run.js'
import type { WebBenchOptions } from '../bench/web/run.js'

const MAX_MINUTES = MAX_SEC / 60
const QUICK_SOAK_MINUTES = 1 / 3
const ARCHIVE = fileURLToPath(new URL('../../../bench/archive', import.meta.url))
const NEWEST = 'the newest in bench/archive'

function changeCommand(): Command {
  return new Command('change')
    .description('From a change of the status file to its first byte at a client; JSON')
    .option('--changes <n>', 'How many', whole(1), 200)
    .option('--gap <ms>', 'Between two changes', number(1), 50)
    .option('--indices <n>', 'Indices in the status', whole(0), 4)
    .action(async (flags: ChangeOptions) => {
      const { benchChange } = await import('../bench/change.js')
      await printed(() => benchChange(flags))
    })
}

type IdleFlags = IdleOptions & { readonly check?: true }

function idleCommand(): Command {
  return new Command('idle')
    .description('Memory, wake-ups and processor time of a server with nothing to do, compared; JSON; Linux')
    .option('--rounds <n>', 'How many', whole(1, 1_000), 3)
    .option('--settle <seconds>', 'From the start to the first round', number(0, MAX_SEC), 30)
    .option('--seconds <n>', 'Length of a round', number(1, MAX_SEC), 20)
    .option('--check', 'Exit 1 over a target')
    .action(async ({ check, ...flags }: IdleFlags) => {
      const { benchIdle, idleFigures } = await import('../bench/idle/run.js')
      const report = await printed(() => benchIdle(flags))
      if (check) fail(complaintsOf(idleFigures(report)))
    })
}

function serverCommand(): Command {
  return new Command('server')
    .description('Connect storms, resync, idle connections, sizes, line diff; JSON')
    .action(async () => {
      const { benchServer } = await import('../bench/server/run.js')
      await printed(benchServer)
    })
}

type SoakFlags = Readonly<{ minutes: number; quick?: true; json?: true; out?: string }>

function soakCommand(): Command {
  return new Command('soak')
    .description('A long mixed load; exit 1 when descriptors, handles, heap or memory grow')
    .option('--minutes <n>', 'How long', number(0.1, MAX_MINUTES), 10)
    .option('--quick', '20 seconds')
    .option('--json', 'The report as JSON')
    .option('--out <file>', 'Write the report as JSON to this file')
    .action(async ({ minutes, quick, json, out }: SoakFlags) => {
      const { benchSoak, soakText } = await import('../bench/soak/run.js')
      const report = await benchSoak(quick ? QUICK_SOAK_MINUTES : minutes)
      print(json ? jsonText(report) : soakText(report))
      if (out !== undefined) writeFileSync(out, jsonText(report))
      if (!report.passed) process.exitCode = 1
    })
}

type CompareFlags = { readonly bound: number; readonly json?: true }

function compareCommand(): Command {
  return new Command('compare')
    .description(
      'Compare a report of fanout or soak with a baseline; exit 1 when a figure is worse or failed',
    )
    .argument('<file>', 'The report to judge')
    .argument('[baseline]', `The report to compare it with (default: ${NEWEST})`)
    .option('--bound <n>', 'A figure is worse over this many times the baseline', number(1, 100), 1.3)
    .option('--json', 'The comparison as JSON')
    .action(async (file: string, baseline: string | undefined, { bound, json }: CompareFlags) => {
      const { newestArchived, readReport } = await import('../bench/compare/reading.js')
      const { compareReports, comparisonText } = await import('../bench/compare/compare.js')
      const run = readReport(file)
      const before = readReport(baseline ?? newestArchived(ARCHIVE, run.bench))
      const comparison = compareReports(before, run, bound)
      print(json ? jsonText(comparison) : comparisonText(comparison))
      if (comparison.worse > 0 || comparison.failed.length > 0) process.exitCode = 1
    })
}

function capacityCommand(): Command {
  return new Command('capacity')
    .description('Print the capacity table of a fanout report as Markdown')
    .argument('[file]', `The report (default: ${NEWEST})`)
    .action(async (file: string | undefined) => {
      const { newestArchived, readReport } = await import('../bench/compare/reading.js')
      const { capacityTable } = await import('../bench/compare/capacity.js')
      print(capacityTable(readReport(file ?? newestArchived(ARCHIVE, 'fanout'))))
    })
}

function terminalCommand(): Command {
  return new Command('terminal')
    .description('The full-screen dashboard: frames, bytes, start, memory; JSON')
    .option('--quick', 'A short run')
    .option('--check', 'Exit 1 when a figure is over its limit')
    .action(async ({ quick, check }: { readonly quick?: true; readonly check?: true }) => {
      const { benchTerminal, complaints } = await import('../bench/terminal/run.js')
      const report = await printed(() => benchTerminal(quick ?? false))
      if (check) fail(complaints(report))
    })
}

type WebFlags = WebBenchOptions & { readonly check?: true }

function webCommand(): Command {
  return new Command('web')
    .description('The page in Chromium: first board, cells touched, 100 updates a second, return; JSON')
    .option('--quick', 'A short run: 15 s under load')
    .option('--minutes <n>', 'Under load (default: 1)', number(0.1, MAX_MINUTES))
    .option('--indices <n>', 'Indices on the board', whole(1), 4)
    .option('--check', 'Exit 1 when a figure is over its limit')
    .action(async ({ check, ...flags }: WebFlags) => {
      const { benchWeb, complaints } = await import('../bench/web/run.js')
      const report = await printed(() => benchWeb(flags))
      if (check) fail(complaints(report))
    })
}

function ingestCommand(): Command {
  return new Command('ingest')
    .description('Following a stream: apply one difference, and its way to a reader; JSON')
    .option('--changes <n>', 'How many', whole(1), 300)
    .action(async ({ changes }: { readonly changes: number }) => {
      const { benchIngest } = await import('../bench/ingest.js')
      await printed(() => benchIngest(changes))
    })
}

function parseCommand(): Command {
  return new Command('parse')
    .description('The stream parser: MB a second, and a long line that comes byte by byte; JSON')
    .option('--rounds <n>', 'How many', whole(1), 7)
    .action(async ({ rounds }: { readonly rounds: number }) => {
      const { benchParse } = await import('../bench/parse.js')
      await printed(() => benchParse(rounds))
    })
}

type HeldFlags = Readonly<{ readers: number; changes: number; only?: string }>

function heldCommand(): Command {
  return new Command('held')
    .description('For how long one large document holds the event loop of a server; JSON')
    .option('--readers <n>', 'Readers of each kind of stream', whole(0), 0)
    .option('--changes <n>', 'Changes of one number after the first document', whole(1), 5)
    .option('--only <text>', 'Only documents with this in their name')
    .action(async (flags: HeldFlags) => {
      const { benchHeld } = await import('../bench/held/run.js')
      await printed(() => benchHeld(flags))
    })
}

function proxiesCommand(): Command {
  return new Command('proxies')
    .description("What Debian's proxies add to an event, configured with the least; JSON")
    .option('--changes <n>', 'How many', whole(1), 20)
    .action(async ({ changes }: { readonly changes: number }) => {
      const { benchProxies } = await import('../bench/proxies/run.js')
      await printed(() => benchProxies(changes))
    })
}

export const BENCHES = {
  change: changeCommand,
  idle: idleCommand,
  server: serverCommand,
  soak: soakCommand,
  compare: compareCommand,
  capacity: capacityCommand,
  terminal: terminalCommand,
  web: webCommand,
  ingest: ingestCommand,
  parse: parseCommand,
  held: heldCommand,
  proxies: proxiesCommand,
} as const
