// A change of the epoch with many readers: each gets the whole board, spread over time.
import { expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, names, publish, underHandClock } from '../../test/support/hub-rig.js'

underHandClock()

const READERS = 1_000

function many() {
  const hub = createHub({}, { spreadMs: 1_000 })
  publish(hub, boardMaker('e1')(textPanel('a', '1')))
  const readers = Array.from({ length: READERS }, () => join(hub).reader)
  const make = boardMaker('e2')
  const withNew = () => readers.filter(reader => names(reader).length > 2).length
  return { hub, readers, withNew, next: (n: number) => publish(hub, make(textPanel('a', `${n}`))) }
}

test('a thousand readers get the new whole board within 200 ms, a tenth of them at once', async () => {
  const { readers, withNew, next } = many()
  next(1)
  expect(withNew()).toBe(READERS / 10)
  await vi.advanceTimersByTimeAsync(100)
  expect(withNew()).toBeGreaterThanOrEqual(READERS / 2)
  expect(withNew()).toBeLessThan(READERS)
  await vi.advanceTimersByTimeAsync(100)
  expect(withNew()).toBe(READERS)
  expect(names(readers.at(-1) ?? join(createHub()).reader).slice(2)).toEqual(['hello', 'full_snapshot'])
})

test('one that waits gets the newest board once, one that comes meanwhile does not wait, and changes go on', async () => {
  const { hub, readers, next } = many()
  next(1)
  next(2)
  expect(names(join(hub).reader)).toEqual(['hello', 'full_snapshot'])
  const [first] = readers
  const last = readers.at(-1)
  if (first === undefined || last === undefined) throw new Error('no readers')
  expect(names(first).slice(2)).toEqual(['hello', 'full_snapshot', 'panel_update'])
  await vi.advanceTimersByTimeAsync(200)
  expect(names(last).slice(2)).toEqual(['hello', 'full_snapshot'])
  next(3)
  expect(names(last).slice(4)).toEqual(['panel_update'])
})

test('another epoch meanwhile begins again, and the end of the server reaches those that wait', async () => {
  const { hub, readers, withNew, next } = many()
  next(1)
  publish(hub, boardMaker('e3')(textPanel('a', '9')))
  await vi.advanceTimersByTimeAsync(200)
  expect(withNew()).toBe(READERS)
  publish(hub, boardMaker('e4')(textPanel('a', '9')))
  void hub.close(1_000)
  await vi.advanceTimersByTimeAsync(1_000)
  for (const reader of readers) expect(names(reader).at(-1)).toBe('bye')
  expect(names(readers.at(-1) ?? join(createHub()).reader).slice(-3)).toEqual([
    'hello',
    'full_snapshot',
    'bye',
  ])
})
