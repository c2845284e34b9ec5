import { expect, test } from 'vitest'
import type { Timers } from '../../clock/timers.js'
import { MemoryStore } from './memory-store.js'

function ownTimers(): Timers & { readonly due: { readonly ms: number; readonly run: () => void }[] } {
  const due: { readonly ms: number; readonly run: () => void }[] = []
  return {
    due,
    after: (ms, run) => {
      const entry = { ms, run }
      due.push(entry)
      return () => {
        const at = due.indexOf(entry)
        if (at !== -1) due.splice(at, 1)
      }
    },
  }
}
const facts = (streamId: string) => ({ streamId, owner: null, identified: false, connectionId: 'c' })

test('an ended stream is kept for its time, once, and then forgotten', async () => {
  const timers = ownTimers()
  const store = new MemoryStore({ logBytes: () => 1000, timers })
  const forgotten: string[] = []
  store.attach({
    onForgotten: id => forgotten.push(id),
    onStopAsked: () => {},
    onFollowedElsewhere: () => {},
  })
  const log = store.create(facts('a'))
  store.expire('a', 300)
  store.expire('a', 300)
  expect(timers.due.map(({ ms }) => ms)).toEqual([300])
  expect(store.find('a')?.log).toBe(log)
  timers.due[0]?.run()
  expect([store.find('a'), forgotten]).toEqual([null, ['a']])
})

test('ended streams are bounded in number and bytes; the oldest goes first, a running one never', async () => {
  const timers = ownTimers()
  const store = new MemoryStore({ logBytes: () => 10_000, timers, maxEndedStreams: 2, maxEndedBytes: 1_000 })
  store.create(facts('running')).append('x'.repeat(5_000))
  for (const id of ['a', 'b', 'c']) {
    store.create(facts(id)).append('x')
    store.expire(id, 1)
  }
  expect(['running', 'a', 'b', 'c'].map(id => store.find(id) !== null)).toEqual([true, false, true, true])
  store.create(facts('big')).append('x'.repeat(980))
  store.expire('big', 1)
  expect(['b', 'c', 'big'].map(id => store.find(id) !== null)).toEqual([false, true, true])
  await store.close()
  expect([timers.due.length, store.find('running')]).toEqual([0, null])
})
