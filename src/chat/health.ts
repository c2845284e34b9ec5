// What {prefix}/chat-stream/health reports.
import type { Rollout } from './ports.js'
import type { BreakerState } from './upstream/breakers.js'

const KEPT_LATENCIES = 1024
/** As many as the metrics tell apart. */
const SHOWN_KEYS = 100

export type RelayStats = {
  readonly activeStreams: number
  readonly activeReaders: number
  /** In the order in which they are asked; `upstream`: the origin alone. */
  readonly breakers: readonly {
    readonly name: string
    readonly upstream: string
    readonly state: BreakerState
  }[]
  readonly hasChatBackend: boolean
  readonly firstTokenMs: Percentiles | null
}

/** `keys`: the names of the relay's keys in force; null: they cannot be read. */
export function chatHealth(rollout: Rollout, stats: RelayStats, keys: readonly string[] | null) {
  return {
    ok: true,
    flag: { name: 'ENABLE_SSE_STREAMING', enabled: rollout.enabled, percentage: rollout.percentage },
    /** Whether each route is open; the flag's percentage applies to chat-stream alone. */
    routes: { 'chat-stream': rollout.enabled, chat: stats.hasChatBackend },
    active_streams: stats.activeStreams,
    active_readers: stats.activeReaders,
    upstreams: stats.breakers.map(({ name, upstream, state }) => ({ name, upstream, breaker: state })),
    keys: keys === null ? { ok: false, names: [] } : { ok: true, names: keys.slice(0, SHOWN_KEYS) },
    first_token_ms: stats.firstTokenMs ?? { p50: null, p95: null, p99: null },
  }
}

type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number }

/** The newest first-token latencies, in a ring. */
export class Latencies {
  readonly #ring: number[] = []
  #at = 0

  add(ms: number): void {
    this.#ring[this.#at] = ms
    this.#at = (this.#at + 1) % KEPT_LATENCIES
  }

  /** Milliseconds, nearest rank; null before the first one. */
  percentiles(): Percentiles | null {
    const rising = this.#ring.toSorted((a, b) => a - b)
    const at = (part: number): number => rising[Math.ceil(part * rising.length) - 1] ?? 0
    return rising.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
  }
}
