// What the relay adds: to the first token of one stream, and to every token of many at once. Direct and relayed side by side.
import { percentile } from '../stats.js'
import { DIRECT_PATH, RELAYED_PATH, readAnswer, type Target } from './client.js'
import { bareCpuSec, cpuSecOf, startBarePipe, startRelay, startUpstream } from './processes.js'

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

const ignore = (): void => {}

/** One stream at a time, direct and relayed in turns. */
export async function firstTokens(rounds: number) {
  const upstream = await startUpstream(['--tokens', '3', '--rate', '0', '--first-token', '0', '--stamped'])
  const relay = await startRelay(upstream.url)
  const direct: number[] = []
  const relayed: number[] = []
  const warmUp = Math.ceil(rounds / 5)
  try {
    for (let i = 0; i < rounds + warmUp; i++) {
      for (const [target, into] of [
        [{ url: upstream.url, path: DIRECT_PATH }, direct],
        [{ url: relay.url, path: RELAYED_PATH }, relayed],
      ] as const) {
        const client = readAnswer(target, ignore)
        const ms = await client.firstTokenMs
        await client.ended
        if (i >= warmUp) into.push(ms)
      }
    }
  } finally {
    await relay.stop()
    await upstream.stop()
  }
  const [d, r] = [percentiles(direct), percentiles(relayed)]
  return { direct_ms: d, relayed_ms: r, added_ms: added(r, d), target: { p50: 0.5, p99: 3 } }
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
  const perCoreSec: { relayed: number[]; bare: number[] } = { relayed: [], bare: [] }
  try {
    // Warm: the compilers of all three have seen their hot paths.
    for (const target of Object.values(targets))
      await load(target, { ...options, streams: Math.ceil(streams / 10) })
    for (let round = 0; round < rounds; round++) {
      runs.direct.push(await load(targets.direct, options))
      const relayBefore = await cpuSecOf(relay.url)
      const relayed = await load(targets.relayed, options)
      perCoreSec.relayed.push(relayed.tokens / ((await cpuSecOf(relay.url)) - relayBefore))
      const bareBefore = await bareCpuSec(bare.url)
      const piped = await load(targets.bare, options)
      perCoreSec.bare.push(piped.tokens / ((await bareCpuSec(bare.url)) - bareBefore))
      runs.relayed.push(relayed)
      runs.bare.push(piped)
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
  const ratios = perCoreSec.relayed
    .map((value, i) => value / (perCoreSec.bare[i] ?? Number.NaN))
    .toSorted((a, b) => a - b)
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
      target: { p50: 2, p99: 15 },
    },
    tokens_per_core_sec: {
      relayed: perCoreSec.relayed,
      bare_pipe: perCoreSec.bare,
      median_ratio: ratios[ratios.length >> 1] ?? Number.NaN,
      target: { ratio: 0.6 },
    },
  }
}
