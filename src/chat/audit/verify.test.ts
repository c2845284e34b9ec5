import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import Sqlite from 'libsql'
import { describe, expect, test } from 'vitest'
import { ALICE, auditTrail, end, refused, start } from '../../../test/support/audit-trail.js'
import { readHead } from './files.js'
import { verifyTrail } from './verify.js'

const trail = auditTrail()

/** Does to the database by hand what the trail itself would not. */
function tamper(...sql: readonly string[]): void {
  const sqlite = new Sqlite(trail.path)
  sqlite.exec('DROP TRIGGER records_are_not_changed; DROP TRIGGER records_leave_by_retention')
  for (const each of sql) sqlite.exec(each)
  sqlite.close()
}

describe('a change by hand is named:', () => {
  const written = [start('s1', ALICE), refused('10.0.0.9'), end('s1', ALICE), start('s2'), end('s2')]
  const swap = (a: number, b: number) => [
    `UPDATE records SET seq = 99 WHERE seq = ${a}`,
    `UPDATE records SET seq = ${a} WHERE seq = ${b}`,
    `UPDATE records SET seq = ${b} WHERE seq = 99`,
  ]
  test.each<[string, readonly string[], string, number]>([
    ['details', ["UPDATE records SET details = '{}' WHERE seq = 3"], 'changed', 3],
    ['a time', ['UPDATE records SET at_ms = at_ms + 1 WHERE seq = 2'], 'changed', 2],
    ['a subject', ['UPDATE records SET subject = NULL WHERE seq = 1'], 'changed', 1],
    ['a deleted record', ['DELETE FROM records WHERE seq = 2'], 'missing', 2],
    ['the deleted first', ['DELETE FROM records WHERE seq = 1'], 'missing', 1],
    ['two exchanged', swap(2, 4), 'changed', 2],
    ['the last ones cut off', ['DELETE FROM records WHERE seq > 3'], 'cut_off', 4],
    ['all gone', ['DELETE FROM records'], 'cut_off', 1],
    [
      'one put before',
      [
        'INSERT INTO records SELECT 0, at_ms, operation, stream_id, subject, details, mac FROM records WHERE seq = 1',
      ],
      'changed',
      0,
    ],
    ['a kept address', ["UPDATE kept SET value = '10.0.0.8'"], 'kept', 2],
    ['a kept address taken away', ['DELETE FROM kept'], 'kept', 2],
    ['a kept value put in', ["INSERT INTO kept VALUES (3, 'email', 'x')"], 'kept', 3],
    ['a salt deleted without erasure', ['DELETE FROM subjects'], 'salt', 1],
    [
      'a made-up checkpoint',
      ["INSERT INTO checkpoint VALUES (1, 2, '00', 0, '00')", 'DELETE FROM records WHERE seq <= 2'],
      'checkpoint',
      2,
    ],
  ])('%s', async (_, sql, fault, seq) => {
    await trail.open()
    await trail.write(written)
    await trail.close()
    expect(await trail.verify()).toMatchObject({ ok: true, records: 5 })
    tamper(...sql)
    expect(await trail.verify()).toMatchObject({ ok: false, fault, seq })
  })

  test('a tail that was cut off stays named after the server has started again', async () => {
    await trail.open()
    await trail.write(written)
    await trail.close()
    tamper('DELETE FROM records WHERE seq > 3')
    expect((await trail.open()).headMismatch).toBe(true)
    await trail.write([start('s9')])
    expect(await trail.verify()).toMatchObject({ ok: false, fault: 'head_mismatch', seq: 4 })
    expect(trail.shownAll()[3]?.details).toMatchObject({ why: 'ahead', headCount: 5, lastSeq: 3 })
  })

  test.each(['missing', 'forged'])('a head that is %s at a start', async why => {
    await trail.open()
    await trail.write(written)
    await trail.close()
    if (why === 'missing') rmSync(`${trail.path}.head`)
    else writeFileSync(`${trail.path}.head`, JSON.stringify({ ...(await readHead(trail.path)), count: 3 }))
    await trail.open()
    expect(await trail.verify()).toMatchObject({ fault: 'head_mismatch', seq: 6 })
  })

  test('a database put back to an older state, by a head kept elsewhere', async () => {
    await trail.open()
    await trail.write(written.slice(0, 2))
    await trail.close()
    const old = [readFileSync(trail.path), readFileSync(`${trail.path}.head`)] as const
    await trail.open()
    await trail.write(written.slice(2))
    const elsewhere = await readHead(trail.path)
    await trail.close()
    writeFileSync(trail.path, old[0])
    writeFileSync(`${trail.path}.head`, old[1])
    expect(await trail.verify()).toMatchObject({ ok: true })
    expect(await verifyTrail(trail.path, trail.keyOf(), elsewhere)).toMatchObject({
      fault: 'cut_off',
      seq: 3,
    })
  })
})
