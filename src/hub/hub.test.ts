// What a reader in step gets, from joining to the end.
import { describe, expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, names, publish, underHandClock } from '../../test/support/hub-rig.js'
import { unchangedBoard, withVerdict } from '../board/board.js'
import type { Verdict } from '../protocol/events.js'

underHandClock()

describe('joining', () => {
  test('begins with hello, retry in its block, and the whole board in registry order, in one write', () => {
    const hub = createHub()
    publish(hub, boardMaker()(textPanel('header', 'a'), textPanel('alerts', 'b')))
    const { reader, transport } = join(hub)
    expect(transport.writes).toHaveLength(1)
    expect(reader.retryMs).toBe(2_000)
    expect(reader.blocksWithoutEvent).toBe(0)
    expect(names(reader)).toEqual(['hello', 'full_snapshot'])
    expect(reader.events[0]).toMatchObject({
      id: null,
      data: {
        version: '9.9.9',
        epoch: 'e1',
        generation: 1,
        resumed: false,
        diff_mode: 'lines',
        refresh_ms: 1_000,
      },
    })
    expect(reader.events[1]?.id).toBe('e1-1')
    expect([...reader.panels.keys()]).toEqual(['header', 'alerts'])
  })

  test('before the first board gets retry at once, and comments, all in the block of the hello to come', () => {
    const hub = createHub({}, { keepaliveMs: 1_000 })
    const { reader, transport } = join(hub, { wire: { encoding: 'plain', framing: 'raw' } })
    vi.advanceTimersByTime(2_000)
    expect(transport.writes.map(String)).toEqual(['retry: 2000\n', ': ka\n', ': ka\n'])
    expect(reader).toMatchObject({ retryMs: 2_000, events: [] })
    publish(hub, boardMaker()(textPanel('header', 'a')))
    expect(names(reader)).toEqual(['hello', 'full_snapshot'])
    expect(reader).toMatchObject({ retryMs: 2_000, comments: 2, blocksWithoutEvent: 0 })
  })

  test('a goodbye carries its own retry in its block', async () => {
    const hub = createHub()
    publish(hub, boardMaker()(textPanel('header', 'a')))
    const { reader } = join(hub)
    const closed = hub.close(0)
    await vi.advanceTimersByTimeAsync(1)
    await closed
    expect(names(reader).at(-1)).toBe('bye')
    expect(reader).toMatchObject({ retryMs: 2_500, blocksWithoutEvent: 0 })
  })

  test('fifty readers that join within a cycle share the same bytes', () => {
    const hub = createHub()
    publish(hub, boardMaker()(textPanel('header', 'a')))
    const before = hub.stats().eventsTotal
    for (let i = 0; i < 50; i++) join(hub)
    expect(hub.stats().eventsTotal - before).toBe(2)
    expect(hub.stats().eventsSent).toBe(100)
  })
})

describe('updates', () => {
  test('carry all changed panels of a cycle in one event, and only those', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1'), textPanel('b', '1'), textPanel('c', '1')))
    const { reader } = join(hub)
    publish(hub, next(textPanel('a', '2'), textPanel('b', '1'), textPanel('c', '2')))
    const update = reader.events.at(-1)
    expect(update).toMatchObject({ event: 'panel_update', id: 'e1-2' })
    expect(update?.data.updates).toMatchObject([{ key: 'a' }, { key: 'c' }])
  })

  test('name the panels that went away', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1'), textPanel('b', '1')))
    const { reader } = join(hub)
    publish(hub, next(textPanel('a', '1')))
    expect(reader.events.at(-1)?.data).toMatchObject({ updates: [], removed: ['b'] })
    expect([...reader.panels.keys()]).toEqual(['a'])
  })

  test('published within one tick are one write', async () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const { reader, transport } = join(hub)
    for (let i = 1; i <= 16; i++) hub.publish(next(textPanel('a', String(i))), null)
    await Promise.resolve()
    expect(transport.writes).toHaveLength(2)
    expect(names(reader).filter(name => name === 'panel_update')).toHaveLength(16)
    expect(reader.lastId).toBe('e1-17')
  })

  test('a full snapshot is forced every N cycles when that is set', () => {
    const hub = createHub({ sseForceFullEveryN: 2 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1')))
    const { reader } = join(hub)
    publish(hub, next(textPanel('a', '1')))
    publish(hub, next(textPanel('a', '1')))
    publish(hub, next(textPanel('a', '2')))
    expect(names(reader)).toEqual(['hello', 'full_snapshot', 'full_snapshot', 'full_snapshot'])
  })

  test('of a new epoch begin again with hello', () => {
    const hub = createHub()
    publish(hub, boardMaker('e1')(textPanel('a', '1')))
    const { reader } = join(hub)
    publish(hub, boardMaker('e2')(textPanel('b', '1')))
    expect(names(reader).slice(2)).toEqual(['hello', 'full_snapshot'])
    expect(reader.lastId).toBe('e2-1')
    expect([...reader.panels.keys()]).toEqual(['b'])
  })

  test('that cannot be encoded become an error event, and the next cycle sends everything', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1')))
    const { reader } = join(hub, { view: 'blocks' })
    const broken = {
      ...textPanel('a', '2'),
      blocks: [{ kind: 'text' as const, text: 1n as unknown as string }],
    }
    publish(hub, next(broken))
    expect(reader.events.at(-1)).toMatchObject({
      event: 'error',
      data: { code: 'encode_failed', recoverable: true },
    })
    publish(hub, next(textPanel('a', '3')))
    expect(reader.events.at(-1)?.event).toBe('full_snapshot')
    expect(reader.panels.get('a')?.lines).toEqual(['3'])
  })
})

describe('the verdict', () => {
  const healthy = { word: 'healthy', reasons: [] } as const
  const stale = { word: 'attention', reasons: ['stale, last 10:02'] } as const

  test('is in each event, and a change of it does not wait for the next heartbeat', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, withVerdict(next(textPanel('a', '1')), healthy))
    const { reader } = join(hub)
    publish(hub, withVerdict(next(textPanel('a', '2')), healthy))
    publish(hub, withVerdict(next(textPanel('a', '2')), stale))
    expect(reader.events.map(({ event, data }) => [event, data.verdict])).toEqual([
      ['hello', healthy],
      ['full_snapshot', healthy],
      ['panel_update', healthy],
      ['verdict', stale],
    ])
    expect(reader.events.at(-1)).toMatchObject({ id: null, data: { cycle: 3, generation: 2, ts: 1_003_000 } })
    expect(Object.keys(reader.events.at(-1)?.data ?? {})).toEqual(['cycle', 'generation', 'ts', 'verdict'])
    expect(reader.lastId).toBe('e1-2')
  })

  test('is an event of its own in every form, also for a subset while other panels change', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, withVerdict(next(textPanel('a', '1'), textPanel('b', '1')), healthy))
    const forms = [
      { mode: 'structured' },
      { view: 'blocks' },
      { wire: { encoding: 'gzip', framing: 'chunked' } },
      { wire: { encoding: 'gzip', framing: 'raw' }, subset: ['a'] },
      { subset: ['a'] },
    ] as const
    const readers = forms.map(form => join(hub, form).reader)
    publish(hub, withVerdict(next(textPanel('a', '1'), textPanel('b', '1')), stale))
    for (const reader of readers) expect(names(reader).slice(2)).toEqual(['verdict'])
    publish(hub, withVerdict(next(textPanel('a', '1'), textPanel('b', '2')), healthy))
    expect(readers.map(reader => names(reader).at(-1))).toEqual([
      'panel_update',
      'panel_update',
      'panel_update',
      'verdict',
      'verdict',
    ])
    for (const reader of readers) expect(reader.events.at(-1)?.data.verdict).toEqual(healthy)
  })

  test('does not delay the heartbeats, which tell it to clients that do not know its event', () => {
    const hub = createHub({ sseHeartbeatCycles: 3 })
    const next = boardMaker()
    publish(hub, withVerdict(next(textPanel('a', '1')), healthy))
    const { reader } = join(hub)
    for (let i = 0; i < 8; i++)
      publish(hub, withVerdict(next(textPanel('a', '1')), i % 2 === 0 ? stale : healthy))
    const beats = reader.events.filter(({ event }) => event === 'heartbeat')
    expect(beats.length).toBeGreaterThanOrEqual(2)
    expect(names(reader).filter(name => name === 'verdict')).toHaveLength(8)
  })

  test('costs a reader nothing while it stays the same', () => {
    const hub = createHub({ sseHeartbeatCycles: 100 })
    let board = withVerdict(boardMaker()(textPanel('a', '1')), healthy)
    publish(hub, board)
    const { transport } = join(hub)
    for (let cycle = 2; cycle < 20; cycle++) {
      board = withVerdict(unchangedBoard(board, cycle, cycle), { ...healthy })
      publish(hub, board)
    }
    expect(transport.writes).toHaveLength(1)
  })

  test('takes room from the panels, and has no places or reasons where events must be small', () => {
    const reasons = Array.from({ length: 5 }, (_, i) => `${i} ${'x'.repeat(70)}`)
    const places = reasons.map(() => ({ panel: 'p1', row: 'NIFTY', label: 'State' }))
    for (const sseMaxEventBytes of [256, 900, 2_000, 4_000]) {
      const hub = createHub({ sseMaxEventBytes })
      const panels = Array.from({ length: 20 }, (_, i) => textPanel(`p${i}`, 'x'.repeat(50)))
      publish(hub, withVerdict(boardMaker()(...panels), { word: 'failing', reasons, since: 5, places }))
      const { reader } = join(hub)
      const last = reader.events.at(-1)
      expect(last?.data.verdict).toMatchObject({ word: 'failing', since: 5 })
      const sentVerdict = last?.data.verdict as Verdict
      expect(sentVerdict.reasons).toHaveLength(sseMaxEventBytes < 2_000 ? 0 : 5)
      expect('places' in sentVerdict).toBe(sseMaxEventBytes === 4_000)
      if (sseMaxEventBytes < 900) continue
      const sizes = reader.events.slice(1).map(({ data }) => JSON.stringify(data).length)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(sseMaxEventBytes)
    }
  })
})

describe('heartbeats', () => {
  test('come after N cycles without a change, then every N, and start again after a change', () => {
    const hub = createHub({ sseHeartbeatCycles: 3 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1')))
    const { reader } = join(hub)
    const seen: string[] = []
    for (let cycle = 2; cycle <= 12; cycle++) {
      const before = reader.events.length
      publish(hub, next(textPanel('a', cycle >= 9 ? '2' : '1')))
      seen.push(names(reader).slice(before).join() || '-')
    }
    const beat = 'heartbeat'
    expect(seen).toEqual(['-', '-', beat, '-', '-', beat, '-', 'panel_update', '-', '-', beat])
    expect(reader.events.at(-1)?.data).toMatchObject({
      cycle: 12,
      generation: 2,
      unchanged: true,
      hit_ratio: 0.75,
    })
  })

  test('come to a subset in which nothing changed while other panels do', () => {
    const hub = createHub({ sseHeartbeatCycles: 2 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1'), textPanel('b', '1')))
    const { reader } = join(hub, { subset: ['a'] })
    publish(hub, next(textPanel('a', '1'), textPanel('b', '2')))
    publish(hub, next(textPanel('a', '1'), textPanel('b', '3')))
    expect(names(reader)).toEqual(['hello', 'full_snapshot', 'heartbeat'])
  })

  test('a connection without a byte for 15 s gets a comment', () => {
    const hub = createHub()
    publish(hub, boardMaker()(textPanel('a', '1')))
    const { reader } = join(hub)
    vi.advanceTimersByTime(14_000)
    expect(reader.comments).toBe(0)
    vi.advanceTimersByTime(2_000)
    expect(reader.comments).toBe(1)
    vi.advanceTimersByTime(45_000)
    expect(reader.comments).toBe(4)
  })
})

test('blocks are added on request', () => {
  const hub = createHub()
  publish(hub, boardMaker()(textPanel('a', 'x')))
  const { reader } = join(hub, { view: 'blocks', mode: 'structured' })
  expect(reader.events[0]?.data.diff_mode).toBe('lines')
  expect(reader.events[1]?.data.panels).toMatchObject({ a: { blocks: [{ kind: 'text', text: 'x' }] } })
})

describe('ending', () => {
  test('sends every reader what it lacks, a retry of its own and bye', async () => {
    const hub = createHub({ sseEventsPerSec: 1 })
    const next = boardMaker()
    publish(hub, next(textPanel('a', '0')))
    const { reader } = join(hub)
    for (let i = 1; i <= 5; i++) publish(hub, next(textPanel('a', String(i))))
    await hub.close(1_000)
    expect(reader.panels.get('a')?.lines).toEqual(['5'])
    expect(reader.events.at(-1)).toMatchObject({
      event: 'bye',
      data: { reason: 'shutdown', reconnect_ms: 2_500 },
    })
    expect(reader.retryMs).toBe(2_500)
    expect(reader.ended).toBe(true)
  })

  test('does not wait longer than the grace for a reader that takes nothing', async () => {
    const hub = createHub()
    publish(hub, boardMaker()(textPanel('a', '0')))
    const { transport } = join(hub)
    transport.stall()
    const closing = hub.close(500)
    await vi.advanceTimersByTimeAsync(500)
    await closing
    expect(transport.closed).toBe(true)
  })

  test('a reader that joins afterwards gets bye', async () => {
    const hub = createHub()
    await hub.close(0)
    expect(names(join(hub).reader)).toEqual(['bye'])
  })

  test('dismisses by owner, sheds the newest tenth', () => {
    const onLeave = vi.fn()
    const hub = createHub({}, { observer: { onLeave } })
    publish(hub, boardMaker()(textPanel('a', '0')))
    const readers = Array.from({ length: 20 }, (_, i) => join(hub, { owner: i < 5 ? 'old' : 'new' }))
    expect(hub.dismiss(owner => owner === 'old', 'auth_expired')).toBe(5)
    expect(readers[0]?.reader.events.at(-1)?.data).toMatchObject({ reason: 'auth_expired' })
    expect(hub.shed(0.1)).toBe(2)
    expect(readers.map(({ transport }) => transport.closed).lastIndexOf(false)).toBe(17)
    expect(onLeave.mock.calls.map(([reason]) => reason)).toEqual([
      ...Array(5).fill('auth_expired'),
      'shed',
      'shed',
    ])
  })
})
