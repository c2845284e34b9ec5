// Cycle: the collector's loop, its duration and its success rate.
import type { Snapshot } from '../snapshot/snapshot.js'
import { field, fields, numberCell } from './cells.js'
import { always, definePanel } from './definition.js'
import { known } from './facts.js'
import { fixed, plainNumber, withUnit } from './format.js'
import { highIsBad, lowIsBad } from './judge.js'
import { MOMENT, momentCell, nextPassedMs } from './moment.js'
import type { Tone } from './panel.js'
import type { Thresholds } from './thresholds.js'

/** A cycle that takes longer than its interval falls behind. No tone without an interval. */
function p95Tone({ p95Ms, intervalSec }: Snapshot['cycle'], thresholds: Thresholds): Tone | undefined {
  if (p95Ms === null || intervalSec === null || intervalSec <= 0) return undefined
  const fraction = p95Ms / (intervalSec * 1000)
  return highIsBad(fraction, thresholds['latency.p95.warn_frac'], thresholds['latency.p95.error_frac'])
}

export const cycle = definePanel({
  key: 'cycle',
  title: 'Cycle',
  order: 20,
  stability: 'stable',
  reads: ['cycle'],
  fedBy: [
    'cycle',
    'loop',
    'last_cycle',
    'last_cycle_start',
    'last_cycle_duration',
    'interval',
    'elapsed',
    'sleep_sec',
    'success_rate_pct',
    'timestamp',
  ],
  shown: always,
  // A start in the future is marked until then.
  usesNow: true,
  changesAtMs: ({ snapshot, nowMs }) => nextPassedMs([snapshot.cycle.lastStartMs], nowMs),
  build({ snapshot, thresholds, timezone, nowMs }) {
    const { number, lastStartMs, lastDurationSec, successPct, intervalSec, avgMs, p95Ms } = snapshot.cycle
    const success = lowIsBad(successPct, thresholds['success.warn'], thresholds['success.error'])
    const ms = (value: number | null) => withUnit(plainNumber(value), 'ms')
    return [
      fields(
        field('cycle', numberCell(number, plainNumber(number))),
        field('last_start', momentCell(lastStartMs, timezone, nowMs), MOMENT),
        field('last_duration', numberCell(lastDurationSec, withUnit(fixed(lastDurationSec, 3), 's')), {
          unit: 's',
          fact: 'last_duration_sec',
        }),
        field('success_rate', numberCell(successPct, withUnit(fixed(successPct, 2), '%'), success), {
          unit: '%',
          fact: 'success_pct',
        }),
        field('interval', numberCell(intervalSec, withUnit(plainNumber(intervalSec), 's')), { unit: 's' }),
        field('avg', numberCell(avgMs, ms(avgMs)), { unit: 'ms', fact: 'avg_ms' }),
        field('p95', numberCell(p95Ms, ms(p95Ms), p95Tone(snapshot.cycle, thresholds)), {
          unit: 'ms',
          fact: 'p95_ms',
        }),
      ),
    ]
  },
  facts({ snapshot: { cycle: of } }) {
    return known({
      number: of.number,
      last_start_ms: of.lastStartMs,
      last_duration_sec: of.lastDurationSec,
      success_pct: of.successPct,
      interval_sec: of.intervalSec,
      avg_ms: of.avgMs,
      p95_ms: of.p95Ms,
    })
  },
})
