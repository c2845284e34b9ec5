import { expect, test } from 'vitest'
import { ALICE, auditTrail, start } from '../../../test/support/audit-trail.js'
import { openTrail, recordsOf } from './read.js'

const trail = auditTrail()

// Rows are fetched 500 at a time; the chain must come whole over every page's end.
test.each([500, 501, 1_000])('%i records are read in order and once, over the ends of pages', async count => {
  await trail.open()
  await trail.write(Array.from({ length: count }, (_, i) => start(`s${i}`, ALICE)))
  const reader = openTrail(trail.path)
  const read = reader.after(0, count + 1).map(({ seq }) => seq)
  reader.close()
  expect(read).toEqual(Array.from({ length: count }, (_, i) => i + 1))
  expect(await trail.verify()).toMatchObject({ ok: true, records: count })
})

test('a reader returns at most the limit, after the given record', async () => {
  await trail.open()
  await trail.write(['s1', 's2', 's3', 's4'].map(id => start(id)))
  const reader = openTrail(trail.path)
  const after = (seq: number, limit: number) => reader.after(seq, limit).map(each => each.seq)
  expect([after(0, 2), after(1, 2), after(3, 2), after(4, 2)]).toEqual([[1, 2], [2, 3], [4], []])
  reader.close()
})

test('the records of several names come in the order they were written, each once', async () => {
  await trail.open()
  const both = (streamId: string, name: string) =>
    start(streamId, { ...ALICE, key: `iss|${name}`, email: null })
  await trail.write([both('s1', 'ann'), both('s2', 'bob'), both('s3', 'ann'), both('s4', 'bob')])
  const names = ['bob', 'ann', 'bob'].map(text => ({ kind: 'name', text }) as const)
  expect(recordsOf(trail.path, trail.keyOf(), names).map(({ streamId }) => streamId)).toEqual([
    's1',
    's2',
    's3',
    's4',
  ])
})
