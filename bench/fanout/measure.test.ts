import { expect, test } from 'vitest'
import { each, picked } from './measure.js'
import type { Bench } from './processes.js'

function bench(round: number) {
  const said: string[] = []
  const noted = (subject: string, what: string) => void said.push(`${subject}: ${what}`)
  const made: Bench = {
    pin: false,
    client: null,
    servers: ['ours', 'bare', 'nchan'],
    round,
    failed: (subject, error) => noted(subject, error instanceof Error ? error.message : String(error)),
    noted,
  }
  return { bench: made, said }
}

test('subjects are measured one after the other, each round beginning with another one', async () => {
  const order: string[] = []
  const work = async (subject: string) => {
    order.push(`${subject} begins`)
    await Promise.resolve()
    order.push(`${subject} ends`)
  }
  await each(bench(2).bench, ['a', 'b'], work)
  expect(order).toEqual(['b begins', 'b ends', 'a begins', 'a ends'])
})

test('one that fails is named, and costs nobody else a value', async () => {
  const { bench: made, said } = bench(1)
  const values = await each(made, ['ours gzip', 'ours plain'], async subject => {
    if (subject === 'ours gzip') throw new Error('it was lost')
    return { us: 7 }
  })
  expect(said).toEqual(['ours gzip: it was lost'])
  expect(picked(values, ({ us }) => us)).toEqual({ 'ours plain': 7 })
})

test('what a subject cannot say is no value of it, and no zero', async () => {
  const values = await each(bench(1).bench, ['ours', 'bare'], async subject => ({
    percent: subject === 'ours' ? 50 : null,
  }))
  expect(picked(values, ({ percent }) => percent)).toEqual({ ours: 50 })
})
