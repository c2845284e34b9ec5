import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  auditTrail,
  BOB,
  DAY_MS,
  end,
  NOW_MS,
  refused,
  start,
} from '../../../test/support/audit-trail.js'
import { draftOf } from './draft.js'
import { openStore } from './store.js'

const trail = auditTrail()

describe('retention', () => {
  const old = NOW_MS - 100 * DAY_MS
  const before = NOW_MS - 90 * DAY_MS

  test('removes old records and the subjects only they were about; the rest verifies', async () => {
    await trail.open()
    await trail.write([
      start('s1', ALICE, old),
      refused('10.0.0.9', null, old),
      end('s1', ALICE, old),
      start('s2', BOB),
    ])
    expect(await trail.writer?.sweep(before, NOW_MS)).toEqual({ records: 3, subjects: 2 })
    expect(await trail.verify()).toEqual({ ok: true, records: 1, firstSeq: 4, lastSeq: 4, afterHead: 0 })
    await trail.write([end('s2', BOB)])
    expect(await trail.verify()).toMatchObject({ ok: true, records: 2 })
    expect(readFileSync(trail.path, 'latin1') + readFileSync(`${trail.path}-wal`, 'latin1')).not.toContain(
      '10.0.0.9',
    )
  })

  test('may remove everything, and the numbers go on', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE, old)])
    await trail.writer?.sweep(before, NOW_MS)
    expect(await trail.verify()).toEqual({ ok: true, records: 0, firstSeq: null, lastSeq: 1, afterHead: 0 })
    await trail.close()
    expect(await trail.open()).toMatchObject({ headMismatch: false })
    await trail.write([start('s2')])
    expect(trail.shownAll()[1]?.seq ?? trail.shownAll()[0]?.seq).toBeGreaterThan(1)
    expect(await trail.verify()).toMatchObject({ ok: true })
  })

  test('does not pass a younger record, nor take more than there is', async () => {
    await trail.open()
    await trail.write([start('s1', null, old), start('s2'), end('s1', null, old)])
    expect(await trail.writer?.sweep(before, NOW_MS)).toMatchObject({ records: 1 })
    expect(await trail.writer?.sweep(before, NOW_MS)).toMatchObject({ records: 0 })
    expect(await trail.verify()).toMatchObject({ ok: true, records: 2 })
  })

  test('takes no more at a time than it is asked to', () => {
    const store = openStore(trail.path, Buffer.alloc(32, 1))
    const options = { storeEmail: false }
    store.append(['s1', 's2', 's3', 's4', 's5'].map(id => draftOf(start(id, null, old), options)))
    expect([2, 2, 2].map(limit => store.sweep(before, NOW_MS, limit).records)).toEqual([2, 2, 1])
    store.close()
  })

  test('takes many in steps', async () => {
    await trail.open()
    await trail.write(Array.from({ length: 4_500 }, (_, i) => start(`s${i}`, ALICE, old)))
    expect(await trail.writer?.sweep(before, NOW_MS)).toEqual({ records: 4_500, subjects: 1 })
    expect(await trail.verify()).toMatchObject({ ok: true, records: 0, lastSeq: 4_500 })
  })
})
