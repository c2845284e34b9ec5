import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { ScriptedTransport } from '../../test/support/scripted-transport.js'
import { StreamReader } from '../../test/support/stream-reader.js'
import type { Board } from '../board/board.js'
import { Hub, type HubOptions } from './hub.js'
import type { HubSettings, JoinRequest } from './hub-types.js'

const SETTINGS: HubSettings = {
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

function createHub(settings: Partial<HubSettings> = {}, options: Partial<HubOptions> = {}): Hub {
  const clock = { nowMs: () => Date.now(), monotonicMs: () => Date.now() }
  const all = { ...SETTINGS, ...settings }
  const hub = new Hub({ settings: () => all, version: '9.9.9', clock, random: () => 0.5, ...options })
  hubs.push(hub)
  return hub
}

function join(hub: Hub, request: Partial<JoinRequest> = {}) {
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

const names = (reader: StreamReader) => reader.events.map(({ event }) => event)

function publish(hub: Hub, board: Board): void {
  hub.publishNow(board, 0.75)
}

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

describe('joining', () => {
  test('begins with retry, hello and the whole board in registry order, in one write', () => {
    const hub = createHub()
    publish(hub, boardMaker()(textPanel('header', 'a'), textPanel('alerts', 'b')))
    const { reader, transport } = join(hub)
    expect(transport.writes).toHaveLength(1)
    expect(reader.retryMs).toBe(2_000)
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

  test('before the first board only retry is said; hello comes with the board', () => {
    const hub = createHub()
    const { reader } = join(hub)
    expect(reader.retryMs).toBe(2_000)
    expect(reader.events).toEqual([])
    publish(hub, boardMaker()(textPanel('header', 'a')))
    expect(names(reader)).toEqual(['hello', 'full_snapshot'])
  })

  test('fifty who come within a cycle share the same bytes', () => {
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

  test('a full snapshot is forced every N cycles where asked for', () => {
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

  test('that cannot be encoded tell an error, and the next cycle sends everything', () => {
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
    const before = hub.stats().eventsTotal
    for (const { transport } of stalled) transport.drain()
    expect(hub.stats().eventsTotal - before).toBe(1)
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

  test('that takes no byte for the stall timeout is sent away; one that sips is kept', () => {
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

describe('resuming', () => {
  function served(lastEventId: string, subset: string[] | null = null) {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', '1'), textPanel('b', '1')))
    publish(hub, next(textPanel('a', '2'), textPanel('b', '1')))
    publish(hub, next(textPanel('a', '2'), textPanel('b', '2')))
    return { hub, ...join(hub, { lastEventId, subset }) }
  }

  test('at an earlier generation gets what changed since, and an id that says where it stood', () => {
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

describe('size', () => {
  test('an event over the limit becomes several of one group; only the last has an id', () => {
    const hub = createHub({ sseMaxEventBytes: 2_048 })
    const panels = ['a', 'b', 'c', 'd'].map(key => textPanel(key, 'x'.repeat(900)))
    publish(hub, boardMaker()(...panels))
    const { reader } = join(hub)
    const parts = reader.events.filter(({ event }) => event === 'full_snapshot')
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.map(({ data }) => data.more === true)).toEqual([...parts.slice(1).map(() => true), false])
    expect(parts.map(({ id }) => id !== null)).toEqual([...parts.slice(1).map(() => false), true])
    expect([...reader.panels.keys()]).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a panel over the limit is cut at whole lines, says so and keeps the hash of the whole', () => {
    const onPanelCut = vi.fn()
    const hub = createHub({ sseMaxEventBytes: 2_048 }, { observer: { onPanelCut } })
    const board = boardMaker()(
      textPanel('a', ...Array.from({ length: 100 }, (_, i) => `line ${i} ${'—'.repeat(20)}`)),
    )
    publish(hub, board)
    const { reader, transport } = join(hub)
    const panel = (reader.events[1]?.data.panels as Record<string, { lines: string[] }> | undefined)?.a
    expect(panel).toMatchObject({ truncated: true, total_lines: 100, hash: board.panels.get('a')?.hash })
    expect(panel?.lines.length).toBeGreaterThan(5)
    expect(onPanelCut).toHaveBeenCalledTimes(1)
    expect(transport.writes.every(bytes => bytes.length < 2_048 + 600)).toBe(true)
  })
})

describe('structured mode', () => {
  function step(before: string[], after: string[], settings: Partial<HubSettings> = {}) {
    const hub = createHub(settings)
    const next = boardMaker()
    publish(hub, next(textPanel('a', ...before)))
    const { reader } = join(hub, { mode: 'structured' })
    publish(hub, next(textPanel('a', ...after)))
    return { hub, next, reader }
  }
  const long = Array.from({ length: 60 }, (_, i) => `line number ${i}`)

  test('sends what changed against a base hash, and applying it gives the hash', () => {
    const { reader } = step(long, [...long.slice(0, 58), 'other', 'line number 59', 'more'])
    expect(reader.events.at(-1)).toMatchObject({
      event: 'panel_update_structured',
      data: {
        updates: [
          { panel: 'a', changed_lines: [{ index: 58 }], added: ['more'], removed: [], total_lines: 61 },
        ],
      },
    })
    expect(reader.mismatches).toEqual([])
  })

  test('falls back to full lines over the change limit and where the diff is no smaller', () => {
    expect(
      names(
        step(
          long,
          long.map(line => `${line}!`),
        ).reader,
      ).at(-1),
    ).toBe('panel_update')
    expect(names(step(['a'], ['b']).reader).at(-1)).toBe('panel_update')
  })

  test('mixes both in one group when some panels fall back', () => {
    const hub = createHub()
    const next = boardMaker()
    publish(hub, next(textPanel('a', ...long), textPanel('b', 'x')))
    const { reader } = join(hub, { mode: 'structured' })
    publish(hub, next(textPanel('a', ...long, 'more'), textPanel('b', 'y')))
    const [first, second] = reader.events.slice(-2)
    expect(first).toMatchObject({ event: 'panel_update_structured', id: null, data: { more: true } })
    expect(second).toMatchObject({ event: 'panel_update', id: 'e1-2' })
  })

  test('a reader that was behind gets full lines', () => {
    const { hub, next } = step(long, [...long, 'x'])
    const { reader, transport } = join(hub, { mode: 'structured' })
    transport.stall()
    publish(hub, next(textPanel('a', ...long, 'y')))
    publish(hub, next(textPanel('a', ...long, 'z')))
    transport.drain()
    expect(names(reader).at(-1)).toBe('panel_update')
  })
})

test('blocks are added where asked for', () => {
  const hub = createHub()
  publish(hub, boardMaker()(textPanel('a', 'x')))
  const { reader } = join(hub, { view: 'blocks', mode: 'structured' })
  expect(reader.events[0]?.data.diff_mode).toBe('lines')
  expect(reader.events[1]?.data.panels).toMatchObject({ a: { blocks: [{ kind: 'text', text: 'x' }] } })
})

test.each(['chunked', 'raw'] as const)(
  'gzip bytes are made once and every reader decodes each event (%s)',
  framing => {
    const hub = createHub()
    const next = boardMaker()
    const wire = { encoding: 'gzip', framing } as const
    publish(hub, next(textPanel('a', '0')))
    const early = join(hub, { wire })
    publish(hub, next(textPanel('a', '1')))
    const late = join(hub, { wire })
    publish(hub, next(textPanel('a', '2')))
    expect(early.transport.writes.at(-1)).toBe(late.transport.writes.at(-1))
    expect(early.reader.panels.get('a')?.lines).toEqual(['2'])
    expect(late.reader.panels.get('a')?.lines).toEqual(['2'])
  },
)

describe('gzip', () => {
  const wire = { encoding: 'gzip', framing: 'raw' } as const
  const word = (i: number) => ((i + 1) * 7_919 * 104_729).toString(36)
  const rows = (round: number) =>
    Array.from({ length: 20 }, (_, i) => `${word(i)} ${word(i + 20)} ${(i % 5) + round}`)

  /** Two readers in step: three boards have gone to both. */
  function inStep(settings: Partial<HubSettings> = {}) {
    const hub = createHub(settings)
    const next = boardMaker()
    let round = 0
    const calm = () => publish(hub, next(textPanel('a', ...rows(round))))
    const show = (newest: number) => {
      round = newest
      calm()
    }
    show(0)
    const one = join(hub, { wire })
    const other = join(hub, { wire })
    for (const each of [1, 2]) show(each)
    return { hub, one, other, show, calm }
  }
  const sizes = ({ transport }: ReturnType<typeof join>) => transport.writes.map(bytes => bytes.length)

  test('an update like the one before takes a third of the bytes, from the second on', () => {
    const { one } = inStep()
    const [, alone = 0, after = Number.NaN] = sizes(one)
    expect(after).toBeLessThan(alone / 3)
    expect(one.reader.panels.get('a')?.lines).toEqual(rows(2))
  })

  test('a newcomer gets the next update like everybody else, and makes it stand alone', () => {
    const { hub, one, show } = inStep()
    const late = join(hub, { wire })
    for (const round of [3, 4]) show(round)
    const [, alone = 0, , again = 0, after = Number.NaN] = sizes(one)
    expect(again).toBeGreaterThan(alone * 0.9)
    expect(after).toBeLessThan(alone / 3)
    expect(late.transport.writes.slice(-2)).toEqual(one.transport.writes.slice(-2))
    expect(late.reader.panels.get('a')?.lines).toEqual(rows(4))
  })

  test('who could not be written to while a heartbeat passed by still reads what follows', () => {
    const { one, other, show, calm } = inStep()
    one.transport.stall()
    show(3)
    for (let i = 0; i < 3; i++) calm()
    expect(names(other.reader)).toContain('heartbeat')
    one.transport.drain()
    for (const round of [4, 5]) show(round)
    for (const { reader } of [one, other]) expect(reader.panels.get('a')?.lines).toEqual(rows(5))
  })

  test('who had no tokens for a heartbeat still reads what follows', () => {
    const { one, other, show, calm } = inStep({ sseEventsPerSec: 2, sseHeartbeatCycles: 1 })
    for (let i = 0; i < 4; i++) calm()
    vi.advanceTimersByTime(10_000)
    for (const round of [4, 5]) show(round)
    for (const { reader } of [one, other]) expect(reader.panels.get('a')?.lines).toEqual(rows(5))
  })

  test('a comment for one reader does not disturb the next update', () => {
    const { one, other, show } = inStep()
    vi.advanceTimersByTime(16_000)
    expect(one.reader.comments).toBe(1)
    for (const round of [3, 4]) show(round)
    for (const { reader } of [one, other]) expect(reader.panels.get('a')?.lines).toEqual(rows(4))
  })
})

describe('ending', () => {
  test('gives every reader what it lacks, a personal retry and bye', async () => {
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

  test('who comes afterwards is told bye', async () => {
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
