// The benchmarks of the package: `g6 bench cycle`, `history`, `sse`, `chat`, `gateway`, `fanout` and `fleet`.
import { Command } from 'commander'
import { number, oneOf, whole } from '../src/cli/arguments.js'
import { print } from '../src/log/print.js'
import type { ChatFlags } from './chat/run.js'
import type { CycleOptions } from './cycle/run.js'
import { CHURNS } from './documents.js'
import { type Flags, fanoutOptions, optionsOf } from './fanout/options.js'
import type { FleetBenchOptions } from './fleet/run.js'
import { describeMachine } from './machine.js'
import { complaintsOf, fail, jsonText, printed, readable } from './output.js'
import { accepted } from './settings.js'
import type { SseOptions } from './sse/run.js'

/** Anything longer is a mistake in units. */
export const MAX_SEC = 7 * 86_400

type CycleFlags = Partial<CycleOptions> & {
  readonly churn: CycleOptions['churn']
  readonly indices: number
  readonly quick?: true
  readonly check?: true
  readonly against?: string
  readonly rounds: number
}

function cycleCommand(): Command {
  return new Command('cycle')
    .description(
      'One cycle on a status that changes every time: alone, with outputs, with ten clients; boards of 2 MB; JSON',
    )
    .option(
      '--warmup <n>',
      'Cycles before the measured ones, to compile the code (default: G6_BENCH_WARMUP, 500)',
      whole(0),
    )
    .option('--measure <n>', 'Measured cycles (default: G6_BENCH_MEASURE, 200)', whole(1))
    .option('--churn <percent>', `Share of the panels that change: ${CHURNS.join(', ')}`, oneOf(CHURNS), 30)
    .option('--indices <n>', 'Indices in the status', whole(0), 4)
    .option('--emit-samples', 'Put the time of every cycle in the report')
    .option('--quick', 'A short run: 5 cycles to warm up, 40 measured')
    .option(
      '--check',
      'Exit 1 over G6_BENCH_MAX_P95_MS or a limit of the boards, or under G6_BENCH_MIN_HIT_RATIO',
    )
    .option('--against <folder>', 'Compare with another build, by its dist folder, in interleaved rounds')
    .option('--rounds <n>', 'Rounds of --against', whole(1, 100), 5)
    .action(async ({ quick, check, against, rounds, ...flags }: CycleFlags) => {
      const { loadConfigFromProcess } = await import('../src/config/from-process.js')
      const { config } = accepted(loadConfigFromProcess())
      if (config.benchSkip) {
        print('{"skipped":"G6_BENCH_SKIP"}\n')
        return
      }
      const short = quick && { warmup: 5, measure: 40 }
      const options = { warmup: config.benchWarmup, measure: config.benchMeasure, ...flags, ...short }
      if (against !== undefined) {
        const { benchAgainst } = await import('./cycle/against.js')
        await printed(() => benchAgainst(against, options, rounds))
        return
      }
      const { benchCycle } = await import('./cycle/run.js')
      const { benchBoards } = await import('./cycle/boards.js')
      const { boardComplaints, cycleComplaints } = await import('./cycle/bounds.js')
      const boardSizes = quick ? { warmup: 4, measure: 4, quick } : { warmup: 15, measure: 60 }
      const report = await printed(async () => ({
        ...(await benchCycle(options)),
        boards: await benchBoards(boardSizes),
      }))
      if (check) fail([...cycleComplaints(report, config), ...boardComplaints(report.boards)])
    })
}

type SseFlags = Omit<SseOptions, 'url'> & { readonly url?: string; readonly json?: true }

function sseCommand(): Command {
  return new Command('sse')
    .description('Many clients on one stream; exit 1 when one gets no snapshot or nothing was measured')
    .option('--url <address>', 'The stream to measure (default: a demo server that it starts)')
    .option('--clients <n>', 'Connections', whole(1), 10)
    .option('--duration <seconds>', 'How long', number(0.1, MAX_SEC), 10)
    .option('--token <token>', 'The token of the server, if it has one')
    .option('--json', 'The report as JSON')
    .action(async ({ json, ...flags }: SseFlags) => {
      const { benchSse, complaints } = await import('./sse/run.js')
      const { startDemoServer } = await import('./own-server.js')
      const server = flags.url === undefined ? await startDemoServer() : null
      try {
        const report = await benchSse({ url: `${server?.url}/summary/events`, ...flags })
        print(json ? jsonText(report) : readable(report))
        fail(complaints(report))
      } finally {
        await server?.stop()
      }
    })
}

type FleetFlags = Omit<FleetBenchOptions, 'seconds'> & {
  readonly duration: number
  readonly quick?: true
  readonly json?: true
}

function loadOptions(command: Command): Command {
  return command
    .option('--streams <n>', 'Answers at once', whole(1), 500)
    .option('--rate <n>', 'Tokens a second of each answer', number(0.1), 20)
    .option('--duration <seconds>', 'Length of each answer', number(0.1, MAX_SEC), 8)
    .option('--quick', 'Fewer of everything')
    .option('--json', 'The report as JSON')
}

function chatCommand(): Command {
  const about = 'The chat relay compared with a direct connection and a bare pipe; exit 1 over a limit'
  return loadOptions(new Command('chat').description(about)).action(async (flags: ChatFlags) => {
    const { benchChat, chatFigures, figureTable, misses } = await import('./chat/run.js')
    const report = await benchChat(flags)
    const whole = { ...report, machine: describeMachine() }
    const figures = chatFigures(report)
    print(flags.json ? jsonText(whole) : readable(whole) + figureTable(figures))
    fail(misses(figures))
  })
}

function gatewayCommand(): Command {
  const about = 'The pass-through (/v1) compared with a bare pipe; exit 1 over a limit'
  return loadOptions(new Command('gateway').description(about)).action(async (flags: ChatFlags) => {
    const { benchGateway, figureTable, gatewayFigures, misses } = await import('./chat/run.js')
    const report = await benchGateway(flags)
    const whole = { ...report, machine: describeMachine() }
    const figures = gatewayFigures(report)
    print(flags.json ? jsonText(whole) : readable(whole) + figureTable(figures))
    fail(misses(figures))
  })
}

function historyCommand(): Command {
  return new Command('history')
    .description('What history adds to a cycle and to memory, a day of it in a file, and a recording; JSON')
    .option('--quick', 'Two hours of minutes and two minutes of recording')
    .action(async ({ quick }: { readonly quick?: true }) => {
      const { benchHistory, QUICK, WHOLE } = await import('./history.js')
      await printed(() => benchHistory(quick ? QUICK : WHOLE))
    })
}

function fanoutCommand(): Command {
  const command = new Command('fanout').description(
    'Our hub compared with the bare loop, better-sse and nchan, in interleaved rounds',
  )
  return fanoutOptions(command).action(async (flags: Flags) => {
    const { benchFanout } = await import('./fanout/run.js')
    process.exitCode = await benchFanout(optionsOf(flags))
  })
}

function fleetCommand(): Command {
  return new Command('fleet')
    .description(
      'Several servers over a Redis of their own; exit 1 over a limit. It needs redis-server and redis-cli',
    )
    .option('--changes <n>', 'Changes of the file whose way is measured', whole(1), 300)
    .option('--readers <n>', 'Readers that come back at once', whole(1), 5_000)
    .option('--rounds <n>', 'Ends of a publisher, of each kind', whole(1), 5)
    .option('--nodes <n>', 'Servers while the work of Redis is measured', whole(3, 50), 10)
    .option('--duration <seconds>', 'For how long that is', whole(1, MAX_SEC), 20)
    .option('--quick', 'Fewer of everything')
    .option('--json', 'The report as JSON')
    .action(async ({ quick, json, duration: seconds, ...given }: FleetFlags) => {
      const { benchFleet, fleetFigures } = await import('./fleet/run.js')
      const { benchFleetChat, fleetChatFigures } = await import('./fleet/chat.js')
      const machine = describeMachine()
      const few = quick ? { changes: 30, readers: 500, rounds: 1, nodes: 3 } : {}
      const board = await benchFleet({ ...given, ...few, seconds: quick ? 3 : seconds })
      const chat = await benchFleetChat(
        quick
          ? { answers: 20, streams: 20, seconds: 3, rounds: 1 }
          : { answers: 300, streams: 300, seconds: 8, rounds: 3 },
      )
      const report = { ...board, chat }
      const figures = [...fleetFigures(board), ...fleetChatFigures(chat)]
      print(json ? jsonText({ ...report, machine }) : readable({ ...report, machine }))
      fail(complaintsOf(figures))
    })
}

export function packagedBenches(): readonly Command[] {
  return [
    cycleCommand(),
    historyCommand(),
    sseCommand(),
    chatCommand(),
    gatewayCommand(),
    fanoutCommand(),
    fleetCommand(),
  ]
}
