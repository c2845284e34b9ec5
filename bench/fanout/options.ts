// The options of `g6 bench fanout`.
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { oneOf, whole } from '../../src/cli/arguments.js'
import { MORE_SERVERS, SERVERS, type ServerName } from './installed.js'
import { MEASURES, type MeasureName } from './measures.js'

export type Options = ReturnType<typeof optionsOf>

type Switch = 'gzip' | 'storm' | 'stalled' | 'scrape' | 'all' | 'quick' | 'json' | 'check'
export type Flags = Readonly<Partial<Record<Switch, true>>> & {
  readonly rounds?: number
  readonly clients: number
  readonly secs?: number
  readonly size: number
  readonly readers?: readonly number[]
  readonly idle?: number
  readonly servers?: readonly ServerName[]
  readonly only?: readonly MeasureName[]
  readonly client?: string
  readonly against?: string
  readonly out?: string
}

const ALL_SERVERS = [...SERVERS, ...MORE_SERVERS]
const READERS = [1, 10, 50, 1_000, 10_000] as const
const MAX_READERS = 20_000
const MAX_COUNTS = 10

function listOf<T>(parse: (text: string) => T): (text: string) => readonly T[] {
  return text => {
    const words = text.split(',')
    if (words.length > MAX_COUNTS) throw new InvalidArgumentError(`allowed: at most ${MAX_COUNTS} of them`)
    return words.map(parse)
  }
}

export function fanoutOptions(command: Command): Command {
  return command
    .option('--rounds <n>', 'Interleaved rounds (default: 5)', whole(1, 100))
    .option('--clients <n>', 'Readers', whole(1, 10_000), 1_000)
    .option('--secs <s>', 'Measured seconds of each run (default: 4)', whole(1, 60))
    .option('--size <bytes>', 'Size of an event', whole(400, 60_000), 1_024)
    .option('--gzip', 'Also compressed compared with plain, 4 KB')
    .option(
      '--readers <list>',
      'Also processor, times and memory at these numbers of readers (1,10,50,1000,10000)',
      listOf(whole(1, MAX_READERS)),
    )
    .option('--storm', 'Also 50 readers at once and 1000 within a second')
    .option('--idle <n>', 'Also memory of this many idle readers (10000)', whole(100, MAX_READERS))
    .option('--stalled', 'Also growth with 100 stalled of 120 readers')
    .option('--scrape', 'Also a scrape of /metrics with as many readers as --idle says')
    .option('--all', 'Everything')
    .option('--servers <list>', `Only these: ${ALL_SERVERS.join(', ')}`, listOf(oneOf(ALL_SERVERS)))
    .option('--only <list>', `Only these: ${MEASURES.join(', ')}`, listOf(oneOf(MEASURES)))
    .option('--quick', 'Two short rounds: under a minute')
    .option('--client <path>', 'An external load client with the options of ours')
    .option('--against <folder>', 'Also our server of another checkout, by its dist folder, as `baseline`')
    .option('--json', 'JSON on standard output')
    .option('--out <file>', 'JSON into a file, after every round')
    .option('--check', 'Exit 1 when processor time, bytes or memory are over 1.3 times their target')
    .addHelpText(
      'after',
      '\nThe table goes to standard error. Servers that are not installed are named in the report (Debian: apt-get install nginx libnginx-mod-nchan).',
    )
}

export function optionsOf(flags: Flags) {
  const { quick = false, all = false } = flags
  const wanted: Readonly<Record<MeasureName, boolean>> = {
    dispatch: true,
    cpu: true,
    rate: !quick || all,
    gzip: flags.gzip ?? (quick || all),
    readers: flags.readers !== undefined || all,
    storm: flags.storm ?? all,
    idle: flags.idle !== undefined || all,
    stalled: flags.stalled ?? all,
    scrape: flags.scrape ?? all,
  }
  return {
    rounds: flags.rounds ?? (quick ? 2 : 5),
    sizes: {
      clients: flags.clients,
      secs: flags.secs ?? (quick ? 1 : 4),
      warmSecs: quick ? 0.5 : 1.5,
      sizeBytes: flags.size,
      idleReaders: flags.idle ?? (quick ? 1_000 : 10_000),
      readers: flags.readers ?? READERS,
      scrapePairs: quick ? 10 : 30,
    },
    measures: flags.only ?? MEASURES.filter(name => wanted[name]),
    // In the order of the report, which judges the first one.
    servers:
      flags.servers === undefined ? SERVERS : ALL_SERVERS.filter(name => flags.servers?.includes(name)),
    /** Path of an external load client; null = ours. */
    client: flags.client ?? null,
    /** The dist folder of another checkout; null = none. */
    against: flags.against === undefined ? null : resolve(flags.against),
    json: flags.json ?? false,
    out: flags.out ?? null,
    check: flags.check ?? false,
  }
}
