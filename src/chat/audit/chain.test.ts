import { expect, test } from 'vitest'
import { seal } from '../../../test/support/sealed.js'
import { GENESIS_MAC, isSameMac, macOf, signatureOf, type Unsealed } from './chain.js'

const KEY = Buffer.alloc(32, 7)
const RECORD: Unsealed = {
  seq: 1,
  atMs: 1_700_000_000_000,
  operation: 'stream.start',
  streamId: 's1',
  subject: 'ab',
  details: '{"upstream":"http://rag"}',
}

test('a MAC is what it was in every version: a trail must verify after an upgrade', () => {
  expect(GENESIS_MAC).toBe('0000000000000000000000000000000000000000000000000000000000000000')
  expect(macOf(KEY, GENESIS_MAC, RECORD)).toBe(
    '514420628b7edd306d490f3aa4263a343bddcf44846d8675ac4d4983024f17ba',
  )
  expect(signatureOf(KEY, 'head', [1, 'ab'])).toBe(
    '92b12c0272ff09c375e71ba006a860410f6174dd2959e7afaf349d8399aa1da9',
  )
})

test('no two records have one MAC, however alike they are spelled', () => {
  const records: readonly Unsealed[] = [
    RECORD,
    { ...RECORD, seq: 2 },
    { ...RECORD, atMs: RECORD.atMs + 1 },
    { ...RECORD, operation: 'stream.stop' },
    { ...RECORD, operation: 'stream.starts', streamId: '1' },
    { ...RECORD, streamId: null },
    { ...RECORD, streamId: 'null' },
    { ...RECORD, streamId: 's1ab', subject: '' },
    { ...RECORD, subject: null },
    { ...RECORD, subject: RECORD.details, details: 'ab' },
    { ...RECORD, details: '{}' },
  ]
  expect(new Set(records.map(record => macOf(KEY, GENESIS_MAC, record))).size).toBe(records.length)
})

test('a MAC follows from the key and from the MAC before it', () => {
  const [first, second] = seal(KEY, GENESIS_MAC, [RECORD, { ...RECORD, seq: 2 }])
  expect(first?.mac).toBe(macOf(KEY, GENESIS_MAC, RECORD))
  expect(second?.mac).toBe(macOf(KEY, first?.mac ?? '', { ...RECORD, seq: 2 }))
  expect(macOf(Buffer.alloc(32, 8), GENESIS_MAC, RECORD)).not.toBe(first?.mac)
  expect(macOf(KEY, 'f'.repeat(64), RECORD)).not.toBe(first?.mac)
})

test('a signature for one purpose is none for another', () => {
  expect(signatureOf(KEY, 'head', [1])).not.toBe(signatureOf(KEY, 'checkpoint', [1]))
  expect(signatureOf(KEY, 'head', [1, '2'])).not.toBe(signatureOf(KEY, 'head', ['1', 2]))
})

test('digests are the same when every character is', () => {
  expect(isSameMac('ab', 'ab')).toBe(true)
  for (const other of ['ac', 'a', 'abc', '']) expect(isSameMac('ab', other)).toBe(false)
})
