import { describe, expect, test } from 'vitest'
import { fixture, NOW_MS, resultOf, resultOfStatus } from '../../../../test/terminal/support/scenes.js'
import { makePanel } from '../../../panels/lines.js'
import { DEFAULT_THRESHOLDS } from '../../../panels/thresholds.js'
import type { Status } from '../../../snapshot/reading.js'
import { type CuratedContext, curatedBlocks } from './blocks.js'

function blocks(status: Status, more: Partial<CuratedContext> = {}) {
  return curatedBlocks({
    result: resultOfStatus(status),
    thresholds: DEFAULT_THRESHOLDS,
    timezone: 'Asia/Kolkata',
    nowMs: NOW_MS,
    lastChangeMs: null,
    hideEmpty: false,
    ...more,
  })
}
const lines = (status: Status, key: string, more: Partial<CuratedContext> = {}) =>
  blocks(status, more).find(block => block.key === key)?.lines

describe('a curated block', () => {
  test('of the provider has name, latency and authorisation, with their tones', () => {
    const provider = (auth: object) =>
      lines({ provider: { name: 'kite', latency_ms: 900, auth } }, 'provider')
    expect(provider({ valid: true })).toEqual(['name: kite', 'latency: 900ms !!', 'auth: valid'])
    expect(provider({ valid: false })).toEqual(['name: kite', 'latency: 900ms !!', 'auth: invalid !!'])
    expect(provider({ valid: true, expiry: '2020-01-01T00:00:00Z' })?.[2]).toBe('auth: expired !!')
  })

  test('of data quality counts the indices under each threshold', () => {
    const indices = { A: { dq_score: 90 }, B: { dq_score: 80 }, C: { dq_score: 60 }, D: {} }
    expect(lines({ indices }, 'quality')).toEqual(['scored: 3', 'under 85: 2 !', 'under 70: 1 !!'])
  })

  test('of data quality has no counts without scores', () => {
    expect(lines({ indices: ['A'] }, 'quality')).toEqual(['scored: —', 'under 85: —', 'under 70: —'])
  })

  test('of memory has megabytes and level', () => {
    expect(lines({ memory_mb: 512 }, 'memory')).toEqual(['memory: 512 MB', 'level: 3 !!'])
    expect(lines({}, 'memory')).toEqual(['memory: —', 'level: —'])
  })

  test('of the heartbeat has the age of the status and of the last change', () => {
    expect(lines({}, 'heartbeat', { lastChangeMs: NOW_MS - 200_000 })).toEqual([
      'status: 1 s ago',
      'last change: 3 min ago, 14:00:02',
    ])
  })

  test('that is empty is omitted when empty blocks are hidden, but never header and cycle', () => {
    const status = { app: { version: '1.4.2' }, cycle: 7 }
    expect(blocks(status, { hideEmpty: true }).map(({ key }) => key)).toEqual([
      'header',
      'cycle',
      'heartbeat',
    ])
    expect(blocks(fixture('full'), { hideEmpty: true }).map(({ key }) => key)).toContain('alerts')
  })

  test('is also each panel that only this board has, without blocks that would be empty', () => {
    const own = makePanel('nodes', 'Nodes', [
      { kind: 'fields', items: [{ label: 'count', text: '5', value: 5 }] },
    ])
    const context = {
      result: resultOf([own]),
      thresholds: DEFAULT_THRESHOLDS,
      timezone: 'UTC',
      nowMs: NOW_MS,
      lastChangeMs: null,
      hideEmpty: false,
    }
    expect(curatedBlocks(context).map(({ key }) => key)).toEqual(['heartbeat', 'nodes'])
  })
})
