import { describe, expect, test } from 'vitest'
import { MAX_DEPTH } from './json.js'
import { parseStatusEvent } from './parse.js'

const parsed = (name: string, payload: unknown) => parseStatusEvent(name, JSON.stringify({ payload }))

/** An object with this many levels, including itself. */
function nested(levels: number): unknown {
  return levels === 1 ? {} : { a: nested(levels - 1) }
}

describe('an event', () => {
  test('has the type in its data, else its name', () => {
    const counts = { info: 1, warn: 0, critical: 0 }
    const data = (type?: string) =>
      JSON.stringify({ id: 3, generation: 2, stream_id: 's', type, payload: { counts } })
    const place = { id: 3, generation: 2, streamId: 's' }
    expect(parseStatusEvent('severity_counts', data())).toEqual({ type: 'severity_counts', place, counts })
    expect(parseStatusEvent('x', data('severity_counts'))).toEqual({ type: 'severity_counts', place, counts })
    expect(parseStatusEvent('weather', data())).toEqual({ type: 'other', name: 'weather', place })
  })

  test('is read when some of its numbers are no JSON, with their paths in the status', () => {
    const full = '{"payload": {"status": {"indices": {"NIFTY": {"ltp": 1, "change": NaN}}}}}'
    expect(parseStatusEvent('panel_full', full)).toMatchObject({
      type: 'panel_full',
      status: { indices: { NIFTY: { ltp: 1, change: null } } },
      warnings: [{ kind: 'not_finite', path: 'indices.NIFTY.change', what: 'NaN', count: 1 }],
    })
    const diff = '{"payload": {"diff": {"pcr": -Infinity, "cycle": 9007199254740993}}}'
    expect(parseStatusEvent('panel_diff', diff)).toMatchObject({
      type: 'panel_diff',
      diff: { pcr: null },
      warnings: [{ path: 'payload.diff.pcr' }, { kind: 'inexact', path: 'payload.diff.cycle' }],
    })
    expect(parsed('panel_full', { status: {} })).not.toHaveProperty('warnings')
  })

  test.each([
    ['{', 'not_json', 'not JSON: it ends in the middle of a value'],
    ['[]', 'malformed', 'not an object'],
    ['{"payload":{}}', 'malformed', 'no status'],
    ['{"payload":{"status":[]}}', 'malformed', 'no status'],
    ['{"type":"panel_diff","payload":{}}', 'malformed', 'no diff'],
    ['{"type":"severity_state","payload":{}}', 'malformed', 'no alert_type'],
    ['{"type":"severity_counts","payload":{}}', 'malformed', 'no counts'],
    ['{"type":"followup_alert","payload":7}', 'malformed', 'not an object'],
  ])('%s is a bad one: %s, %s', (data, fault, why) => {
    expect(parseStatusEvent('panel_full', data)).toMatchObject({ type: 'bad', fault, why })
  })

  test('may be as deep as a status may be, and no deeper', () => {
    expect(parsed('panel_full', { status: nested(MAX_DEPTH) })).toMatchObject({ type: 'panel_full' })
    const deeper = parsed('panel_full', { status: nested(MAX_DEPTH + 1) })
    expect(deeper).toMatchObject({ type: 'bad', why: 'deeper than 64' })
  })

  test('has a limited length, except a status and a difference', () => {
    const ofLength = (name: string, payload: (text: string) => unknown, chars: number) => {
      const empty = JSON.stringify({ payload: payload('') }).length
      return parsed(name, payload('x'.repeat(chars - empty)))
    }
    const alert = (message: string) => ({ message })
    expect(ofLength('followup_alert', alert, 65_536)).toMatchObject({ type: 'followup_alert' })
    expect(ofLength('followup_alert', alert, 65_537)).toMatchObject({
      type: 'bad',
      why: 'longer than 65536 characters',
    })
    const status = (text: string) => ({ status: { text } })
    expect(ofLength('panel_full', status, 65_537)).toMatchObject({ type: 'panel_full', sizeBytes: 65_537 })
    const diff = (text: string) => ({ diff: { text } })
    expect(ofLength('panel_diff', diff, 65_537)).toMatchObject({ type: 'panel_diff', truncated: false })
  })
})
