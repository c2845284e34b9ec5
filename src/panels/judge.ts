// From values to tones: the few judgements that more than one panel, or a panel and a surface, must agree on.
import type { Tone } from './panel.js'
import type { Thresholds } from './thresholds.js'

/** Bad when high: error from `error` on, warn from `warn` on. Undefined for what is missing. */
export function highIsBad(value: number | null, warn: number, error: number): Tone | undefined {
  if (value === null) return undefined
  if (value >= error) return 'error'
  return value >= warn ? 'warn' : 'ok'
}

/** Bad when low: error below `error`, warn below `warn`. Undefined for what is missing. */
export function lowIsBad(value: number | null, warn: number, error: number): Tone | undefined {
  if (value === null) return undefined
  if (value < error) return 'error'
  return value < warn ? 'warn' : 'ok'
}

export type MemoryLevel = 0 | 1 | 2 | 3

/** How many of the three memory thresholds are reached. */
export function memoryLevel(memoryMb: number, thresholds: Thresholds): MemoryLevel {
  if (memoryMb >= thresholds['memory.level3_mb']) return 3
  if (memoryMb >= thresholds['memory.level2_mb']) return 2
  return memoryMb >= thresholds['memory.level1_mb'] ? 1 : 0
}

const LEVEL_TONES: Readonly<Record<MemoryLevel, Tone>> = { 0: 'ok', 1: 'info', 2: 'warn', 3: 'error' }

export function memoryTone(level: MemoryLevel): Tone {
  return LEVEL_TONES[level]
}

const GOOD: ReadonlySet<string> = new Set([
  'ok',
  'healthy',
  'up',
  'good',
  'running',
  'connected',
  'active',
  'ready',
])
const DOUBTFUL: ReadonlySet<string> = new Set([
  'warn',
  'warning',
  'stale',
  'degraded',
  'starting',
  'slow',
  'partial',
])
const BAD: ReadonlySet<string> = new Set([
  'error',
  'err',
  'critical',
  'fatal',
  'failed',
  'failing',
  'down',
  'unhealthy',
  'disconnected',
  'offline',
  'dead',
])

/** The tone of a state word of an index or a component, any case; an unknown word is worth a look: info. */
export function stateTone(word: string): Tone {
  const lower = word.toLowerCase()
  if (GOOD.has(lower)) return 'ok'
  if (DOUBTFUL.has(lower)) return 'warn'
  return BAD.has(lower) ? 'error' : 'info'
}

/** Whether the provider backed off so recently that it is worth saying. A moment in the future (clock skew) counts. */
export function backedOffRecently(
  lastBackoffMs: number | null,
  nowMs: number,
  thresholds: Thresholds,
): boolean {
  return lastBackoffMs !== null && nowMs - lastBackoffMs < thresholds['backoff.badge_ms']
}
