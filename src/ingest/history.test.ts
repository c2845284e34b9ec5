import { describe, expect, test } from 'vitest'
import { collectGarbage } from '../../test/support/footprint.js'
import { StatusHistory } from './history.js'

const event = (id: number, sizeBytes = 10) => ({
  id,
  type: 'panel_diff',
  generation: 1,
  text: `e${id}`,
  sizeBytes,
})
const ids = (events: readonly { id: number }[] | null) => events?.map(({ id }) => id)

describe('the history', () => {
  test('gives all events after an id that it still has, and null after an older one', () => {
    const history = new StatusHistory(3, 1_000)
    expect(history.after(0)).toBeNull()
    for (let id = 11; id <= 15; id++) history.append(event(id))
    expect(history).toMatchObject({ length: 3, bytes: 30, oldestId: 13 })
    expect(ids(history.after(12))).toEqual([13, 14, 15])
    expect(ids(history.after(14))).toEqual([15])
    expect(ids(history.after(15))).toEqual([])
    expect(history.after(11)).toBeNull()
  })

  test('drops the oldest events when it is too large, all of them if need be', () => {
    const history = new StatusHistory(100, 50)
    for (let id = 1; id <= 8; id++) history.append(event(id))
    expect(history).toMatchObject({ length: 5, bytes: 50, oldestId: 4 })
    history.append(event(9, 500))
    expect(history).toMatchObject({ length: 0, bytes: 0, oldestId: null })
  })

  test('gives the newest, at most as many as there are', () => {
    const history = new StatusHistory(3, 1_000)
    for (let id = 1; id <= 5; id++) history.append(event(id))
    expect(ids(history.newest(2))).toEqual([4, 5])
    expect(ids(history.newest(99))).toEqual([3, 4, 5])
    expect(ids(history.newest(0))).toEqual([])
  })

  test('stays within its limits however long it runs', () => {
    const history = new StatusHistory(10, 1_000)
    for (let id = 1; id <= 1_000; id++) {
      history.append(event(id))
      expect(ids(history.after(id - 1))).toEqual([id])
    }
    expect(history).toMatchObject({ length: 10, bytes: 100, oldestId: 991 })
  })

  test('keeps no reference to dropped events', async () => {
    const history = new StatusHistory(100, 50)
    const appended = (id: number, sizeBytes: number): WeakRef<object> => {
      const made = event(id, sizeBytes)
      history.append(made)
      return new WeakRef(made)
    }
    const [large, small] = [appended(1, 49), appended(2, 10)]
    expect(history).toMatchObject({ length: 1, oldestId: 2 })
    // Objects created in a turn live until its end.
    await new Promise(resolve => setImmediate(resolve))
    collectGarbage()
    expect(large.deref()).toBeUndefined()
    expect(small.deref()).toBeDefined()
  })
})
