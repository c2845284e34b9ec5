// All thresholds of the panels with their defaults, and how settings change them. A load is bad when it reaches its threshold, a
// score when it falls below it.

const THRESHOLD_DEFAULTS = {
  /** Data quality score, %: below. */
  'dq.warn': 85,
  'dq.error': 70,
  /** Cycle and index success, %: below. */
  'success.warn': 95,
  'success.error': 85,
  /** Processor, %. */
  'cpu.warn': 70,
  'cpu.error': 90,
  /** Memory of the process, MB. */
  'memory.level1_mb': 200,
  'memory.level2_mb': 300,
  'memory.level3_mb': 500,
  /** Latency of the provider, ms. */
  'provider.latency.warn_ms': 400,
  'provider.latency.error_ms': 800,
  /** 95th percentile of cycle time as a part of the interval. */
  'latency.p95.warn_frac': 1.1,
  'latency.p95.error_frac': 1.4,
  /** Age of data, seconds; null: from the interval (`staleAfter`). */
  'stream.stale.warn_sec': null,
  'stream.stale.error_sec': null,
  /** Prices unchanged for this long in an open market count as stuck, seconds. */
  'prices.unchanged_sec': 600,
  /** How long a provider's backoff is shown, ms. */
  'backoff.badge_ms': 120_000,
} as const satisfies Readonly<Record<string, number | null>>

export type ThresholdKey = keyof typeof THRESHOLD_DEFAULTS
type ComputedKey = 'stream.stale.warn_sec' | 'stream.stale.error_sec'
export type Thresholds = { readonly [K in ThresholdKey]: K extends ComputedKey ? number | null : number }

/** Thresholds with their own variable; an absent one keeps its default. */
export type ThresholdSettings = {
  readonly dqWarn?: number
  readonly dqError?: number
  readonly memoryLevel1Mb?: number
  readonly memoryLevel2Mb?: number
  readonly memoryLevel3Mb?: number
  readonly providerLatWarnMs?: number
  readonly providerLatErrMs?: number
  readonly backoffBadgeMs?: number
  /** `G6_SUMMARY_THRESH_OVERRIDES` by dotted key; overrides the others. */
  readonly overrides?: Readonly<Record<string, number>>
}

export type ThresholdsResult =
  | { readonly ok: true; readonly thresholds: Thresholds }
  /** Messages: each names the key, its value and what is allowed. */
  | { readonly ok: false; readonly errors: readonly string[] }

const KEYS: readonly string[] = Object.keys(THRESHOLD_DEFAULTS)
/** Other spellings of a key: the variables use ERR for error. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['provider.latency.err_ms', 'provider.latency.error_ms'],
])

/** In each row the first must not exceed the second. */
const ORDERED: readonly (readonly [ThresholdKey, ThresholdKey])[] = [
  ['dq.error', 'dq.warn'],
  ['success.error', 'success.warn'],
  ['cpu.warn', 'cpu.error'],
  ['memory.level1_mb', 'memory.level2_mb'],
  ['memory.level2_mb', 'memory.level3_mb'],
  ['provider.latency.warn_ms', 'provider.latency.error_ms'],
  ['latency.p95.warn_frac', 'latency.p95.error_frac'],
  ['stream.stale.warn_sec', 'stream.stale.error_sec'],
]

function isKey(key: string): key is ThresholdKey {
  return KEYS.includes(key)
}

function named(settings: ThresholdSettings): readonly (readonly [ThresholdKey, number])[] {
  const given: readonly (readonly [ThresholdKey, number | undefined])[] = [
    ['dq.warn', settings.dqWarn],
    ['dq.error', settings.dqError],
    ['memory.level1_mb', settings.memoryLevel1Mb],
    ['memory.level2_mb', settings.memoryLevel2Mb],
    ['memory.level3_mb', settings.memoryLevel3Mb],
    ['provider.latency.warn_ms', settings.providerLatWarnMs],
    ['provider.latency.error_ms', settings.providerLatErrMs],
    ['backoff.badge_ms', settings.backoffBadgeMs],
  ]
  return given.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
}

/** The thresholds of these settings, or all errors in them. */
export function thresholdsFrom(settings: ThresholdSettings = {}): ThresholdsResult {
  const errors: string[] = []
  const thresholds: Record<ThresholdKey, number | null> = { ...THRESHOLD_DEFAULTS }
  for (const [given, value] of [...named(settings), ...Object.entries(settings.overrides ?? {})]) {
    const key = ALIASES.get(given) ?? given
    if (!isKey(key)) errors.push(`unknown threshold "${given}"; known are ${KEYS.join(', ')}`)
    else if (!Number.isFinite(value) || value < 0) {
      errors.push(`threshold "${given}" is ${value}; allowed is a number from 0 up`)
    } else thresholds[key] = value
  }
  for (const [low, high] of ORDERED) {
    const [a, b] = [thresholds[low], thresholds[high]]
    if (a !== null && b !== null && a > b) {
      errors.push(`threshold "${low}" (${a}) is above "${high}" (${b}); allowed is at most as much`)
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, thresholds: thresholds as Thresholds }
}

export const DEFAULT_THRESHOLDS: Thresholds = THRESHOLD_DEFAULTS

/** The age at which data is stale, seconds. Without an interval: 60 and 180, the minimum. */
export function staleAfter(
  thresholds: Thresholds,
  intervalSec: number | null,
): { readonly warnSec: number; readonly errorSec: number } {
  const interval = intervalSec ?? 0
  return {
    warnSec: thresholds['stream.stale.warn_sec'] ?? Math.max(60, 1.5 * interval),
    errorSec: thresholds['stream.stale.error_sec'] ?? Math.max(180, 3 * interval),
  }
}
