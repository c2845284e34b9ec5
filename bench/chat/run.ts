// The figures of the chat relay with their targets.
import { complaintsOf, type Figure, isWithin, shown } from '../output.js'
import { type ChatLoad, firstTokens, manyStreams } from './latency.js'
import { disconnects, stalledReaders, stops } from './robustness.js'

export type ChatFlags = ChatLoad & { readonly quick?: true; readonly json?: true }

export async function benchChat({ quick, ...load }: ChatFlags) {
  return {
    first_token: await firstTokens(quick ? 50 : 500, 'bali-zero'),
    many_streams: await manyStreams(load, { route: 'bali-zero', rounds: quick ? 1 : 3, ratio: 0.6 }),
    stalled_readers: await stalledReaders(quick ? 100 : 1_000),
    stops: await stops(quick ? 20 : 200),
    disconnects: await disconnects(quick ? 500 : 10_000),
  }
}

export type ChatReport = Awaited<ReturnType<typeof benchChat>>

/** The pass-through (`/v1/chat/completions`), which parses no event that it need not. */
export async function benchGateway({ quick, ...load }: ChatFlags) {
  return {
    first_event: await firstTokens(quick ? 50 : 500, 'pass-through'),
    many_streams: await manyStreams(load, { route: 'pass-through', rounds: quick ? 1 : 3, ratio: 0.8 }),
  }
}

export type GatewayReport = Awaited<ReturnType<typeof benchGateway>>

/** The same figure of a bare pipe and of the floor (floor.ts) in the same run. */
type ChatFigure = Figure & { readonly ofBarePipe?: number; readonly ofFloor?: number }

type First = Awaited<ReturnType<typeof firstTokens>>
type Many = Awaited<ReturnType<typeof manyStreams>>

function firstFigures(name: string, { target, ...first }: First): readonly ChatFigure[] {
  const { over_bare_pipe_ms: over, floor_over_bare_pipe_ms: floor } = first
  const figure = (part: 'p50' | 'p99', limit: number): ChatFigure => ({
    name: `${name} ${part} over a bare pipe, ms`,
    value: over[part],
    limit,
    ofFloor: floor[part],
  })
  const p50 = figure('p50', target.p50)
  return 'p99' in target ? [p50, figure('p99', target.p99)] : [p50]
}

function manyFigures({
  inter_token: inter,
  tokens_per_core_sec: perCore,
  ...many
}: Many): readonly ChatFigure[] {
  const at = (part: 'p50' | 'p99'): ChatFigure => ({
    name: `added inter-token ${part}, ms`,
    value: inter.added_ms[part],
    limit: inter.target[part],
    ofBarePipe: inter.bare_pipe_added_ms[part],
    ofFloor: inter.floor_added_ms[part],
  })
  return [
    at('p50'),
    at('p99'),
    {
      // Of the whole time, the way from the upstream included: both programs share what the machine adds.
      name: 'inter-token p99, of a bare pipe',
      value: inter.relayed_ms.p99 / inter.bare_pipe_ms.p99,
      limit: inter.target.p99_of_bare_pipe,
    },
    {
      name: 'tokens per core second, of a bare pipe',
      value: perCore.ratio.median,
      limit: perCore.target.ratio,
      isLeast: true,
      ofFloor: perCore.floor_ratio.median,
    },
    { name: 'failed answers', value: many.failures, limit: 0 },
    { name: 'missing tokens', value: many.tokens_missing, limit: 0 },
  ]
}

export function gatewayFigures({
  first_event: first,
  many_streams: many,
}: GatewayReport): readonly ChatFigure[] {
  return [...firstFigures('first event', first), ...manyFigures(many)]
}

export function chatFigures(report: ChatReport): readonly ChatFigure[] {
  const { first_token: first, many_streams: many, stalled_readers: stalled, disconnects: cuts } = report
  return [
    ...firstFigures('first token', first),
    ...manyFigures(many),
    { name: 'growth by stalled readers, MiB', value: stalled.growth_mib, limit: stalled.target.growth_mib },
    { name: 'slowest stop, ms', value: report.stops.max_ms, limit: report.stops.target.max_ms },
    { name: 'gaps after disconnects', value: cuts.gaps, limit: 0 },
    { name: 'wrong answers after disconnects', value: cuts.wrong, limit: 0 },
  ]
}

/** For people: each figure, its target, whether it is met, and the figures of its peers. */
export function figureTable(figures: readonly ChatFigure[]): string {
  return figures
    .map(figure => {
      const { name, value, limit, isLeast, ofBarePipe, ofFloor } = figure
      const target = `${isLeast ? '≥' : '≤'} ${limit}`.padEnd(7)
      const pipe = ofBarePipe === undefined ? '' : `   (a bare pipe: ${shown(ofBarePipe)})`
      const floor = ofFloor === undefined ? '' : `   (the floor: ${shown(ofFloor)})`
      return `${name.padEnd(42)} ${shown(value).padStart(9)}   ${target} ${isWithin(figure) ? 'met' : 'MISSED'}${pipe}${floor}\n`
    })
    .join('')
}

/** A sentence for each missed target. */
export function misses(figures: readonly ChatFigure[]): readonly string[] {
  return complaintsOf(figures)
}
