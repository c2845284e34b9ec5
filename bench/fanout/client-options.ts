// The options of the load clients. An external load client takes those of the first group, so that the runner can use either.
import { Command } from 'commander'
import { number, oneOf, whole } from '../../src/cli/arguments.js'

type Numbers =
  | 'port'
  | 'ctl'
  | 'n'
  | 'stalled'
  | 'rate'
  | 'window'
  | 'secs'
  | 'warm'
  | 'inflate'
  | 'overMs'
  | 'pairs'
export type ClientOptions = Readonly<Record<Numbers, number>> & {
  readonly path: string
  readonly gz: boolean
  readonly until: 'board' | 'head'
}

/** Throws when an option is missing or out of range. */
export function clientOptions(args: readonly string[]): ClientOptions {
  return new Command('client')
    .requiredOption('--port <n>', 'Of the server', whole(1, 65_535))
    .requiredOption('--ctl <n>', 'Its control port', whole(1, 65_535))
    .option('--path <path>', 'Of the stream', '/events')
    .option('--n <n>', 'Connections that read', whole(1, 100_000), 1)
    .option('--stalled <n>', 'Connections that send a request and never read', whole(0, 100_000), 0)
    .option('--rate <n>', 'Events a second; 0: a closed loop', number(0, 10_000), 0)
    .option('--window <n>', 'Outstanding events of the closed loop', whole(1, 1_000), 16)
    .option('--secs <n>', 'Measured', number(0.1, 600), 4)
    .option('--warm <n>', 'Seconds before', number(0, 60), 1)
    .option('--gz', 'Ask for gzip', false)
    .option('--inflate <n>', 'Compressed connections that inflate; others count events', whole(0, 100), 0)
    .option('--over-ms <n>', 'storm: all connect within this time', number(0, 60_000), 0)
    .option('--until <what>', 'storm: board or head', oneOf(['board', 'head'] as const), 'head')
    .option('--pairs <n>', 'scrape: pairs of events', whole(1, 1_000), 20)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parse(args, { from: 'user' })
    .opts<ClientOptions>()
}
