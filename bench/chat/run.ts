// The figures of the chat relay with their targets beside them, and which of them were missed.
import { firstTokens, manyStreams } from './latency.js'
import { disconnects, stalledReaders, stops } from './robustness.js'

export type ChatBenchOptions = {
  readonly streams: number
  readonly rate: number
  readonly durationSec: number
  readonly quick: boolean
}

export async function benchChat({ streams, rate, durationSec, quick }: ChatBenchOptions) {
  const first = await firstTokens(quick ? 50 : 500)
  const many = await manyStreams({ streams, rate, durationSec, rounds: quick ? 1 : 3 })
  const stalled = await stalledReaders(quick ? 100 : 1_000)
  const stopped = await stops(quick ? 20 : 200)
  const cuts = await disconnects(quick ? 500 : 10_000)
  return {
    first_token: first,
    many_streams: many,
    stalled_readers: stalled,
    stops: stopped,
    disconnects: cuts,
  }
}

export type ChatReport = Awaited<ReturnType<typeof benchChat>>

/** What missed its target, in words. */
export function misses(report: ChatReport): readonly string[] {
  const {
    first_token: first,
    many_streams: many,
    stalled_readers: stalled,
    stops: stopped,
    disconnects: cuts,
  } = report
  const { added_ms: inter, target } = many.inter_token
  const judged: readonly (readonly [what: string, value: number, limit: number])[] = [
    ['added first token p50, ms', first.added_ms.p50, first.target.p50],
    ['added first token p99, ms', first.added_ms.p99, first.target.p99],
    ['added inter-token p50, ms', inter.p50, target.p50],
    ['added inter-token p99, ms', inter.p99, target.p99],
    ['failed answers', many.failures, 0],
    ['missing tokens', many.tokens_missing, 0],
    ['growth by stalled readers, MiB', stalled.growth_mib, stalled.target.growth_mib],
    ['slowest stop, ms', stopped.max_ms, stopped.target.max_ms],
    ['gaps after disconnects', cuts.gaps, 0],
    ['wrong answers after disconnects', cuts.wrong, 0],
  ]
  const over = judged.filter(([, value, limit]) => !(value <= limit))
  const { ratio, target: least } = many.tokens_per_core_sec
  return [
    ...over.map(([what, value, limit]) => `${what}: ${value.toFixed(2)}, the target is ${limit}`),
    ...(ratio.median >= least.ratio
      ? []
      : [`tokens per core second: ${ratio.median.toFixed(2)} of a bare pipe, the target is ${least.ratio}`]),
  ]
}
