import { describe, expect, test } from 'vitest'
import { DEFAULT_THRESHOLDS, staleAfter, type ThresholdSettings, thresholdsFrom } from './thresholds.js'

function good(settings: ThresholdSettings) {
  const result = thresholdsFrom(settings)
  if (!result.ok) throw new Error(result.errors.join('\n'))
  return result.thresholds
}

function errorsOf(overrides: Readonly<Record<string, number>>): readonly string[] {
  const result = thresholdsFrom({ overrides })
  return result.ok ? [] : result.errors
}

describe('thresholds', () => {
  test('have the documented defaults', () => {
    expect(good({})).toEqual(DEFAULT_THRESHOLDS)
    expect(DEFAULT_THRESHOLDS).toEqual({
      'dq.warn': 85,
      'dq.error': 70,
      'success.warn': 95,
      'success.error': 85,
      'cpu.warn': 70,
      'cpu.error': 90,
      'memory.level1_mb': 200,
      'memory.level2_mb': 300,
      'memory.level3_mb': 500,
      'prices.unchanged_sec': 600,
      'provider.latency.warn_ms': 400,
      'provider.latency.error_ms': 800,
      'latency.p95.warn_frac': 1.1,
      'latency.p95.error_frac': 1.4,
      'stream.stale.warn_sec': null,
      'stream.stale.error_sec': null,
      'backoff.badge_ms': 120_000,
    })
  })

  test('are set by the settings of their own', () => {
    const set = good({
      dqWarn: 80,
      dqError: 60,
      memoryLevel1Mb: 1,
      memoryLevel2Mb: 2,
      memoryLevel3Mb: 3,
      providerLatWarnMs: 4,
      providerLatErrMs: 5,
      backoffBadgeMs: 6,
    })
    expect(set).toMatchObject({
      'dq.warn': 80,
      'dq.error': 60,
      'memory.level1_mb': 1,
      'memory.level2_mb': 2,
      'memory.level3_mb': 3,
      'provider.latency.warn_ms': 4,
      'provider.latency.error_ms': 5,
      'backoff.badge_ms': 6,
    })
  })

  test('are overridden by dotted keys', () => {
    const set = good({
      overrides: { 'dq.warn': 80, 'cpu.error': 95, 'stream.stale.warn_sec': 5, 'latency.p95.warn_frac': 0 },
    })
    expect(set).toMatchObject({
      'dq.warn': 80,
      'cpu.error': 95,
      'stream.stale.warn_sec': 5,
      'latency.p95.warn_frac': 0,
    })
  })

  test('of the overrides win over the settings of their own', () => {
    expect(good({ dqWarn: 90, overrides: { 'dq.warn': 80 } })['dq.warn']).toBe(80)
  })

  test('understand the spelling of the variable for the provider error', () => {
    expect(good({ overrides: { 'provider.latency.err_ms': 900 } })['provider.latency.error_ms']).toBe(900)
  })
})

describe('a bad override', () => {
  test('is named, with what is known', () => {
    const [error] = errorsOf({ 'dq.warning': 80 })
    expect(error).toContain('"dq.warning"')
    expect(error).toContain('dq.warn,')
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
    'is one that is not a number from 0 up: %d',
    value => {
      expect(errorsOf({ 'dq.warn': value })).toEqual([
        `threshold "dq.warn" is ${value}; allowed is a number from 0 up`,
      ])
    },
  )

  test('is one that puts warn and error in the wrong order', () => {
    const pairs = [
      ...[{ 'dq.warn': 60 }, { 'success.error': 96 }, { 'cpu.warn': 91 }, { 'memory.level1_mb': 301 }],
      ...[{ 'memory.level3_mb': 299 }, { 'provider.latency.warn_ms': 801 }, { 'latency.p95.error_frac': 1 }],
      { 'stream.stale.warn_sec': 2, 'stream.stale.error_sec': 1 },
    ]
    for (const pair of pairs) expect(errorsOf(pair)).toEqual([expect.stringContaining('is above')])
    expect(errorsOf({ 'cpu.warn': 90 })).toEqual([])
  })

  test('is reported together with all others', () => {
    expect(errorsOf({ a: 1, 'dq.warn': -1, 'dq.error': Number.NaN })).toHaveLength(3)
  })

  test('of a setting of its own is named as well', () => {
    const result = thresholdsFrom({ dqWarn: Number.NaN })
    expect(result.ok ? [] : result.errors).toEqual([expect.stringContaining('"dq.warn"')])
  })
})

describe('data is stale', () => {
  test.each([
    [null, 60, 180],
    [0, 60, 180],
    [40, 60, 180],
    [60, 90, 180],
    [100, 150, 300],
  ])('with an interval of %s s after %i and %i s', (interval, warnSec, errorSec) => {
    expect(staleAfter(DEFAULT_THRESHOLDS, interval)).toEqual({ warnSec, errorSec })
  })

  test('when the overrides say so, whatever the interval', () => {
    const set = good({ overrides: { 'stream.stale.warn_sec': 5, 'stream.stale.error_sec': 7 } })
    expect(staleAfter(set, 100)).toEqual({ warnSec: 5, errorSec: 7 })
  })
})
