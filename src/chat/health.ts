// What {prefix}/chat-stream/health says.
import type { RelayStats } from './relay.js'
import type { Rollout } from './seams.js'

export function chatHealth(rollout: Rollout, stats: RelayStats) {
  return {
    ok: true,
    flag: { name: 'ENABLE_SSE_STREAMING', enabled: rollout.enabled, percentage: rollout.percentage },
    /** Whether each answers at all; the flag's percentage is for chat-stream alone. */
    routes: { 'chat-stream': rollout.enabled, chat: stats.breakers.length > 0 },
    active_streams: stats.activeStreams,
    active_readers: stats.activeReaders,
    upstreams: stats.breakers.map(({ upstream, state }) => ({ upstream, breaker: state })),
    first_token_ms: stats.firstTokenMs ?? { p50: null, p95: null, p99: null },
  }
}
