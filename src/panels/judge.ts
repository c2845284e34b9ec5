// From values to tones: judgements that several panels, or a panel and a surface, share.
import type { Tone } from './panel.js'
import type { Thresholds } from './thresholds.js'

/** Bad when high: error from `error` up, warn from `warn` up. Undefined for a missing value. */
export function highIsBad(value: number | null, warn: number, error: number): Tone | undefined {
  if (value === null) return undefined
  if (value >= error) return 'error'
  return value >= warn ? 'warn' : 'ok'
}

/** Bad when low: error below `error`, warn below `warn`. Undefined for a missing value. */
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

/** Whether the provider backed off so recently that the panel shows it. A time in the future (clock skew) counts. */
export function backedOffRecently(
  lastBackoffMs: number | null,
  nowMs: number,
  thresholds: Thresholds,
): boolean {
  return lastBackoffMs !== null && nowMs - lastBackoffMs < thresholds['backoff.badge_ms']
}
