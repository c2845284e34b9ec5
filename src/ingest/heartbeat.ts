// The health of a followed stream, by the age of its last event.
import type { PanelState } from './store.js'

export const STREAM_HEALTH = ['init', 'ok', 'warn', 'stale'] as const
export type StreamHealth = (typeof STREAM_HEALTH)[number]

export type HeartbeatLimits = { readonly warnAfterSec: number; readonly staleAfterSec: number }

export type Heartbeat = {
  readonly last_event_epoch: number | null
  readonly last_panel_full_epoch: number | null
  readonly last_panel_diff_epoch: number | null
  /** Seconds since the last event; null before the first. */
  readonly stale_seconds: number | null
  readonly health: StreamHealth
  readonly warn_after: number
  readonly stale_after: number
}

/** The settings, else `max(10, 2 × interval)` and `max(30, 3 × interval)` seconds. */
export function heartbeatLimits(
  intervalSec: number | null,
  set: { readonly streamWarnSec?: number | null; readonly streamStaleSec?: number | null } = {},
): HeartbeatLimits {
  return {
    warnAfterSec: set.streamWarnSec ?? Math.max(10, 2 * (intervalSec ?? 0)),
    staleAfterSec: set.streamStaleSec ?? Math.max(30, 3 * (intervalSec ?? 0)),
  }
}

const epoch = (ms: number | null): number | null => (ms === null ? null : ms / 1000)

export function heartbeat(state: PanelState, nowMs: number, limits: HeartbeatLimits): Heartbeat {
  const { warnAfterSec, staleAfterSec } = limits
  const staleSec = state.lastEventMs === null ? null : Math.max(0, (nowMs - state.lastEventMs) / 1000)
  let health: StreamHealth = 'init'
  if (staleSec !== null) health = staleSec > staleAfterSec ? 'stale' : staleSec > warnAfterSec ? 'warn' : 'ok'
  return {
    last_event_epoch: epoch(state.lastEventMs),
    last_panel_full_epoch: epoch(state.lastFullMs),
    last_panel_diff_epoch: epoch(state.lastDiffMs),
    stale_seconds: staleSec,
    health,
    warn_after: warnAfterSec,
    stale_after: staleAfterSec,
  }
}
