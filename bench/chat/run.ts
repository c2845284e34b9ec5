// The figures of the chat relay with their targets.
import { complaintsOf, type Figure, isWithin, shown } from '../output.js'
import { type ChatLoad, firstTokens, manyStreams } from './latency.js'
import { disconnects, stalledReaders, stops } from './robustness.js'

export type ChatFlags = ChatLoad & { readonly quick?: true; readonly json?: true }

export async function benchChat({ quick, ...load }: ChatFlags) {
  return {
    first_token: await firstTokens(quick ? 50 : 500),
    many_streams: await manyStreams(load, quick ? 1 : 3),
    stalled_readers: await stalledReaders(quick ? 100 : 1_000),
    stops: await stops(quick ? 20 : 200),
    disconnects: await disconnects(quick ? 500 : 10_000),
  }
}

export type ChatReport = Awaited<ReturnType<typeof benchChat>>

/** `ofBarePipe`: the same figure of a bare pipe in the same run. */
type ChatFigure = Figure & { readonly ofBarePipe?: number }

function figures(report: ChatReport): readonly ChatFigure[] {
  const { first_token: first, many_streams: many, stalled_readers: stalled, disconnects: cuts } = report
  const { inter_token: inter, tokens_per_core_sec: perCore } = many
  const at = (name: string, part: 'p50' | 'p99', of: typeof first | typeof inter): ChatFigure => ({
    name: `${name} ${part}, ms`,
    value: of.added_ms[part],
    limit: of.target[part],
    ofBarePipe: of.bare_pipe_added_ms[part],
  })
  return [
    at('added first token', 'p50', first),
    at('added first token', 'p99', first),
    at('added inter-token', 'p50', inter),
    at('added inter-token', 'p99', inter),
    {
      name: 'tokens per core second, of a bare pipe',
      value: perCore.ratio.median,
      limit: perCore.target.ratio,
      isLeast: true,
    },
    { name: 'failed answers', value: many.failures, limit: 0 },
    { name: 'missing tokens', value: many.tokens_missing, limit: 0 },
    { name: 'growth by stalled readers, MiB', value: stalled.growth_mib, limit: stalled.target.growth_mib },
    { name: 'slowest stop, ms', value: report.stops.max_ms, limit: report.stops.target.max_ms },
    { name: 'gaps after disconnects', value: cuts.gaps, limit: 0 },
    { name: 'wrong answers after disconnects', value: cuts.wrong, limit: 0 },
  ]
}

/** For people: each figure, its target, whether it is met, and the figure of a bare pipe. */
export function figureTable(report: ChatReport): string {
  return figures(report)
    .map(figure => {
      const { name, value, limit, isLeast, ofBarePipe } = figure
      const target = `${isLeast ? '≥' : '≤'} ${limit}`.padEnd(7)
      const pipe = ofBarePipe === undefined ? '' : `   (a bare pipe: ${shown(ofBarePipe)})`
      return `${name.padEnd(42)} ${shown(value).padStart(9)}   ${target} ${isWithin(figure) ? 'met' : 'MISSED'}${pipe}\n`
    })
    .join('')
}

/** A sentence for each missed target. */
export function misses(report: ChatReport): readonly string[] {
  return complaintsOf(figures(report))
}
