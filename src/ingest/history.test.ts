import { describe, expect, test } from 'vitest'
import { collectGarbage } from '../../test/support/footprint.js'
import { StatusHistory } from './history.js'

const event = (id: number, sizeBytes = 10) => ({
  id,
  type: 'panel_diff',
  generation: 1,
  bytes: Buffer.from(`e${id}`),
  sizeBytes,
})

describe('the history', () => {
  test('gives the events that it still has, and says after which id it has them all', () => {
    const history = new StatusHistory(3, 1_000)
    expect(history.continues(0)).toBe(false)
    for (let id = 11; id <= 15; id++) history.append(event(id))
    expect(history).toMatchObject({ length: 3, bytes: 30, oldestId: 13 })
    expect([12, 13, 14, 15, 16].map(id => history.at(id)?.bytes.toString())).toEqual([
      undefined,
      'e13',
      'e14',
      'e15',
      undefined,
    ])
    expect([11, 12, 14, 15].map(id => history.continues(id))).toEqual([false, true, true, true])
  })

  test('drops the oldest events when it is too large, all of them if need be', () => {
    const history = new StatusHistory(100, 50)
    for (let id = 1; id <= 8; id++) history.append(event(id))
    expect(history).toMatchObject({ length: 5, bytes: 50, oldestId: 4 })
    history.append(event(9, 500))
    expect(history).toMatchObject({ length: 0, bytes: 0, oldestId: null })
  })

  test('stays within its limits however long it runs', () => {
    const history = new StatusHistory(10, 1_000)
    for (let id = 1; id <= 1_000; id++) {
      history.append(event(id))
      expect(history.at(id)?.id).toBe(id)
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
