// Readers that are ahead of the hub within its epoch: another server showed them what this one does not have yet.
import { expect, test, vi } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { createHub, join, names, publish, underHandClock } from '../../test/support/hub-rig.js'

underHandClock()

function behind() {
  const make = boardMaker()
  const hub = createHub({}, { holdAheadMs: 6_000 })
  publish(hub, make(textPanel('a', '1')))
  return { hub, next: (n: number) => publish(hub, make(textPanel('a', `${n}`))) }
}

test('a reader ahead waits for its generation, and is then resumed', () => {
  const { hub, next } = behind()
  const { reader } = join(hub, { lastEventId: 'e1-3' })
  expect(names(reader)).toEqual([])
  next(2)
  expect(names(reader)).toEqual([])
  next(3)
  expect(names(reader)).toEqual(['hello'])
  next(4)
  expect(names(reader)).toEqual(['hello', 'panel_update'])
})

test('or for another epoch, whose board it gets whole', () => {
  const { hub } = behind()
  const { reader } = join(hub, { lastEventId: 'e1-3' })
  publish(hub, boardMaker('e2')(textPanel('a', '9')))
  expect(names(reader)).toEqual(['hello', 'resync_required', 'full_snapshot'])
})

test('for a bounded time', async () => {
  const { hub } = behind()
  const { reader } = join(hub, { lastEventId: 'e1-3' })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(names(reader)).toEqual([])
  await vi.advanceTimersByTimeAsync(2_000)
  expect(names(reader)).toEqual(['hello', 'resync_required', 'full_snapshot'])
})

test('a reader that waits is not taken back by the end of the server', async () => {
  const { hub } = behind()
  const { reader } = join(hub, { lastEventId: 'e1-3' })
  void hub.close(1_000)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(names(reader)).toEqual(['bye'])
})

test('nobody waits by default', () => {
  const hub = createHub()
  publish(hub, boardMaker()(textPanel('a', '1')))
  expect(names(join(hub, { lastEventId: 'e1-3' }).reader)).toEqual([
    'hello',
    'resync_required',
    'full_snapshot',
  ])
})
