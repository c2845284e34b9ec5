import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IngestStats } from '../ingest/enrichment.js'
import type { FollowUp } from '../ingest/followups.js'
import { heartbeat, heartbeatLimits } from '../ingest/heartbeat.js'
import { parseStatusEvent } from '../ingest/parse.js'
import { EMPTY_STATE, type PanelState, reduce, rejoined } from '../ingest/store.js'
import { ingestViews } from '../ingest/view.js'
import {
  recordedStreams,
  StreamRecorder,
  type StreamThen,
  statsThen,
  streamsAfter,
} from './recorded-streams.js'

const START_MS = 1_700_000_000_000

function statsOf(state: PanelState, nowMs: number, more: Partial<IngestStats> = {}): IngestStats {
  const beat = heartbeat(state, nowMs, heartbeatLimits(5))
  return { source: 's', connection: 'live', error: null, state, heartbeat: beat, ...more }
}

/** As it is read from a file. */
const reread = (recorded: unknown) =>
  recorded === undefined ? undefined : recordedStreams.parse(JSON.parse(JSON.stringify(recorded)))

const text = fc.string({ maxLength: 12 })
const event = fc.oneof(
  fc.record({
    type: fc.constant('severity_state'),
    payload: fc.record({
      alert_type: fc.constantFrom('a', 'b', 'c', 'd'),
      active: fc.oneof(text, fc.boolean()),
      counts: fc.record({ info: fc.nat(9), warn: fc.nat(9), critical: fc.nat(9) }),
    }),
  }),
  fc.record({
    type: fc.constant('followup_alert'),
    payload: fc.record({ type: text, severity: text, message: text, ts: fc.oneof(fc.nat(9), text) }),
  }),
  fc.record({ type: fc.constant('panel_full'), payload: fc.constant({ status: { n: 1 } }) }),
  fc.record({ type: fc.constant('panel_diff'), payload: fc.constantFrom({ diff: { n: 2 } }, { diff: 1 }) }),
  fc.constant(null),
)

test('after any events, what a recording gives is what the streams gave; of what did not change there is nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.boolean(), fc.nat(40)), { maxLength: 80 }), steps => {
      const recorder = new StreamRecorder(followUp => followUp)
      let [state, nowMs, then] = [EMPTY_STATE, START_MS, null as readonly StreamThen[] | null]
      const other = statsOf(EMPTY_STATE, nowMs, { source: 'other', instead: 'file.json' })
      for (const [given, isRecorded, seconds] of steps) {
        nowMs += seconds * 1_000
        // No event: a new connection, which forgets the severities of a producer without `stream_id`.
        if (given === null) state = rejoined(state)
        else
          state = reduce(
            state,
            parseStatusEvent(given.type, JSON.stringify({ payload: given.payload })),
            nowMs,
          )
        if (!isRecorded) continue
        const stats = [statsOf(state, nowMs), other]
        then = streamsAfter(then, reread(recorder.next(stats)))
        expect(ingestViews(statsThen(then ?? [], nowMs), [])).toEqual(ingestViews(stats, []))
        // Views are compared by identity, so the same lists must come out again.
        expect(recorder.next(stats)).toBeUndefined()
        expect(streamsAfter(then, undefined)).toBe(then)
      }
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 100) },
  )
})

test('texts and lists are bounded, so that a line of the most streams leaves room for its document', () => {
  const long = '\u0001'.repeat(5_000)
  const numbers = Array.from({ length: 64 }, (_, i) => i)
  const state: PanelState = {
    ...EMPTY_STATE,
    needFull: true,
    needFullReasons: numbers.slice(0, 16).map(n => `${n}${long}`),
    degraded: long,
    severityState: new Map(
      numbers.map(n => [`${n}${long}`, { alert_type: `${n}${long}`, active: long, reasons: [long] }]),
    ),
    followUps: numbers
      .slice(0, 50)
      .map(n => ({ time: long, level: long, component: long, message: `${n}${long}` })),
  }
  const streams = Array.from({ length: 20 }, () => statsOf(state, START_MS, { error: long }))
  const recorded = new StreamRecorder(followUp => followUp).next(streams)
  expect(JSON.stringify(recorded).length).toBeLessThan(16 * 1024 ** 2)
  const then = streamsAfter(null, reread(recorded)) ?? []
  expect(then).toHaveLength(16)
  expect([then[0]?.severityState.size, then[0]?.followUps.length]).toEqual([64, 50])
})

test('of a follow-up only what is not left out is recorded', () => {
  const [open, secret] = ['latency', 'of a person'].map(
    (message): FollowUp => ({ time: 1, level: 'warn', component: 'c', message }),
  )
  if (open === undefined || secret === undefined) throw new Error('there are two')
  const recorder = new StreamRecorder(each => (each === secret ? null : { ...each, component: '' }))
  const at = (followUps: readonly FollowUp[]) => [statsOf({ ...EMPTY_STATE, followUps }, START_MS)]
  const first = recorder.next(at([open]))
  expect(first?.[0]?.followUps).toEqual({ added: [{ ...open, component: '' }], kept: 0 })
  expect(recorder.next(at([secret, open]))?.[0]?.followUps).toEqual({ added: [], kept: 1 })
})
