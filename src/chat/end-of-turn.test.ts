import { expect, test } from 'vitest'
import { EndOfTurn } from './end-of-turn.js'

const turnOver = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('callbacks of one turn run together at its end, in order, once', async () => {
  const turn = new EndOfTurn()
  const ran: string[] = []
  turn.run(() => ran.push('a'))
  turn.run(() => ran.push('b'))
  await Promise.resolve()
  expect(ran).toEqual([])
  await turnOver()
  expect(ran).toEqual(['a', 'b'])
  await turnOver()
  expect(ran).toEqual(['a', 'b'])
})

test('a callback added by another one runs in a later turn', async () => {
  const turn = new EndOfTurn()
  const ran: string[] = []
  turn.run(() => turn.run(() => ran.push('later')))
  await turnOver()
  await turnOver()
  expect(ran).toEqual(['later'])
})

test('32 callbacks run at once, before the end of the turn', async () => {
  const turn = new EndOfTurn()
  let ran = 0
  for (let i = 0; i < 31; i++) turn.run(() => ran++)
  expect(ran).toBe(0)
  turn.run(() => ran++)
  expect(ran).toBe(32)
  turn.run(() => ran++)
  expect(ran).toBe(32)
  await turnOver()
  expect(ran).toBe(33)
})
