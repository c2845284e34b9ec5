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

/** A figure that has a target. */
type Figure = {
  readonly name: string
  readonly value: number
  /** At most, but for `isLeast`. */
  readonly target: number
  readonly isLeast: boolean
  readonly isMet: boolean
  /** The same of a bare pipe in the same run; null where there is none. */
  readonly ofBarePipe: number | null
}

function atMost(name: string, value: number, target: number, ofBarePipe: number | null = null): Figure {
  return { name, value, target, isLeast: false, isMet: value <= target, ofBarePipe }
}
function atLeast(name: string, value: number, target: number): Figure {
  return { name, value, target, isLeast: true, isMet: value >= target, ofBarePipe: null }
}

/** Every figure that has a target, with it. */
function figures(report: ChatReport): readonly Figure[] {
  const {
    first_token: first,
    many_streams: many,
    stalled_readers: stalled,
    stops: stopped,
    disconnects: cuts,
  } = report
  const { added_ms: inter, bare_pipe_added_ms: piped, target } = many.inter_token
  const { added_ms: begun, bare_pipe_added_ms: pipedFirst } = first
  const { ratio, target: least } = many.tokens_per_core_sec
  return [
    atMost('added first token p50, ms', begun.p50, first.target.p50, pipedFirst.p50),
    atMost('added first token p99, ms', begun.p99, first.target.p99, pipedFirst.p99),
    atMost('added inter-token p50, ms', inter.p50, target.p50, piped.p50),
    atMost('added inter-token p99, ms', inter.p99, target.p99, piped.p99),
    atLeast('tokens per core second, of a bare pipe', ratio.median, least.ratio),
    atMost('failed answers', many.failures, 0),
    atMost('missing tokens', many.tokens_missing, 0),
    atMost('growth by stalled readers, MiB', stalled.growth_mib, stalled.target.growth_mib),
    atMost('slowest stop, ms', stopped.max_ms, stopped.target.max_ms),
    atMost('gaps after disconnects', cuts.gaps, 0),
    atMost('wrong answers after disconnects', cuts.wrong, 0),
  ]
}

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(2))

/** For people: each figure, its target, whether it was met, and what a bare pipe came to. */
export function figureTable(report: ChatReport): string {
  return figures(report)
    .map(({ name, value, target, isLeast, isMet, ofBarePipe }) => {
      const wanted = `${isLeast ? '≥' : '≤'} ${target}`
      const beside = ofBarePipe === null ? '' : `   (a bare pipe: ${shown(ofBarePipe)})`
      return `${name.padEnd(42)} ${shown(value).padStart(9)}   ${wanted.padEnd(7)} ${isMet ? 'met' : 'MISSED'}${beside}\n`
    })
    .join('')
}

/** What missed its target, in words. */
export function misses(report: ChatReport): readonly string[] {
  return figures(report)
    .filter(({ isMet }) => !isMet)
    .map(({ name, value, target }) => `${name}: ${shown(value)}, the target is ${target}`)
}
