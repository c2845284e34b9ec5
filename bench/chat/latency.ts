// What the relay adds: to the first token of one stream, and to every token of many at once. Direct and relayed side by side.
import { median, pairedRatio, percentile } from '../stats.js'
import { DIRECT_PATH, RELAYED_PATH, readAnswer, type Target } from './client.js'
import { bareCpuSec, type CpuSec, cpuSecOf, startBarePipe, startRelay, startUpstream } from './processes.js'

export type Percentiles = {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly count: number
}

function percentiles(values: readonly number[]): Percentiles {
  const at = (part: number): number => percentile(values, part)
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), count: values.length }
}

function added(relayed: Percentiles, direct: Percentiles) {
  const of = (name: 'p50' | 'p95' | 'p99'): number => relayed[name] - direct[name]
  return { p50: of('p50'), p95: of('p95'), p99: of('p99') }
}

/** From the first token of a short answer to its end. */
const END_AFTER_MS = 5

const ignore = (): void => {}

/** In turns from either end: what one leaves behind (a record being written, memory to collect) does not always strike the same. */
function inTurn<T>(round: number, all: readonly T[]): readonly T[] {
  return round % 2 === 0 ? all : all.toReversed()
}

/** One stream at a time: direct, relayed and through a bare pipe in turns. */
export async function firstTokens(rounds: number) {
  // The end comes apart from the first token, as a model's does: what is written down of it is no part of a first token.
  const flags = ['--tokens', '2', '--rate', String(1_000 / END_AFTER_MS), '--first-token', '0', '--stamped']
  const upstream = await startUpstream(flags)
  const relay = await startRelay(upstream.url)
  const bare = await startBarePipe(upstream.url)
  const tookMs: Record<'direct' | 'relayed' | 'bare', number[]> = { direct: [], relayed: [], bare: [] }
  const targets = [
    { target: { url: upstream.url, path: DIRECT_PATH }, into: tookMs.direct },
    { target: { url: relay.url, path: RELAYED_PATH }, into: tookMs.relayed },
    { target: { url: bare.url, path: '/' }, into: tookMs.bare },
  ]
  try {
    // As many before the first counted one: a path this long is compiled after hundreds of questions only.
    for (let i = -rounds; i < rounds; i++) {
      for (const { target, into } of inTurn(i, targets)) {
        const client = readAnswer(target, ignore)
        const ms = await client.firstTokenMs
        await client.ended
        if (i >= 0) into.push(ms)
      }
    }
  } finally {
    await bare.stop()
    await relay.stop()
    await upstream.stop()
  }
  const direct = percentiles(tookMs.direct)
  const relayed = percentiles(tookMs.relayed)
  const piped = percentiles(tookMs.bare)
  return {
    direct_ms: direct,
    relayed_ms: relayed,
    bare_pipe_ms: piped,
    added_ms: added(relayed, direct),
    // What a second connection and Node itself add, with nothing parsed, guarded, numbered or kept.
    bare_pipe_added_ms: added(piped, direct),
    target: { p50: 0.5, p99: 3 },
  }
}

type Load = { readonly streams: number; readonly rate: number; readonly durationSec: number }
type Run = { readonly latenciesMs: readonly number[]; readonly tokens: number; readonly failures: number }

/** Streams that begin spread over a second and last as long as asked for. */
async function load(target: Target, { streams }: Load): Promise<Run> {
  const latenciesMs: number[] = []
  let failures = 0
  let tokens = 0
  const all: Promise<void>[] = []
  for (let i = 0; i < streams; i++) {
    if (i % 10 === 0) await new Promise(resolve => setTimeout(resolve, 10_000 / streams))
    const client = readAnswer(target, ms => latenciesMs.push(ms))
    all.push(
      client.ended.then(
        count => {
          tokens += count
        },
        () => {
          failures++
        },
      ),
    )
  }
  await Promise.all(all)
  return { latenciesMs, tokens, failures }
}

/** Processor time of one token, microseconds. */
type TokenCost = { readonly user: number; readonly kernel: number }

async function costOf(
  cpu: () => Promise<CpuSec>,
  run: () => Promise<Run>,
): Promise<{ readonly run: Run; readonly cost: TokenCost }> {
  const before = await cpu()
  const done = await run()
  const after = await cpu()
  const us = (name: keyof CpuSec): number => ((after[name] - before[name]) / done.tokens) * 1e6
  return { run: done, cost: { user: us('user'), kernel: us('system') } }
}

const perCoreSec = ({ user, kernel }: TokenCost): number => 1e6 / (user + kernel)

function medianCost(costs: readonly TokenCost[]): TokenCost {
  return { user: median(costs.map(({ user }) => user)), kernel: median(costs.map(({ kernel }) => kernel)) }
}

/** Many streams: latency of each token, and CPU for each, beside a bare pipe. */
export async function manyStreams(options: Load & { readonly rounds: number }) {
  const { streams, rate, durationSec, rounds } = options
  const tokens = Math.max(1, Math.round(rate * durationSec))
  const flags = ['--tokens', String(tokens), '--rate', String(rate), '--first-token', '500', '--stamped']
  const upstream = await startUpstream(flags)
  const relay = await startRelay(upstream.url)
  const bare = await startBarePipe(upstream.url)
  const targets = {
    direct: { url: upstream.url, path: DIRECT_PATH },
    relayed: { url: relay.url, path: RELAYED_PATH },
    bare: { url: bare.url, path: '/' },
  }
  const runs: Record<keyof typeof targets, Run[]> = { direct: [], relayed: [], bare: [] }
  const costs: { relayed: TokenCost[]; bare: TokenCost[] } = { relayed: [], bare: [] }
  async function counted(name: 'relayed' | 'bare', cpu: () => Promise<CpuSec>): Promise<void> {
    const { run, cost } = await costOf(cpu, () => load(targets[name], options))
    runs[name].push(run)
    costs[name].push(cost)
  }
  const measurements = [
    async () => void runs.direct.push(await load(targets.direct, options)),
    () => counted('relayed', () => cpuSecOf(relay.url)),
    () => counted('bare', () => bareCpuSec(bare.url)),
  ]
  try {
    // Warm: the compilers of all three have seen the beginning and the end of many answers too.
    for (const target of Object.values(targets))
      await load(target, { ...options, streams: Math.ceil(streams / 2) })
    for (let round = 0; round < rounds; round++) {
      for (const measure of inTurn(round, measurements)) await measure()
    }
  } finally {
    await bare.stop()
    await relay.stop()
    await upstream.stop()
  }
  const latencies = (name: keyof typeof runs) =>
    percentiles(runs[name].flatMap(({ latenciesMs }) => latenciesMs))
  const failures = Object.values(runs)
    .flat()
    .reduce((sum, run) => sum + run.failures, 0)
  const lost = runs.relayed.reduce((sum, run) => sum + streams * tokens - run.tokens, 0)
  const [direct, relayed, piped] = [latencies('direct'), latencies('relayed'), latencies('bare')]
  return {
    streams,
    rate,
    tokens_a_stream: tokens,
    failures,
    tokens_missing: lost,
    inter_token: {
      direct_ms: direct,
      relayed_ms: relayed,
      bare_pipe_ms: piped,
      added_ms: added(relayed, direct),
      // What a third process on the same cores adds, whatever it does: the upstream's own delays are in `direct_ms`.
      bare_pipe_added_ms: added(piped, direct),
      target: { p50: 2, p99: 15 },
    },
    tokens_per_core_sec: {
      relayed: costs.relayed.map(perCoreSec),
      bare_pipe: costs.bare.map(perCoreSec),
      ratio: pairedRatio(costs.relayed.map(perCoreSec), costs.bare.map(perCoreSec)),
      // How much of a token is the kernel's work at the sockets: the same for both, and out of reach of either program.
      us_a_token: { relayed: medianCost(costs.relayed), bare_pipe: medianCost(costs.bare) },
      target: { ratio: 0.6 },
    },
  }
}
