// The metrics room cannot import the words of the rooms above it, so this test compares them.
import { describe, expect, test } from 'vitest'
import type { DisconnectReason } from '../src/connection/connections.js'
import { STATUS_STATES } from '../src/engine/cycle.js'
import { DECLARED } from '../src/metrics/declared.js'
import { RESYNC_REASONS, SUMMARY_EVENTS } from '../src/protocol/events.js'

describe('label values are the words of the rooms they come from', () => {
  test('events of the summary stream', () => {
    expect(DECLARED.g6_sse_events_total.labels.type).toEqual(Object.keys(SUMMARY_EVENTS))
    expect(DECLARED.g6_sse_event_size_bytes.labels.type).toEqual(Object.keys(SUMMARY_EVENTS))
  })

  test('states of the status', () => {
    expect(DECLARED.g6_status_state.labels.state).toEqual(STATUS_STATES)
  })

  test('results of a resume', () => {
    expect(DECLARED.g6_sse_resumed_total.labels.result).toEqual(['resumed', ...RESYNC_REASONS])
  })

  test('reasons of a disconnect', () => {
    const every: Record<DisconnectReason, true> = {
      client: true,
      shutdown: true,
      stalled: true,
      shed: true,
      auth_expired: true,
      max_age: true,
      error: true,
    }
    expect(DECLARED.g6_sse_http_disconnects_total.labels.reason).toEqual(Object.keys(every))
  })
})
