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

/** Whether the provider backed off so recently that it is worth saying. A moment in the future (clock skew) counts. */
export function backedOffRecently(
  lastBackoffMs: number | null,
  nowMs: number,
  thresholds: Thresholds,
): boolean {
  return lastBackoffMs !== null && nowMs - lastBackoffMs < thresholds['backoff.badge_ms']
}
