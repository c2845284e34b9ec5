// The hub with a clock that tests control, and readers that record what they get. A test file calls `underHandClock`
// once; every hub it makes is closed after each test, and none may leave a timer.
import { afterEach, beforeEach, expect, vi } from 'vitest'
import type { Board } from '../../src/board/board.js'
import { Hub, type HubOptions } from '../../src/hub/hub.js'
import type { HubSettings, JoinRequest } from '../../src/hub/hub-types.js'
import { ScriptedTransport } from './scripted-transport.js'
import { StreamReader } from './stream-reader.js'

export const HUB_SETTINGS: HubSettings = {
  sseHeartbeatCycles: 3,
  sseForceFullEveryN: 0,
  sseStructMaxChanges: 40,
  sseEventsPerSec: 100,
  sseMaxEventBytes: 65_536,
  sseStallTimeoutMs: 30_000,
  sseReconnectSpreadMs: 5_000,
  sseRetryMs: 2_000,
  summaryRefreshSec: 1,
}

const hubs: Hub[] = []

export function createHub(settings: Partial<HubSettings> = {}, options: Partial<HubOptions> = {}): Hub {
  const clock = { nowMs: () => Date.now(), monotonicMs: () => Date.now() }
  const all = { ...HUB_SETTINGS, ...settings }
  const hub = new Hub({ settings: () => all, version: '9.9.9', clock, random: () => 0.5, ...options })
  hubs.push(hub)
  return hub
}

export function join(hub: Hub, request: Partial<JoinRequest> = {}) {
  const wire = request.wire ?? { encoding: 'plain', framing: 'chunked' }
  const reader = new StreamReader(wire)
  const transport = new ScriptedTransport(bytes => reader.feed(bytes))
  hub.join({
    transport,
    wire,
    mode: 'lines',
    view: 'lines',
    subset: null,
    lastEventId: null,
    owner: null,
    ...request,
  })
  return { reader, transport }
}

export const names = (reader: StreamReader) => reader.events.map(({ event }) => event)

export function publish(hub: Hub, board: Board): void {
  hub.publishNow(board, 0.75)
}

/** For the top of a test file. */
export function underHandClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  })
  afterEach(async () => {
    const closing = Promise.all(hubs.splice(0).map(hub => hub.close(0)))
    await vi.advanceTimersByTimeAsync(1)
    await closing
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })
}
