import { expect, test } from 'vitest'
import { Turn } from './turn.js'

const turnOver = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('what is asked for in one turn runs together when it is over, in order, once', async () => {
  const turn = new Turn()
  const ran: string[] = []
  turn.atEnd(() => ran.push('a'))
  turn.atEnd(() => ran.push('b'))
  await Promise.resolve()
  expect(ran).toEqual([])
  await turnOver()
  expect(ran).toEqual(['a', 'b'])
  await turnOver()
  expect(ran).toEqual(['a', 'b'])
})

test('what is asked for meanwhile runs too, later', async () => {
  const turn = new Turn()
  const ran: string[] = []
  turn.atEnd(() => turn.atEnd(() => ran.push('later')))
  await turnOver()
  await turnOver()
  expect(ran).toEqual(['later'])
})

test('nobody waits for more than 31 others', async () => {
  const turn = new Turn()
  let ran = 0
  for (let i = 0; i < 31; i++) turn.atEnd(() => ran++)
  expect(ran).toBe(0)
  turn.atEnd(() => ran++)
  expect(ran).toBe(32)
  turn.atEnd(() => ran++)
  expect(ran).toBe(32)
  await turnOver()
  expect(ran).toBe(33)
})
