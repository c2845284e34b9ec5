import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ScriptedTransport } from '../../test/support/scripted-transport.js'
import { parseStatusEvent } from '../ingest/parse.js'
import { EMPTY_STATE, type PanelState, reduce } from '../ingest/store.js'
import type { Status } from '../snapshot/reading.js'
import { createSseParser } from '../sse/parse.js'
import { StatusHub, type StatusHubOptions, type StatusJoin } from './status-hub.js'

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => vi.useRealTimers())

const SETTINGS = { eventsSseRetryMs: 5_000, eventsSseHeartbeat: 5, sseStallTimeoutMs: 30_000 }
const big = (n: number): Status => ({ n, filler: 'x'.repeat(500) })

function createHub(more: Partial<StatusHubOptions> = {}): StatusHub {
  return new StatusHub({
    ...more,
    settings: () => SETTINGS,
    clock: { nowMs: () => Date.now(), monotonicMs: () => Date.now() },
  })
}

/** A reader with a state store behind it, like another server. */
function join(
  hub: StatusHub,
  { stalled = false, ...more }: Partial<StatusJoin> & { stalled?: boolean } = {},
) {
  const reader = {
    state: EMPTY_STATE as PanelState,
    types: [] as string[],
    comments: 0,
    retryMs: 0,
    transport,
  }
  const parser = createSseParser({
    onEvent: ({ event, data }) => {
      reader.types.push(event)
      reader.state = reduce(reader.state, parseStatusEvent(event, data), Date.now())
    },
    onComment: () => reader.comments++,
    onRetry: ms => {
      reader.retryMs = ms
    },
  })
  reader.transport = new ScriptedTransport(bytes => parser.push(bytes))
  if (stalled) reader.transport.stall()
  hub.join({
    transport: reader.transport,
    wire: { encoding: 'plain', framing: 'raw' },
    types: null,
    lastId: null,
    backlog: 0,
    forceFull: false,
    owner: null,
    ...more,
  })
  return reader
}
const transport = new ScriptedTransport(() => {})

/** A hub with a reader, so that each status becomes an event. */
function createReadHub(): StatusHub {
  const hub = createHub()
  join(hub)
  return hub
}

describe('a reader', () => {
  test('gets retry at once, and the status when there is one', () => {
    const hub = createHub()
    const reader = join(hub)
    vi.advanceTimersByTime(5_000)
    expect(reader).toMatchObject({ retryMs: 5_000, comments: 1, types: [] })
    hub.publishStatus(big(1))
    hub.publishStatus(big(1))
    hub.publishStatus(big(2))
    expect(reader.types).toEqual(['panel_full', 'panel_diff'])
    expect(reader.transport.writes.slice(0, 3).join('')).toMatch(
      /^retry: 5000\n: ka\nid: \d+\nevent: panel_full\n/,
    )
    expect(reader.state).toMatchObject({ baseline: big(2), generation: 1, needFull: false })
    hub.close()
    expect(reader.transport.ended).toBe(true)
  })

  test('gets a new generation when a difference would be no smaller, or cannot be expressed', () => {
    const hub = createHub()
    const reader = join(hub)
    for (const status of [{ a: 1 }, { bcdef: 2 }, { ...big(1), a: 1 }, { a: 1, ...big(1) }])
      hub.publishStatus(status)
    expect(reader.types).toEqual(['panel_full', 'panel_full', 'panel_full', 'panel_full'])
    expect(hub.stats()).toMatchObject({ generation: 4, by_type: { panel_full: 4 } })
    hub.close()
  })

  test('that stalls costs nothing and gets what it lacks when it drains', () => {
    const hub = createHub()
    hub.publishStatus(big(0))
    const reader = join(hub)
    reader.transport.stall()
    for (let n = 1; n <= 100; n++) hub.publishStatus(big(n))
    expect(reader.transport.held).toHaveLength(1)
    reader.transport.drain()
    expect(reader.state).toMatchObject({ baseline: big(100), panelDiffApplied: 100, panelFull: 1 })
    hub.close()
  })

  test('that was away longer than the history gets the whole status afresh', () => {
    const hub = createHub()
    hub.publishStatus(big(0))
    const reader = join(hub)
    reader.transport.stall()
    for (let n = 1; n <= 3_000; n++) hub.publishStatus(big(n))
    reader.transport.drain()
    expect(reader.state).toMatchObject({ baseline: big(3_000), panelFull: 2, needFull: false })
    hub.publishStatus(big(3_001))
    expect(reader.state).toMatchObject({ baseline: big(3_001), panelDiffDropped: 0 })
    expect(hub.stats().history).toMatchObject({ events: 2_048 })
    hub.close()
  })

  test('that asks for the past gets it as fast as it takes it, in the bytes that all readers get', () => {
    const hub = createReadHub()
    for (let n = 0; n <= 1_000; n++) hub.publishStatus(big(n))
    const readers = [join(hub, { backlog: 2_048 }), join(hub, { backlog: 2_048 })]
    const [first] = readers
    if (first === undefined) throw new Error('no reader')
    expect(first.state).toMatchObject({ baseline: big(1_000), panelDiffApplied: 1_000, needFull: false })
    const [ours = [], others = []] = readers.map(({ transport }) => transport.writes.slice(1))
    expect(ours).toHaveLength(1_001)
    expect(others.every((bytes, i) => bytes === ours[i])).toBe(true)
    hub.close()
  })

  test('that takes nothing of the past holds one event of it, and gets the rest in order when it drains', () => {
    const hub = createReadHub()
    for (let n = 0; n <= 1_000; n++) hub.publishStatus(big(n))
    const reader = join(hub, { backlog: 500, stalled: true })
    expect(reader.transport.held).toHaveLength(1)
    hub.publishStatus(big(1_001))
    reader.transport.drain()
    expect(reader.state).toMatchObject({ baseline: big(1_001), needFull: false })
    expect(reader.types.filter(type => type === 'panel_full')).toHaveLength(1)
    hub.close()
  })

  test('that gets megabytes lets the others have their turn', () => {
    const hub = createReadHub()
    for (let n = 0; n <= 200; n++)
      hub.publishStatus({ n: `${n}`.repeat(10_000), filler: 'x'.repeat(100_000) })
    const reader = join(hub, { backlog: 2_048 })
    const bytesSoFar = (): number => reader.transport.writes.reduce((sum, { length }) => sum + length, 0)
    expect(bytesSoFar()).toBeLessThan(400_000)
    vi.runAllTicks()
    vi.advanceTimersByTime(1_000)
    expect(bytesSoFar()).toBeGreaterThan(3_000_000)
    expect(reader.state).toMatchObject({ baseline: { n: '200'.repeat(10_000) }, needFull: false })
    hub.close()
  })

  test('that takes no byte for the stall timeout is closed; one that sips stays', () => {
    const hub = createHub()
    hub.publishStatus(big(0))
    const [dead, slow] = [join(hub), join(hub)]
    for (const { transport } of [dead, slow]) transport.stall()
    hub.publishStatus(big(1))
    for (let second = 0; second < 40; second++) {
      slow.transport.sip()
      vi.advanceTimersByTime(1_000)
    }
    expect(dead.transport.closed).toBe(true)
    expect(slow.transport.closed).toBe(false)
    expect(hub.stats().clients).toBe(1)
    hub.close()
  })

  test('has each published event sent or replaced by a whole status, and both are counted, with the bytes', () => {
    const hub = createHub()
    hub.publishStatus(big(0))
    const [slow, fast] = [join(hub), join(hub, { types: new Set(['panel_diff']) })]
    slow.transport.stall()
    for (let n = 1; n <= 3_000; n++) hub.publishStatus(big(n))
    expect(hub.stats()).toMatchObject({ behind: 1, events_sent: 1 + 1 + 3_000, events_merged: 0 })
    slow.transport.drain()
    expect(slow.types).toEqual(['panel_full', 'panel_diff', 'panel_full'])
    // Of 3 000, one was sent when the connection stalled, and one whole status replaces the others.
    expect(hub.stats()).toMatchObject({ behind: 0, events_sent: 3_003, events_merged: 2_998 })
    const written = [slow, fast].flatMap(({ transport }) => transport.writes)
    expect(hub.stats().bytes_sent).toBe(written.reduce((sum, { length }) => sum + length, 0))
    expect(hub.stats().forced_full_last).toEqual({ gap_exceeded: 1_000 })
    slow.transport.stall()
    for (let n = 1; n <= 4; n++) hub.publishStatus(big(n))
    slow.transport.cut()
    expect(hub.stats()).toMatchObject({ events_sent: 3_008, events_merged: 3_001 })
    hub.close()
  })

  test('that gets the whole status out of turn is recorded with the reason and the time', () => {
    const hub = createReadHub()
    for (let n = 0; n < 3_000; n++) hub.publishStatus(big(n))
    const { last_id: last, oldest_id: oldest } = hub.stats()
    join(hub)
    join(hub, { lastId: last })
    expect(hub.stats().forced_full_last).toEqual({})
    join(hub, { lastId: oldest - 2 })
    vi.advanceTimersByTime(1_000)
    join(hub, { lastId: 17 })
    vi.advanceTimersByTime(1_000)
    join(hub, { lastId: last, forceFull: true })
    expect(hub.stats().forced_full_last).toEqual({
      gap_exceeded: 1_000,
      missing_baseline: 1_001,
      force_full: 1_002,
    })
    expect(hub.stats()).toMatchObject({ backlog: 2_048, highwater: 2_048, max_events: 2_048, coalesced: {} })
    hub.close()
  })

  test('gets a comment at least every 5 s of silence', () => {
    const hub = createHub()
    const reader = join(hub)
    vi.advanceTimersByTime(5_000)
    expect(reader.comments).toBe(1)
    vi.advanceTimersByTime(15_000)
    expect(reader.comments).toBeGreaterThanOrEqual(4)
    hub.close()
  })

  test('is reported once when it joins and once when it leaves, with the reason and the seconds in between', () => {
    const seen: unknown[] = []
    const observer = {
      onJoin: () => seen.push('join'),
      onLeave: (reason: string, sec: number) => seen.push([reason, sec]),
    }
    const hub = createHub({ observer })
    const [gone, out, dead] = [join(hub), join(hub, { owner: 'old' }), join(hub)]
    join(hub)
    expect(seen.splice(0)).toEqual(['join', 'join', 'join', 'join'])
    dead.transport.stall()
    hub.publishStatus(big(0))
    vi.advanceTimersByTime(2_000)
    gone.transport.destroy()
    hub.dismiss(owner => owner === 'old')
    out.transport.destroy()
    expect(seen.splice(0)).toEqual([
      ['client', 2],
      ['auth_expired', 2],
    ])
    vi.advanceTimersByTime(28_000)
    hub.close()
    expect(seen).toEqual([
      ['stalled', 30],
      ['shutdown', 30],
    ])
  })

  test('is ended when its credential is no longer valid', () => {
    const hub = createHub()
    const [out, stays] = [join(hub, { owner: 'old' }), join(hub, { owner: 'new' })]
    hub.dismiss(owner => owner === 'old')
    expect([out.transport.ended, stays.transport.ended]).toEqual([true, false])
    hub.close()
  })
})

describe('while nobody reads statuses', () => {
  const huge = (n: number): Status => ({ n, filler: 'x'.repeat(300_000) })

  /** A status that counts how often it is compared or encoded. */
  function watched(n: number) {
    const seen = { reads: 0 }
    const status = new Proxy<Record<string, unknown>>(huge(n), {
      ownKeys: target => {
        seen.reads++
        return Reflect.ownKeys(target)
      },
    })
    return { status, seen }
  }

  test('large ones are neither compared nor encoded, and readers of other events do not count', () => {
    const hub = createHub()
    const other = join(hub, { types: new Set(['severity_counts']) })
    hub.publishStatus(huge(0))
    const statuses = [1, 2, 3].map(watched)
    for (const { status } of statuses) hub.publishStatus(status)
    expect(statuses.map(({ seen }) => seen.reads)).toEqual([0, 0, 0])
    const reader = join(hub)
    expect(reader.state).toMatchObject({ baseline: huge(3), generation: 1, needFull: false })
    expect(statuses.map(({ seen }) => seen.reads > 0)).toEqual([false, false, true])
    expect(other.types).toEqual([])
    hub.close()
  })

  test('a reader that comes back gets all changes as one difference, and nothing where there is none', () => {
    const hub = createHub()
    hub.publishStatus(huge(0))
    const first = join(hub)
    hub.publishStatus(huge(1))
    const lastId = first.state.lastId
    first.transport.cut()
    const idle = join(hub, { lastId })
    expect(idle.types).toEqual([])
    idle.transport.cut()
    for (let n = 2; n <= 9; n++) hub.publishStatus(huge(n))
    const back = join(hub, { lastId })
    expect(back.types).toEqual(['panel_diff'])
    expect(back.transport.writes.join('')).toContain('"diff":{"n":9}')
    hub.publishStatus(huge(10))
    expect(back.types).toEqual(['panel_diff', 'panel_diff'])
    // Equal to what was published before it left: no event.
    back.transport.cut()
    hub.publishStatus(huge(11))
    hub.publishStatus(huge(10))
    expect(join(hub, { lastId: hub.stats().last_id }).types).toEqual([])
    hub.close()
  })
})

test('small statuses become events while nobody reads them, so that a later reader finds its past', () => {
  const hub = createHub()
  for (let n = 0; n <= 5; n++) hub.publishStatus(big(n))
  expect(hub.stats()).toMatchObject({ events_total: 6, generation: 1 })
  expect(join(hub, { lastId: hub.stats().last_id - 2 }).types).toEqual(['panel_diff', 'panel_diff'])
  hub.close()
})

describe('a large status', () => {
  const large = (serial: number, n: number, patch: object | null, from = serial - 1) => {
    const bytes = (value: object) => new TextEncoder().encode(JSON.stringify(value))
    return {
      // What other outputs get is only its beginning.
      status: { cut: serial },
      large: {
        serial,
        json: bytes(big(n)),
        patch: patch === null ? null : { from, json: bytes(patch) },
      },
    }
  }

  test('is sent from its text; a difference only after the status that it was made from', () => {
    const hub = createHub()
    const publish = ({ status, large: of }: ReturnType<typeof large>) => hub.publishStatus(status, of)
    publish(large(1, 1, null))
    const reader = join(hub)
    expect(reader.state.baseline).toEqual(big(1))
    publish(large(2, 2, { n: 2 }))
    publish(large(3, 2, {}))
    publish(large(4, 4, { n: 4 }))
    expect(reader.types).toEqual(['panel_full', 'panel_diff', 'panel_diff'])
    // The one in between was never published.
    publish(large(6, 6, { n: 6 }))
    hub.publishStatus(big(7))
    publish(large(7, 8, { n: 8 }, 6))
    expect(reader.types.slice(3)).toEqual(['panel_full', 'panel_full', 'panel_full'])
    expect(reader.state).toMatchObject({ baseline: big(8), panelDiffDropped: 0, needFull: false })
    hub.close()
  })
})

test('ids of a later run are never mistaken for those of an earlier one', () => {
  const one = createHub()
  for (let n = 0; n < 500; n++) one.publishStatus(big(n))
  const { last_id: lastId, stream_id: streamId } = one.stats()
  one.close()
  vi.advanceTimersByTime(1_000)
  const two = createHub()
  for (let n = 0; n < 10; n++) two.publishStatus(big(n))
  expect(two.stats().stream_id).not.toBe(streamId)
  expect(join(two, { lastId }).types).toEqual(['panel_full'])
  two.close()
})
