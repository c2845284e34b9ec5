// The forms of an event: parts of a group, cut panels, differences of lines, gzip.
import { describe, expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, names, publish, underHandClock } from '../../test/support/hub-rig.js'
import type { HubSettings } from './hub-types.js'

underHandClock()

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

  test('a panel over the limit is cut at whole lines, marked so, and keeps the hash of the whole', () => {
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

  test('a new reader gets the next update like all others, and makes it stand alone', () => {
    const { hub, one, show } = inStep()
    const late = join(hub, { wire })
    for (const round of [3, 4]) show(round)
    const [, alone = 0, , again = 0, after = Number.NaN] = sizes(one)
    expect(again).toBeGreaterThan(alone * 0.9)
    expect(after).toBeLessThan(alone / 3)
    expect(late.transport.writes.slice(-2)).toEqual(one.transport.writes.slice(-2))
    expect(late.reader.panels.get('a')?.lines).toEqual(rows(4))
  })

  test('a reader that was blocked during a heartbeat can still read what follows', () => {
    const { one, other, show, calm } = inStep()
    one.transport.stall()
    show(3)
    for (let i = 0; i < 3; i++) calm()
    expect(names(other.reader)).toContain('heartbeat')
    one.transport.drain()
    for (const round of [4, 5]) show(round)
    for (const { reader } of [one, other]) expect(reader.panels.get('a')?.lines).toEqual(rows(5))
  })

  test('a reader without tokens for a heartbeat can still read what follows', () => {
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
