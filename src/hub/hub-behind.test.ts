// Readers that are behind: too slow, without tokens, or back after a while.
import { describe, expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, names, publish, underHandClock } from '../../test/support/hub-rig.js'
import { withVerdict } from '../board/board.js'
import type { Wire } from '../connection/transport.js'
import type { Verdict } from '../protocol/events.js'
import type { HubSettings } from './hub-types.js'

underHandClock()

describe('a reader that is behind', () => {
  test('gets one merged update when its socket drains, and the merged events are counted', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0'), textPanel('b', '0')))
    const { reader, transport } = join(hub)
    transport.stall()
    for (let i = 1; i <= 5; i++) publish(hub, next(textPanel('a', String(i)), textPanel('b', '0')))
    expect(transport.writes).toHaveLength(2)
    expect(hub.stats().behind).toBe(1)
    transport.drain()
    expect(names(reader)).toEqual(['hello', 'full_snapshot', 'panel_update', 'panel_update'])
    expect(reader.panels.get('a')?.lines).toEqual(['5'])
    expect(hub.stats()).toMatchObject({ behind: 0, eventsMerged: 3 })
  })

  test('shares the bytes of its catch-up with all others at its position', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const stalled = Array.from({ length: 10 }, () => join(hub))
    for (const { transport } of stalled) transport.stall()
    for (let i = 1; i <= 3; i++) publish(hub, next(textPanel('a', String(i))))
    const published = hub.stats().eventsTotal
    for (const { transport } of stalled) transport.drain()
    expect(new Set(stalled.map(({ transport }) => transport.writes.at(-1))).size).toBe(1)
    expect(hub.stats().eventsTotal).toBe(published)
  })

  test('out of event tokens waits for new ones and then has everything', () => {
    const hub = createHub({ sseEventsPerSec: 2 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const { reader } = join(hub)
    for (let i = 1; i <= 10; i++) publish(hub, next(textPanel('a', String(i))))
    expect(names(reader).filter(name => name === 'panel_update')).toHaveLength(4)
    vi.advanceTimersByTime(600)
    expect(names(reader).filter(name => name === 'panel_update')).toHaveLength(5)
    expect(reader.panels.get('a')?.lines).toEqual(['10'])
  })

  test('that takes no byte for the stall timeout is ended; one that sips is kept', () => {
    const hub = createHub({ sseStallTimeoutMs: 10_000 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const dead = join(hub).transport
    const slow = join(hub).transport
    dead.stall()
    slow.stall()
    publish(hub, next(textPanel('a', '1')))
    for (let i = 0; i < 14; i++) {
      slow.sip()
      vi.advanceTimersByTime(1_000)
    }
    expect(dead.closed).toBe(true)
    expect(slow.closed).toBe(false)
    expect(hub.stats()).toMatchObject({ stalled: 1, clients: 1 })
  })
})

describe('a reader that was not ready for a new verdict', () => {
  const well = { word: 'healthy', reasons: [] } as const
  const bad = { word: 'failing', reasons: ['Provider: down'] } as const
  const WIRES = [
    { encoding: 'plain', framing: 'chunked' },
    { encoding: 'gzip', framing: 'chunked' },
  ] as const

  function watched(wire: Wire, settings: Partial<HubSettings> = {}) {
    const hub = createHub({ sseHeartbeatCycles: 1_000, ...settings })
    const next = boardMaker()
    const show = (verdict: Verdict, text: string) =>
      publish(hub, withVerdict(next(textPanel('a', text)), verdict))
    show(well, '0')
    return { hub, show, ...join(hub, { wire }) }
  }

  test.each(WIRES)('gets it when it can take bytes again ($encoding)', wire => {
    const { hub, show, reader, transport } = watched(wire)
    transport.stall()
    show(well, '1')
    show(bad, '1')
    transport.drain()
    expect(names(reader).slice(2)).toEqual(['panel_update', 'verdict'])
    expect(reader.events.at(-1)).toMatchObject({ id: null, data: { verdict: bad } })
    expect(hub.stats().behind).toBe(0)
    show(bad, '2')
    expect(reader.panels.get('a')?.lines).toEqual(['2'])
  })

  test.each(WIRES)('and not twice, with panels that changed as well ($encoding)', wire => {
    const { show, reader, transport } = watched(wire)
    transport.stall()
    show(well, '1')
    show(bad, '1')
    show(bad, '2')
    transport.drain()
    expect(names(reader).slice(2)).toEqual(['panel_update', 'panel_update'])
    expect(reader.events.at(-1)?.data.verdict).toEqual(bad)
  })

  test('gets the newest, although another reader caught up before it changed again', () => {
    const hub = createHub({ sseHeartbeatCycles: 1_000 })
    const next = boardMaker()
    const show = (verdict: Verdict, text: string) =>
      publish(hub, withVerdict(next(textPanel('a', text)), verdict))
    show(well, '0')
    const [one, other] = [join(hub), join(hub)]
    for (const { transport } of [one, other]) transport.stall()
    show(well, '1')
    show(well, '2')
    one.transport.drain()
    show(bad, '2')
    other.transport.drain()
    for (const { reader } of [one, other]) expect(reader.events.at(-1)?.data.verdict).toEqual(bad)
  })

  test('gets it when it has event tokens again', () => {
    const { show, reader } = watched(WIRES[0], { sseEventsPerSec: 1 })
    for (let i = 1; i <= 4; i++) show(i % 2 === 0 ? well : bad, '0')
    show(bad, '0')
    vi.advanceTimersByTime(3_000)
    expect(reader.events.at(-1)?.data.verdict).toEqual(bad)
  })

  test('gets it before bye', async () => {
    const { hub, show, reader } = watched(WIRES[0], { sseEventsPerSec: 1 })
    for (let i = 1; i <= 5; i++) show(i % 2 === 0 ? well : bad, '0')
    await hub.close(1_000)
    expect(names(reader).slice(-2)).toEqual(['verdict', 'bye'])
    expect(reader.events.at(-2)?.data.verdict).toEqual(bad)
  })
})

describe('resuming', () => {
  function served(lastEventId: string, subset: string[] | null = null) {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1'), textPanel('b', '1')))
    publish(hub, next(textPanel('a', '2'), textPanel('b', '1')))
    publish(hub, next(textPanel('a', '2'), textPanel('b', '2')))
    return { hub, ...join(hub, { lastEventId, subset }) }
  }

  test('at an earlier generation gets what changed since, and an id with its old position', () => {
    const { reader, hub } = served('e1-2')
    expect(names(reader)).toEqual(['hello', 'panel_update'])
    expect(reader.events[0]).toMatchObject({ id: 'e1-2', data: { resumed: true, generation: 3 } })
    expect(reader.events[1]).toMatchObject({ id: 'e1-3', data: { updates: [{ key: 'b' }] } })
    expect(hub.stats().resumed.resumed).toBe(1)
  })

  test('at the newest generation gets nothing but hello', () => {
    expect(names(served('e1-3').reader)).toEqual(['hello'])
  })

  test.each([
    ['e0-2', 'epoch'],
    ['e1-4', 'ahead'],
    ['e1-2-abcdef', 'subset'],
    ['nonsense', 'malformed'],
    [`e1-${'9'.repeat(200)}`, 'malformed'],
  ] as const)('with %s is refused as %s and gets the whole board', (id, reason) => {
    const { reader, hub } = served(id)
    expect(names(reader)).toEqual(['hello', 'resync_required', 'full_snapshot'])
    expect(reader.events[0]?.data.resumed).toBe(false)
    expect(reader.events[1]?.data).toEqual({ reason })
    expect(hub.stats().resumed[reason]).toBe(1)
  })

  test('with a subset needs the id of that subset', () => {
    const first = served('', ['a'])
    const id = first.reader.lastId
    expect(id).toMatch(/^e1-3-[0-9a-f]{6}$/)
    expect(names(join(first.hub, { subset: ['a'], lastEventId: id }).reader)).toEqual(['hello'])
    expect(names(join(first.hub, { subset: ['b'], lastEventId: id }).reader)).toContain('resync_required')
  })
})
