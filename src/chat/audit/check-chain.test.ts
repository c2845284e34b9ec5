import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seal } from '../../../test/support/sealed.js'
import {
  type AuditRecord,
  type Checkpoint,
  checkChain,
  GENESIS_MAC,
  type Head,
  signCheckpoint,
  signHead,
  type Unsealed,
} from './chain.js'

const KEY = Buffer.from('a key of the audit trail')

const record = (seq: number, details = `{"n":${seq}}`): Unsealed => ({
  seq,
  atMs: 1_000 * seq,
  operation: seq % 2 === 0 ? 'stream.end' : 'stream.start',
  streamId: seq % 3 === 0 ? null : `s${seq}`,
  subject: seq % 5 === 0 ? null : `ref${seq % 4}`,
  details,
})

function chain(count: number): readonly AuditRecord[] {
  return seal(
    KEY,
    GENESIS_MAC,
    Array.from({ length: count }, (_, i) => record(i + 1)),
  )
}

function headOf(records: readonly AuditRecord[], checkpoint: Checkpoint | null = null): Head {
  const last = records.at(-1)
  return signHead(KEY, {
    count: last?.seq ?? checkpoint?.throughSeq ?? 0,
    mac: last?.mac ?? checkpoint?.mac ?? GENESIS_MAC,
    atMs: 5,
  })
}

/** As a database gives them: by number. */
const check = (
  records: readonly AuditRecord[],
  head: Head | null,
  checkpoint: Checkpoint | null = null,
  key = KEY,
) => checkChain({ key, checkpoint, head, records: records.toSorted((a, b) => a.seq - b.seq) })

const length = fc.integer({ min: 1, max: 30 })
const within = (count: number) => fc.integer({ min: 1, max: count })
const member = fc.constantFrom('atMs', 'operation', 'streamId', 'subject', 'details', 'mac')

/** Another value of the same column. */
function altered(original: AuditRecord, name: string): AuditRecord {
  switch (name) {
    case 'atMs':
      return { ...original, atMs: original.atMs + 1 }
    case 'streamId':
      return { ...original, streamId: original.streamId === null ? '' : null }
    case 'subject':
      return { ...original, subject: original.subject === null ? 'ref0' : null }
    case 'mac':
      return { ...original, mac: original.mac.replace(/^./, c => (c === '0' ? '1' : '0')) }
    case 'operation':
      return { ...original, operation: 'stream.stop' }
    default:
      return { ...original, details: original.details.replace('n', 'm') }
  }
}

describe('a chain', () => {
  test('as it was written is whole, whatever of its beginning retention has removed', () => {
    fc.assert(
      fc.property(
        length.chain(n => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n }))),
        ([n, removed]) => {
          const records = chain(n)
          const last = records[removed - 1]
          const point =
            last === undefined ? null : signCheckpoint(KEY, { throughSeq: removed, mac: last.mac, atMs: 1 })
          const left = records.slice(removed)
          expect(check(left, headOf(records), point)).toEqual({
            ok: true,
            records: n - removed,
            firstSeq: removed === n ? null : removed + 1,
            lastSeq: n,
            afterHead: 0,
          })
        },
      ),
    )
  })

  test('names the first record of which anything was changed', () => {
    fc.assert(
      fc.property(
        length.chain(n => fc.tuple(fc.constant(n), fc.uniqueArray(within(n), { minLength: 1 }), member)),
        ([n, seqs, name]) => {
          const records = chain(n)
          const changed = records.map(each => (seqs.includes(each.seq) ? altered(each, name) : each))
          const verdict = check(changed, headOf(records))
          expect(verdict).toMatchObject({ ok: false, fault: 'changed', seq: Math.min(...seqs) })
        },
      ),
    )
  })

  test('names the first record that was taken out, at the end too', () => {
    fc.assert(
      fc.property(
        length.chain(n => fc.tuple(fc.constant(n), fc.uniqueArray(within(n), { minLength: 1 }))),
        ([n, seqs]) => {
          const records = chain(n)
          const left = records.filter(({ seq }) => !seqs.includes(seq))
          const seq = Math.min(...seqs)
          const isTail = left.every(each => each.seq < seq)
          expect(check(left, headOf(records))).toMatchObject({
            ok: false,
            fault: isTail ? 'cut_off' : 'missing',
            seq,
          })
        },
      ),
    )
  })

  test('names the first of two records that changed places', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 30 }).chain(n => {
          const two = fc.uniqueArray(within(n), { minLength: 2, maxLength: 2 })
          return fc.tuple(fc.constant(n), two)
        }),
        ([n, [a = 0, b = 0]]) => {
          const records = chain(n)
          const moved = records.map(each => ({
            ...each,
            seq: each.seq === a ? b : each.seq === b ? a : each.seq,
          }))
          expect(check(moved, headOf(records))).toMatchObject({ fault: 'changed', seq: Math.min(a, b) })
        },
      ),
    )
  })

  test('takes no record that was put in, before, between or after', () => {
    fc.assert(
      fc.property(length, fc.integer({ min: 0, max: 31 }), (n, at) => {
        const records = chain(n)
        const forged = { ...record(at, '{"n":"forged"}'), mac: 'ab'.repeat(32) }
        const after = records.map(each => (each.seq >= at ? { ...each, seq: each.seq + 1 } : each))
        const seq = Math.min(at, n + 1)
        expect(check([...after, { ...forged, seq }], headOf(records))).toMatchObject({
          fault: 'changed',
          seq,
        })
      }),
    )
  })

  test('takes no record of another history, though it was sealed with the same key under the same number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 30 }).chain(n => fc.tuple(fc.constant(n), fc.integer({ min: 2, max: n }))),
        ([n, seq]) => {
          const records = chain(n)
          const first = record(1, '{"n":"another"}')
          const rest = records.slice(1).map(({ mac: _, ...unsealed }) => unsealed)
          const other = seal(KEY, GENESIS_MAC, [first, ...rest])
          const mixed = records.map(each => (each.seq === seq ? (other[seq - 1] ?? each) : each))
          expect(check(mixed, headOf(records))).toMatchObject({ fault: 'changed', seq })
        },
      ),
    )
  })

  test('is nobody’s without the key', () => {
    const records = chain(3)
    expect(check(records, headOf(records), null, Buffer.from('another'))).toMatchObject({ seq: 1 })
  })
})

describe('the head', () => {
  const records = chain(4)

  test('that is missing, forged or of another chain is a fault', () => {
    const head = headOf(records)
    expect(check(records, null)).toMatchObject({ fault: 'head', seq: 4 })
    expect(check(records, { ...head, count: 3 })).toMatchObject({ fault: 'head' })
    expect(check(records, { ...head, atMs: 6 })).toMatchObject({ fault: 'head' })
    const other = signHead(KEY, { count: 2, mac: 'cd'.repeat(32), atMs: 5 })
    expect(check(records, other)).toMatchObject({ fault: 'head', seq: 2 })
  })

  test('may be a batch behind, as after a crash', () => {
    expect(check(records, headOf(records.slice(0, 3)))).toMatchObject({ ok: true, afterHead: 1 })
  })

  test('of a trail without a record counts none', () => {
    expect(check([], headOf([]))).toEqual({ ok: true, records: 0, firstSeq: null, lastSeq: 0, afterHead: 0 })
  })
})

describe('a checkpoint', () => {
  const records = chain(4)
  const mac = records[1]?.mac ?? ''
  const point = signCheckpoint(KEY, { throughSeq: 2, mac, atMs: 9 })

  test('that was not signed by the key does not excuse missing records', () => {
    const forged = { ...point, throughSeq: 3 }
    expect(check(records.slice(3), headOf(records), forged)).toMatchObject({ fault: 'checkpoint', seq: 3 })
  })

  test('excuses no record after it', () => {
    expect(check(records.slice(3), headOf(records), point)).toMatchObject({ fault: 'missing', seq: 3 })
  })
})
