// The command line of the benchmark.
import { parseArgs } from 'node:util'
import { MORE_SERVERS, SERVERS, type ServerName } from './installed.js'
import { MEASURES, type MeasureName, type Sizes } from './measures.js'

export type Options = {
  readonly rounds: number
  readonly sizes: Sizes
  readonly measures: readonly MeasureName[]
  readonly servers: readonly ServerName[]
  /** Path of an external load client; null = ours. */
  readonly client: string | null
  readonly json: boolean
  readonly out: string | null
  readonly check: boolean
}

const ALL_SERVERS = [...SERVERS, ...MORE_SERVERS]

export const USAGE = `Usage: g6 bench fanout [options]

Measures our hub, the bare loop, better-sse and nchan side by side; the table goes to standard error.
Who is not installed is named in the report (Debian: apt-get install nginx libnginx-mod-nchan).

Options:
  --rounds <n>     Interleaved rounds (default: 5)
  --clients <n>    Readers (default: 1000)
  --secs <s>       Measured seconds of each run (default: 4)
  --size <bytes>   Size of an event (default: 1024)
  --gzip           Also compressed against plain, 4 KB
  --readers <list> Also processor, times and memory at so many readers (1,10,50,1000,10000)
  --storm          Also 50 readers at once and 1000 within a second
  --idle <n>       Also memory of so many idle readers (10000)
  --stalled        Also growth with 100 stalled of 120 readers
  --scrape         Also a scrape of /metrics with as many readers as --idle says
  --all            Everything
  --servers <list> Only these: ${ALL_SERVERS.join(', ')}
  --only <list>    Only these: ${MEASURES.join(', ')}
  --quick          Two short rounds: under a minute
  --client <path>  An external load client with our client's options
  --json           JSON on standard output
  --out <file>     JSON into a file, after every round
  --check          Exit 1 when processor time, bytes or memory are over 1.3 times their target (times are reported)
`

function whole(text: string | undefined, name: string, fallback: number, min: number, max: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`--${name} must be a whole number from ${min} to ${max}, got ${text}`)
  }
  return value
}

const READERS = [1, 10, 50, 1_000, 10_000] as const
const MAX_READERS = 20_000
const MAX_COUNTS = 10

function counts(text: string | undefined): readonly number[] {
  if (text === undefined) return READERS
  const all = text.split(',')
  if (all.length > MAX_COUNTS) throw new RangeError(`--readers takes at most ${MAX_COUNTS} numbers`)
  return all.map(each => whole(each, 'readers', 1, 1, MAX_READERS))
}

function isMeasure(name: string): name is MeasureName {
  return MEASURES.some(known => known === name)
}

function chosen(only: string | undefined, wanted: Readonly<Record<MeasureName, boolean>>): MeasureName[] {
  if (only === undefined) return MEASURES.filter(name => wanted[name])
  return only.split(',').map(name => {
    if (!isMeasure(name)) throw new RangeError(`--only takes ${MEASURES.join(', ')}; got ${name}`)
    return name
  })
}

/** In the order of the report: who is judged comes first. */
function servers(text: string | undefined): readonly ServerName[] {
  if (text === undefined) return SERVERS
  const asked = text.split(',')
  const unknown = asked.find(name => !ALL_SERVERS.some(known => known === name))
  if (unknown !== undefined) throw new RangeError(`--servers takes ${ALL_SERVERS.join(', ')}; got ${unknown}`)
  return ALL_SERVERS.filter(name => asked.includes(name))
}

/** Throws for words that are no options. */
function parsed(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      clients: { type: 'string' },
      secs: { type: 'string' },
      size: { type: 'string' },
      idle: { type: 'string' },
      readers: { type: 'string' },
      only: { type: 'string' },
      servers: { type: 'string' },
      client: { type: 'string' },
      out: { type: 'string' },
      gzip: { type: 'boolean', default: false },
      stalled: { type: 'boolean', default: false },
      storm: { type: 'boolean', default: false },
      scrape: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return values
}

function parsedOrHint(args: readonly string[]) {
  try {
    return parsed(args)
  } catch (error) {
    // Its first sentence says what is wrong; the others are for whoever wrote the parser.
    const [what = ''] = error instanceof Error ? error.message.split('. ') : [String(error)]
    throw new RangeError(`${what} (g6 bench fanout --help lists the options)`)
  }
}

/** Null when help was asked for. Throws for what cannot be used, naming what is allowed. */
export function parseOptions(args: readonly string[]): Options | null {
  const values = parsedOrHint(args)
  if (values.help) return null
  const { quick, all } = values
  return {
    rounds: whole(values.rounds, 'rounds', quick ? 2 : 5, 1, 100),
    sizes: {
      clients: whole(values.clients, 'clients', 1000, 1, 10_000),
      secs: whole(values.secs, 'secs', quick ? 1 : 4, 1, 60),
      warmSecs: quick ? 0.5 : 1.5,
      sizeBytes: whole(values.size, 'size', 1024, 400, 60_000),
      idleReaders: whole(values.idle, 'idle', quick ? 1000 : 10_000, 100, MAX_READERS),
      readers: counts(values.readers),
      scrapePairs: quick ? 10 : 30,
    },
    measures: chosen(values.only, {
      dispatch: true,
      cpu: true,
      rate: !quick || all,
      gzip: values.gzip || quick || all,
      readers: values.readers !== undefined || all,
      storm: values.storm || all,
      idle: values.idle !== undefined || all,
      stalled: values.stalled || all,
      scrape: values.scrape || all,
    }),
    servers: servers(values.servers),
    client: values.client ?? null,
    json: values.json,
    out: values.out ?? null,
    check: values.check,
  }
}
