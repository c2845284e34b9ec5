// What the hub counts: each published event once, and for each reader the events sent and merged.
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, names, publish, underHandClock } from '../../test/support/hub-rig.js'
import type { Board } from '../board/board.js'
import type { Hub } from './hub.js'
import type { HubSettings, JoinRequest } from './hub-types.js'

underHandClock()

const updates = (hub: Hub): number => hub.stats().byType.panel_update ?? 0

describe('a reader that is short of event tokens', () => {
  test('has got or had merged each published update, and no attempt without a token counts as published', () => {
    const hub = createHub({ sseEventsPerSec: 1 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const { reader } = join(hub)
    for (let i = 1; i <= 100; i++) {
      publish(hub, next(textPanel('a', String(i))))
      vi.advanceTimersByTime(50)
    }
    vi.advanceTimersByTime(2_000)
    const got = names(reader).filter(name => name === 'panel_update').length
    expect(got).toBeLessThan(10)
    expect(reader.panels.get('a')?.lines).toEqual(['100'])
    expect(updates(hub)).toBe(100)
    expect(hub.stats()).toMatchObject({ eventsTotal: 102, eventsSent: 2 + got, eventsMerged: 100 - got })
  })

  test('costs no encoding while nothing can be sent to it', () => {
    const onPanelCut = vi.fn()
    const hub = createHub({ sseEventsPerSec: 1, sseMaxEventBytes: 500 }, { observer: { onPanelCut } })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    join(hub)
    for (let i = 1; i <= 50; i++) publish(hub, next(textPanel('a', 'x'.repeat(400), String(i))))
    // One for each step, none for catch-ups that could not be sent.
    expect(onPanelCut).toHaveBeenCalledTimes(50)
  })
})

describe('what a reader missed', () => {
  test('counts as merged when a forced full snapshot covers it', () => {
    const hub = createHub({ sseEventsPerSec: 1, sseForceFullEveryN: 7 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const { reader } = join(hub)
    for (let i = 1; i <= 5; i++) publish(hub, next(textPanel('a', String(i))))
    // There is a token again, but the snapshot comes before the next try.
    vi.setSystemTime(Date.now() + 1_500)
    publish(hub, next(textPanel('a', '6')))
    expect(names(reader).slice(2)).toEqual(['panel_update', 'panel_update', 'full_snapshot'])
    expect(hub.stats()).toMatchObject({ eventsTotal: 8, eventsSent: 5, eventsMerged: 3 })
  })

  test('counts as merged when the snapshot of a new epoch covers it', () => {
    const hub = createHub()
    const next = boardMaker('e1')
    publish(hub, next(textPanel('a', '0')))
    const { transport } = join(hub)
    transport.stall()
    for (let i = 1; i <= 4; i++) publish(hub, next(textPanel('a', String(i))))
    publish(hub, boardMaker('e2')(textPanel('a', '0')))
    transport.drain()
    expect(hub.stats().eventsMerged).toBe(3)
  })

  test('counts when it was a heartbeat, once', () => {
    const hub = createHub({ sseHeartbeatCycles: 1 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const { reader, transport } = join(hub)
    transport.stall()
    for (let i = 0; i < 4; i++) publish(hub, next(textPanel('a', '0')))
    transport.drain()
    expect(hub.stats().eventsMerged).toBe(3)
    publish(hub, next(textPanel('a', '1')))
    expect(names(reader).slice(2)).toEqual(['heartbeat', 'panel_update'])
    expect(hub.stats().eventsMerged).toBe(3)
  })

  test('is counted as sent, with its bytes, when it goes out with the goodbye of a shutdown', async () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const { reader, transport } = join(hub)
    let bytes = 0
    const end = transport.end.bind(transport)
    transport.end = last => {
      bytes += last.length
      end(last)
    }
    transport.stall()
    for (let i = 1; i <= 4; i++) publish(hub, next(textPanel('a', String(i))))
    const closed = hub.close(0)
    transport.drain()
    await vi.advanceTimersByTimeAsync(1)
    await closed
    bytes += transport.writes.reduce((sum, { length }) => sum + length, 0)
    expect(names(reader).slice(2)).toEqual(['panel_update', 'panel_update', 'bye'])
    expect(hub.stats()).toMatchObject({ eventsSent: 5, eventsMerged: 2, bytesSent: bytes })
  })
})

test('a reader that leaves while it is behind has had its events sent or merged, all of them', () => {
  const hub = createHub({ sseStallTimeoutMs: 10_000 })
  const next = boardMaker()
  publish(hub, next(textPanel('a', '0')))
  const [cut, dead] = [join(hub), join(hub)]
  cut.transport.stall()
  dead.transport.stall()
  for (let i = 1; i <= 5; i++) publish(hub, next(textPanel('a', String(i))))
  expect(hub.stats().eventsMerged).toBe(0)
  cut.transport.cut()
  expect(hub.stats().eventsMerged).toBe(4)
  vi.advanceTimersByTime(12_000)
  expect(hub.stats()).toMatchObject({ stalled: 1, clients: 0, eventsMerged: 8 })
})

test('the goodbye to a reader that joins after the end is counted as sent', async () => {
  const hub = createHub()
  await hub.close(0)
  const { transport } = join(hub)
  expect(transport.ended).toBe(true)
  expect(hub.stats()).toMatchObject({ eventsTotal: 1, eventsSent: 1 })
  expect(hub.stats().bytesSent).toBeGreaterThan(0)
})

test('an update is published once for each form with readers, and reaches no others', () => {
  const hub = createHub({ sseHeartbeatCycles: 100 })
  const next = boardMaker()
  publish(hub, next(textPanel('a', '0'), textPanel('b', '0')))
  for (const subset of [null, null, ['a'], ['b']]) join(hub, { subset })
  const other = join(hub, { subset: ['b'] }).transport
  other.stall()
  const before = hub.stats()
  for (const value of ['1', '2', '3']) publish(hub, next(textPanel('a', value), textPanel('b', '0')))
  other.drain()
  const { eventsTotal, eventsSent, eventsMerged } = hub.stats()
  expect(eventsTotal - before.eventsTotal).toBe(6)
  expect(eventsSent - before.eventsSent).toBe(9)
  expect(eventsMerged).toBe(0)
})

test('a reader that returns is sent what it missed, which was published before', () => {
  const hub = createHub()
  const next = boardMaker()
  for (let i = 0; i < 3; i++) publish(hub, next(textPanel('a', String(i))))
  join(hub, { lastEventId: 'e1-1' })
  expect(hub.stats()).toMatchObject({ eventsTotal: 1, byType: { hello: 1 }, eventsSent: 2, eventsMerged: 0 })
})

// ── the law ──────────────────────────────────────────────────────────────────────────────────────────────────────
//
// For each reader, from its greeting on, at every moment:
//
//   events published to its feed + extra = events it was sent + events merged for it + events it still lacks
//
// The last is 0 for a reader that is up to date (it may lack the last heartbeat). `extra` counts the events by which an update
// had more of them than it replaced: only where a merged update is split at the size limit, so it is 0 here.

const KEYS = ['a', 'b', 'c']
type Action =
  | { readonly do: 'change'; readonly keys: readonly string[] }
  | { readonly do: 'twice'; readonly key: string }
  | { readonly do: 'stall' | 'drain' }
  | { readonly do: 'wait'; readonly ms: number }
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('change' as const), keys: fc.subarray(KEYS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('twice' as const), key: fc.constantFrom(...KEYS) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('stall' as const, 'drain' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(1_500) }) },
)
const form = fc.record({
  mode: fc.constantFrom('lines' as const, 'structured' as const),
  subset: fc.option(fc.subarray(KEYS, { minLength: 1 }), { nil: null, freq: 2 }),
  wire: fc.record({
    encoding: fc.constantFrom('plain' as const, 'gzip' as const),
    framing: fc.constantFrom('chunked' as const, 'raw' as const),
  }),
})

/** One reader alone, so that all that is counted is its own. */
async function countsOf(
  actions: readonly Action[],
  request: Partial<JoinRequest>,
  settings: Partial<HubSettings>,
) {
  const hub = createHub(settings)
  const next = boardMaker()
  const values: Record<string, number> = { a: 0, b: 0, c: 0 }
  const board = (): Board => next(...KEYS.map(key => textPanel(key, String(values[key]))))
  publish(hub, board())
  const { reader, transport } = join(hub, request)
  for (const step of actions) {
    if (step.do === 'change') {
      for (const key of step.keys) values[key] = (values[key] ?? 0) + 1
      publish(hub, board())
    }
    if (step.do === 'twice') {
      for (let i = 0; i < 2; i++) {
        values[step.key] = (values[step.key] ?? 0) + 1
        hub.publish(board(), null)
      }
      await Promise.resolve()
    }
    if (step.do === 'stall') transport.stall()
    if (step.do === 'drain') transport.drain()
    if (step.do === 'wait') vi.advanceTimersByTime(step.ms)
    const { eventsTotal, eventsSent, eventsMerged } = hub.stats()
    expect(eventsSent + eventsMerged).toBeLessThanOrEqual(eventsTotal)
  }
  transport.drain()
  vi.advanceTimersByTime(20_000)
  const counts = { ...hub.stats(), got: reader.events.length, mismatches: reader.mismatches }
  const closed = hub.close(0)
  await vi.advanceTimersByTimeAsync(1)
  await closed
  return counts
}

test('each published event was sent to a reader or merged for it, whatever the changes, stalls and tokens', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 40 }),
      form,
      fc.record({
        sseEventsPerSec: fc.constantFrom(1, 3, 100),
        sseForceFullEveryN: fc.constantFrom(0, 0, 5),
        sseHeartbeatCycles: fc.constantFrom(1, 3),
      }),
      async (actions, request, settings) => {
        const counts = await countsOf(actions, request, settings)
        expect(counts).toMatchObject({ behind: 0, eventsSent: counts.got, mismatches: [] })
        expect(counts.eventsSent + counts.eventsMerged).toBe(counts.eventsTotal)
      },
    ),
    { numRuns: 300 },
  )
}, 60_000)
