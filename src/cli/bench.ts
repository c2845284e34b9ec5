// `g6 bench`: measurements an operator can take on the spot; the larger ones are in bench/.
import { Command } from 'commander'
import { CHURNS, type Churn } from '../../bench/cycle/options.js'
import { number, oneOf, whole } from './arguments.js'
import { capacityCommand, compareCommand, fanoutCommand, soakCommand } from './bench-load.js'

/** Longer is a mistake in units. */
const MAX_SEC = 7 * 86_400

/** Measures and prints the report as JSON, with the machine as it was before. */
async function printed<R extends object>(measure: () => R | Promise<R>): Promise<R> {
  const { describeMachine } = await import('../../bench/machine.js')
  const machine = describeMachine()
  const report = await measure()
  process.stdout.write(`${JSON.stringify({ ...report, machine }, null, 2)}\n`)
  return report
}

type CycleFlags = {
  readonly warmup?: number
  readonly measure?: number
  readonly churn: Churn
  readonly indices: number
  readonly emitSamples?: true
  readonly quick?: true
  readonly check?: true
}

function cycleCommand(): Command {
  return new Command('cycle')
    .description(
      'One cycle on a status that changes every time: alone, with the shipped outputs, with ten clients besides; JSON',
    )
    .option(
      '--warmup <n>',
      'Cycles before counting, so that the code is compiled (default: G6_BENCH_WARMUP, 500)',
      whole(0),
    )
    .option('--measure <n>', 'Cycles counted (default: G6_BENCH_MEASURE, 200)', whole(1))
    .option('--churn <percent>', `Part of the panels that change: ${CHURNS.join(', ')}`, oneOf(CHURNS), 30)
    .option('--indices <n>', 'Indices in the status', whole(0), 4)
    .option('--emit-samples', "Every cycle's time in the report")
    .option('--quick', 'A short run: 5 cycles before, 40 counted')
    .option('--check', 'Exit 1 over G6_BENCH_MAX_P95_MS or under G6_BENCH_MIN_HIT_RATIO')
    .action(async (flags: CycleFlags) => {
      const { loadConfigFromProcess } = await import('../config/from-process.js')
      const loaded = loadConfigFromProcess()
      if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '))
      if (loaded.config.benchSkip) {
        process.stdout.write('{"skipped":"G6_BENCH_SKIP"}\n')
        return
      }
      const { benchCycle } = await import('../../bench/cycle/run.js')
      const { cycleComplaints } = await import('../../bench/cycle/bounds.js')
      const { benchWarmup, benchMeasure } = loaded.config
      const { quick, warmup = benchWarmup, measure = benchMeasure } = flags
      const report = await printed(() =>
        benchCycle({
          warmup: quick ? 5 : warmup,
          measure: quick ? 40 : measure,
          churnPct: flags.churn,
          indices: flags.indices,
          emitSamples: flags.emitSamples ?? false,
        }),
      )
      if (flags.check) for (const why of cycleComplaints(report, loaded.config)) fail(why)
    })
}

type SseFlags = {
  readonly url?: string
  readonly clients: number
  readonly duration: number
  readonly token?: string
  readonly json?: true
}

function sseCommand(): Command {
  return new Command('sse')
    .description('Many clients on one stream; exit 1 when one lacks its snapshot or nothing was measured')
    .option('--url <address>', 'The stream to measure (default: a demo server of its own)')
    .option('--clients <n>', 'Connections', whole(1), 10)
    .option('--duration <seconds>', 'How long', number(0.1, MAX_SEC), 10)
    .option('--token <token>', "The server's token, for a server that wants one")
    .option('--json', 'The report as JSON')
    .action(async ({ url, clients, duration, token, json }: SseFlags) => {
      const { benchSse, complaint } = await import('../../bench/sse/run.js')
      const { startDemoServer } = await import('../../bench/sse/own-server.js')
      const server = url === undefined ? await startDemoServer() : null
      try {
        const report = await benchSse({
          url: url ?? `${server?.url}/summary/events`,
          clients,
          durationSec: duration,
          token: token ?? null,
        })
        process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : readable(report))
        const wrong = complaint(report)
        if (wrong !== null) fail(wrong)
      } finally {
        await server?.stop()
      }
    })
}

function changeCommand(): Command {
  return new Command('change')
    .description('From a change of the status file to the first byte of it at a client; JSON')
    .option('--changes <n>', 'How many', whole(1), 200)
    .option('--gap <ms>', 'Between two changes', number(1), 50)
    .option('--indices <n>', 'Indices in the status', whole(0), 4)
    .action(async (flags: { readonly changes: number; readonly gap: number; readonly indices: number }) => {
      const { benchChange } = await import('../../bench/change/run.js')
      await printed(() => benchChange({ changes: flags.changes, gapMs: flags.gap, indices: flags.indices }))
    })
}

function serverCommand(): Command {
  return new Command('server')
    .description('Connect storms, resync, idle connections, sizes, line diff; JSON')
    .action(async () => {
      const { benchServer } = await import('../../bench/server/run.js')
      await printed(benchServer)
    })
}

type ChatFlags = {
  readonly streams: number
  readonly rate: number
  readonly duration: number
  readonly quick?: true
  readonly json?: true
}

function chatCommand(): Command {
  return new Command('chat')
    .description('The chat relay beside a direct connection and a bare pipe; exit 1 when a target is missed')
    .option('--streams <n>', 'At once', whole(1), 500)
    .option('--rate <n>', 'Tokens a second of each', number(0.1), 20)
    .option('--duration <seconds>', 'Of each answer', number(0.1, MAX_SEC), 8)
    .option('--quick', 'Fewer of everything')
    .option('--json', 'The report as JSON')
    .action(async ({ streams, rate, duration, quick, json }: ChatFlags) => {
      const { benchChat, figureTable, misses } = await import('../../bench/chat/run.js')
      const { describeMachine } = await import('../../bench/machine.js')
      const machine = describeMachine()
      const report = await benchChat({ streams, rate, durationSec: duration, quick: quick ?? false })
      const whole = { ...report, machine }
      process.stdout.write(
        json ? `${JSON.stringify(whole, null, 2)}\n` : readable(whole) + figureTable(report),
      )
      for (const miss of misses(report)) fail(miss)
    })
}

function terminalCommand(): Command {
  return new Command('terminal')
    .description('The full-screen dashboard: frames, bytes, start, memory; JSON')
    .option('--quick', 'A short run')
    .option('--check', 'Exit 1 when a figure is over its bound')
    .action(async ({ quick, check }: { readonly quick?: true; readonly check?: true }) => {
      const { benchTerminal, complaints } = await import('../../bench/terminal/run.js')
      const report = await printed(() => benchTerminal(quick ?? false))
      if (check) for (const why of complaints(report)) fail(why)
    })
}

type WebFlags = {
  readonly quick?: true
  readonly check?: true
  readonly minutes?: number
  readonly indices: number
}

function webCommand(): Command {
  return new Command('web')
    .description('The page in Chromium: first board, cells touched, 100 updates a second, coming back; JSON')
    .option('--quick', 'A short run: 15 s under load')
    .option('--minutes <n>', 'Under load (default: 1)', number(0.1, MAX_SEC / 60))
    .option('--indices <n>', 'Indices on the board', whole(1), 4)
    .option('--check', 'Exit 1 when a figure is over its bound')
    .action(async ({ quick, check, minutes, indices }: WebFlags) => {
      const { benchWeb, complaints } = await import('../../bench/web/run.js')
      const durationSec = minutes !== undefined ? minutes * 60 : quick ? 15 : 60
      const report = await printed(() => benchWeb({ indices, durationSec, quick: quick ?? false }))
      if (check) for (const why of complaints(report)) fail(why)
    })
}

function ingestCommand(): Command {
  return new Command('ingest')
    .description('Following a stream: one difference applied, and its way to a reader; JSON')
    .option('--changes <n>', 'How many', whole(1), 300)
    .action(async ({ changes }: { readonly changes: number }) => {
      const { benchIngest } = await import('../../bench/ingest.js')
      await printed(() => benchIngest(changes))
    })
}

function parseCommand(): Command {
  return new Command('parse')
    .description('The stream parser: MB a second, and a long line that comes byte by byte; JSON')
    .option('--rounds <n>', 'How many', whole(1), 7)
    .action(async ({ rounds }: { readonly rounds: number }) => {
      const { benchParse } = await import('../../bench/parse.js')
      await printed(() => benchParse(rounds))
    })
}

function readable(report: object): string {
  const shown = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
  return `${Object.entries(report)
    .map(([name, value]) => `${name.padEnd(34)} ${shown(value)}`)
    .join('\n')}\n`
}

function fail(why: string): void {
  process.stderr.write(`g6 bench: ${why}\n`)
  process.exitCode = 1
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('Measure cycles and streams')
    .addCommand(cycleCommand())
    .addCommand(sseCommand())
    .addCommand(changeCommand())
    .addCommand(serverCommand())
    .addCommand(fanoutCommand())
    .addCommand(soakCommand())
    .addCommand(compareCommand())
    .addCommand(capacityCommand())
    .addCommand(chatCommand())
    .addCommand(terminalCommand())
    .addCommand(webCommand())
    .addCommand(ingestCommand())
    .addCommand(parseCommand())
}
