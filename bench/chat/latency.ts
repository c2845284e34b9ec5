// What the relay adds to the first token of one stream and to every token of many, compared with a direct connection, with a bare
// pipe and with the floor in the same run.
import { inTurn, median, pairedRatio, percentile } from '../stats.js'
import { type Ask, readAnswer } from './client.js'
import {
  type CpuSec,
  cpuSecOf,
  peerCpuSec,
  type Route,
  startPeer,
  startRelay,
  startUpstream,
} from './processes.js'

const WAYS = ['direct', 'relayed', 'bare', 'floor'] as const
type Way = (typeof WAYS)[number]
type PerWay<T> = Readonly<Record<Way, T>>

const perWay = <T>(of: (way: Way) => T): PerWay<T> => ({
  direct: of('direct'),
  relayed: of('relayed'),
  bare: of('bare'),
  floor: of('floor'),
})

/** `direct`: the path at the backend; `relayed`: at the relay. */
export type Paths = Pick<Ask, 'body' | 'stamp' | 'end'> & {
  readonly direct: string
  readonly relayed: string
}

export const PATHS: Readonly<Record<Route, Paths>> = {
  'bali-zero': {
    direct: '/bali-zero/chat-stream?query=bench',
    relayed: '/api/v2/bali-zero/chat-stream?query=bench',
    body: null,
    stamp: /"data":"(\d{10,20})"/g,
    end: '"type":"done"',
  },
  'pass-through': {
    direct: '/v1/chat/completions',
    relayed: '/v1/chat/completions',
    body: '{"model":"mock-1","stream":true,"messages":[{"role":"user","content":"bench"}]}',
    stamp: /"content":"(\d{10,20})"/g,
    end: 'data: [DONE]',
  },
}

/** Starts an upstream with these flags, the relay and its peers; `work` gets the ways to an answer. */
async function withTargets<T>(
  route: Route,
  flags: readonly string[],
  work: (targets: PerWay<Ask>) => Promise<T>,
): Promise<T> {
  const { direct, relayed, ...form } = PATHS[route]
  const upstream = await startUpstream([...flags, '--stamped'])
  const relay = await startRelay(upstream.url, route)
  const bare = await startPeer('bare-pipe', upstream.url)
  const floor = await startPeer('floor', upstream.url)
  try {
    return await work({
      direct: { ...form, url: `${upstream.url}${direct}` },
      relayed: { ...form, url: `${relay.url}${relayed}` },
      bare: { ...form, url: `${bare.url}${direct}` },
      floor: { ...form, url: `${floor.url}${direct}` },
    })
  } finally {
    await floor.stop()
    await bare.stop()
    await relay.stop()
    await upstream.stop()
  }
}

function percentiles(values: readonly number[]) {
  const at = (part: number): number => percentile(values, part)
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), count: values.length }
}

function added(to: ReturnType<typeof percentiles>, direct: ReturnType<typeof percentiles>) {
  return { p50: to.p50 - direct.p50, p95: to.p95 - direct.p95, p99: to.p99 - direct.p99 }
}

/**
 * `bare_pipe_added_ms`: what a third process and Node itself add, with nothing parsed, guarded, numbered or kept; `floor_added_ms`:
 * what the smallest program adds that numbers and keeps.
 */
function compared(valuesMs: PerWay<readonly number[]>) {
  const { direct, relayed, bare, floor } = perWay(way => percentiles(valuesMs[way]))
  return {
    direct_ms: direct,
    relayed_ms: relayed,
    bare_pipe_ms: bare,
    floor_ms: floor,
    added_ms: added(relayed, direct),
    bare_pipe_added_ms: added(bare, direct),
    floor_added_ms: added(floor, direct),
  }
}

type Times = ReturnType<typeof added>

const over = (pipe: Times, other: Times): Times => ({
  p50: other.p50 - pipe.p50,
  p95: other.p95 - pipe.p95,
  p99: other.p99 - pipe.p99,
})

/** From the first token of a short answer to its end. */
const END_AFTER_MS = 5

/** Greatest time that the relay may add, ms: to a direct connection, or to a bare pipe. */
const FIRST_TOKEN_TARGETS = {
  'bali-zero': { p50: 0.5, p99: 2 },
  'pass-through': { p50: 0.3 },
} as const

/** One stream at a time, the ways in turn. */
export async function firstTokens(rounds: number, route: Route) {
  const tookMs = perWay((): number[] => [])
  // The end comes after the first token, as a model's does: storing the end must not delay the token.
  const flags = ['--tokens', '2', '--rate', String(1_000 / END_AFTER_MS), '--first-token', '0']
  await withTargets(route, flags, async targets => {
    // As many rounds before the first measured one: this much code is compiled after hundreds of requests.
    for (let round = 1 - rounds; round <= rounds; round++) {
      for (const way of inTurn(WAYS, round + rounds)) {
        const client = readAnswer(targets[way], () => {})
        const ms = await client.firstTokenMs
        await client.ended
        if (round > 0) tookMs[way].push(ms)
      }
    }
  })
  const figures = compared(tookMs)
  const { added_ms: ours, bare_pipe_added_ms: pipe, floor_added_ms: floor } = figures
  return {
    ...figures,
    over_bare_pipe_ms: over(pipe, ours),
    floor_over_bare_pipe_ms: over(pipe, floor),
    target: FIRST_TOKEN_TARGETS[route],
  }
}

type Run = { readonly latenciesMs: readonly number[]; readonly tokens: number; readonly failures: number }

/** Starts the streams within ten seconds, and waits for the end of all. */
export async function load(target: Ask, streams: number): Promise<Run> {
  const latenciesMs: number[] = []
  const all: Promise<number | null>[] = []
  for (let i = 0; i < streams; i++) {
    if (i % 10 === 0) await new Promise(resolve => setTimeout(resolve, 10_000 / streams))
    all.push(readAnswer(target, ms => latenciesMs.push(ms)).ended.catch(() => null))
  }
  const counts = await Promise.all(all)
  const tokens = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
  return { latenciesMs, tokens, failures: counts.filter(count => count === null).length }
}

/** `duration`: seconds of each answer. */
export type ChatLoad = { readonly streams: number; readonly rate: number; readonly duration: number }

/** Processor time of one token, microseconds. */
type TokenCost = { readonly user: number; readonly kernel: number }

const perCoreSec = ({ user, kernel }: TokenCost): number => 1e6 / (user + kernel)

function medianCost(costs: readonly TokenCost[]): TokenCost {
  return { user: median(costs.map(({ user }) => user)), kernel: median(costs.map(({ kernel }) => kernel)) }
}

/** Many streams: latency and processor time of each token. */
export async function manyStreams(
  { streams, rate, duration }: ChatLoad,
  { route, rounds, ratio }: { readonly route: Route; readonly rounds: number; readonly ratio: number },
) {
  const tokens = Math.max(1, Math.round(rate * duration))
  const runs = perWay((): Run[] => [])
  const costs = perWay((): TokenCost[] => [])
  const flags = ['--tokens', String(tokens), '--rate', String(rate), '--first-token', '500']
  await withTargets(route, flags, async targets => {
    /** The upstream's own processor time is not of interest. */
    const cpu: PerWay<() => Promise<CpuSec>> = {
      direct: async () => ({ user: 0, system: 0 }),
      relayed: () => cpuSecOf(targets.relayed.url),
      bare: () => peerCpuSec(targets.bare.url),
      floor: () => peerCpuSec(targets.floor.url),
    }
    // Compiles the code of all of them, the beginning and the end of answers included.
    for (const way of WAYS) await load(targets[way], Math.ceil(streams / 2))
    for (let round = 1; round <= rounds; round++) {
      for (const way of inTurn(WAYS, round)) {
        const before = await cpu[way]()
        const run = await load(targets[way], streams)
        const after = await cpu[way]()
        const us = (name: keyof CpuSec): number => ((after[name] - before[name]) / run.tokens) * 1e6
        runs[way].push(run)
        costs[way].push({ user: us('user'), kernel: us('system') })
      }
    }
  })
  const relayed = costs.relayed.map(perCoreSec)
  const bare = costs.bare.map(perCoreSec)
  const floor = costs.floor.map(perCoreSec)
  return {
    streams,
    rate,
    tokens_a_stream: tokens,
    failures: WAYS.flatMap(way => runs[way]).reduce((sum, run) => sum + run.failures, 0),
    tokens_missing: runs.relayed.reduce((sum, run) => sum + streams * tokens - run.tokens, 0),
    inter_token: {
      ...compared(perWay(way => runs[way].flatMap(({ latenciesMs }) => latenciesMs))),
      target: { p50: 2, p99: 15, p99_of_bare_pipe: 1.5 },
    },
    tokens_per_core_sec: {
      relayed,
      bare_pipe: bare,
      floor,
      ratio: pairedRatio(relayed, bare),
      floor_ratio: pairedRatio(floor, bare),
      // How much of a token is the kernel's work at the sockets: the same for both, and beyond either program.
      us_a_token: {
        relayed: medianCost(costs.relayed),
        bare_pipe: medianCost(costs.bare),
        floor: medianCost(costs.floor),
      },
      target: { ratio },
    },
  }
}
