// Readers that ask for history get it once after their greeting, encoded once for all that ask the same.
import { expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, names, publish, underHandClock } from '../../test/support/hub-rig.js'
import type { HistoryAsk, PastOf } from './hub-types.js'

underHandClock()

const LAST = {
  schema_version: 'v1',
  from: 1_000,
  to: 1_000,
  step_sec: 1,
  since: 1_000,
  series: [{ id: 'a.n', values: [1] }],
  unknown: [],
}
const FIRST = { ...LAST, more: true }
const ASKED: HistoryAsk = { seconds: 900, series: ['a.n'] }

/** A hub, and what it was asked for. */
function withPast(texts: readonly string[] = [FIRST, LAST].map(data => JSON.stringify(data))) {
  const past = vi.fn<PastOf>(() => texts)
  const hub = createHub({}, { past })
  const make = boardMaker()
  publish(hub, make(textPanel('a', '1')))
  return { hub, past, make }
}

test('the events come once, after the snapshot, and leave the position where it is', () => {
  const { hub, past, make } = withPast()
  const { reader, transport } = join(hub, { history: ASKED })
  expect(transport.writes).toHaveLength(1)
  expect(names(reader)).toEqual(['hello', 'full_snapshot', 'history', 'history'])
  expect(reader.events.slice(2).map(({ id, data }) => [id, data])).toEqual([
    [null, FIRST],
    [null, LAST],
  ])
  expect(past).toHaveBeenCalledWith(ASKED, null, 65_536)
  publish(hub, make(textPanel('a', '2')))
  expect(names(reader).slice(4)).toEqual(['panel_update'])
  expect(names(join(hub).reader)).toEqual(['hello', 'full_snapshot'])
})

test('readers that ask the same within a second share the bytes, plain or compressed', () => {
  const { hub, past } = withPast()
  for (let i = 0; i < 5; i++) join(hub, { history: { ...ASKED } })
  expect(past).toHaveBeenCalledTimes(1)
  const { reader } = join(hub, { history: ASKED, wire: { encoding: 'gzip', framing: 'chunked' } })
  expect(names(reader)).toEqual(['hello', 'full_snapshot', 'history', 'history'])
  join(hub, { history: { ...ASKED, seconds: 60 } })
  expect(past).toHaveBeenCalledTimes(3)
  vi.advanceTimersByTime(1_000)
  join(hub, { history: ASKED })
  expect(past).toHaveBeenCalledTimes(4)
})

test('a reader that resumes gets what is newer than its position, and nothing where nothing is', () => {
  const { hub, past } = withPast([])
  const { reader } = join(hub, { history: ASKED, lastEventId: 'e1-1' })
  expect(past).toHaveBeenLastCalledWith(ASKED, 1, 65_536)
  expect(names(reader)).toEqual(['hello'])
  join(hub, { history: ASKED, lastEventId: 'other-1' })
  expect(past).toHaveBeenLastCalledWith(ASKED, null, 65_536)
})

test('a reader that waits for the first board gets it with that board', () => {
  const hub = createHub({}, { past: () => [JSON.stringify(LAST)] })
  const { reader } = join(hub, { history: ASKED })
  publish(hub, boardMaker()(textPanel('a', '1')))
  expect(names(reader)).toEqual(['hello', 'full_snapshot', 'history'])
})
