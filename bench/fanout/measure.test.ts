import { expect, test } from 'vitest'
import { each, valuesOf } from './measure.js'
import type { Bench } from './processes.js'

function bench(round: number) {
  const notes: string[] = []
  const noted = (subject: string, what: string) => void notes.push(`${subject}: ${what}`)
  const made: Bench = {
    pin: false,
    client: null,
    against: null,
    servers: ['ours', 'bare', 'nchan'],
    round,
    failed: (subject, error) => noted(subject, error instanceof Error ? error.message : String(error)),
    noted,
  }
  return { bench: made, notes }
}

test('subjects are measured one after the other, each round beginning with the next one', async () => {
  const order: string[] = []
  const work = async (subject: string) => {
    order.push(`${subject} begins`)
    await Promise.resolve()
    order.push(`${subject} ends`)
  }
  await each(bench(2).bench, ['a', 'b'], work)
  expect(order).toEqual(['b begins', 'b ends', 'a begins', 'a ends'])
})

test('a subject that fails is named, and the others keep their values', async () => {
  const { bench: made, notes } = bench(1)
  const values = await each(made, ['ours gzip', 'ours plain'], async subject => {
    if (subject === 'ours gzip') throw new Error('it was lost')
    return { us: 7 }
  })
  expect(notes).toEqual(['ours gzip: it was lost'])
  expect(valuesOf(values, { value: ({ us }) => us })).toEqual({ 'ours plain': 7 })
})

test('a row may rename a subject or leave it out', () => {
  const samples = new Map([
    ['ours', 1],
    ['bare', 2],
  ])
  const as = (subject: string) => (subject === 'ours' ? 'ours with' : null)
  expect(valuesOf(samples, { value: one => one, as })).toEqual({ 'ours with': 1 })
})

test('what a subject cannot measure is no value, and no zero', async () => {
  const values = await each(bench(1).bench, ['ours', 'bare'], async subject => ({
    percent: subject === 'ours' ? 50 : null,
  }))
  expect(valuesOf(values, { value: ({ percent }) => percent })).toEqual({ ours: 50 })
})
