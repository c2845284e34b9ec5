// Every table besides the records: what was changed from outside is named by verify, and nothing is done on its word.
import Sqlite from 'libsql'
import { beforeEach, describe, expect, test } from 'vitest'
import { ALICE, auditTrail, BOB, end, NOW_MS, refused, start } from '../../../test/support/audit-trail.js'
import { type AuditRecord, GENESIS_MAC, macOf, signHead } from './chain.js'
import { canonicalJson } from './draft.js'
import { writeHead } from './files.js'
import { newestRecords, recordsOf } from './read.js'
import type { SubjectName } from './subjects.js'

const trail = auditTrail()
const HOUR_MS = 3_600_000
const ALICE_NAME: SubjectName = { kind: 'name', text: 'alice' }
const ALICE_MAIL: SubjectName = { kind: 'name', text: 'alice@example.org' }
const BOB_NAME: SubjectName = { kind: 'name', text: 'bob' }
const ADDRESS: SubjectName = { kind: 'address', text: '10.0.0.9' }

function tamper(...sql: readonly string[]): void {
  const sqlite = new Sqlite(trail.path)
  sqlite.exec('DROP TRIGGER records_are_not_changed; DROP TRIGGER records_leave_by_retention')
  for (const each of sql) sqlite.exec(each)
  sqlite.close()
}

const refOf = (seq: number): string => `(SELECT subject FROM records WHERE seq = ${seq})`
const A = refOf(1)
const B = refOf(3)
const swapped = (table: string): readonly string[] => [
  `CREATE TEMP TABLE two AS SELECT ${A} AS a, ${B} AS b`,
  `UPDATE ${table} SET ref = 'x' WHERE ref = (SELECT a FROM two)`,
  `UPDATE ${table} SET ref = (SELECT a FROM two) WHERE ref = (SELECT b FROM two)`,
  `UPDATE ${table} SET ref = (SELECT b FROM two) WHERE ref = 'x'`,
]

async function written(): Promise<void> {
  await trail.open()
  await trail.write([start('s1', ALICE), refused('10.0.0.9'), start('s3', BOB), end('s3', BOB)], true)
  await trail.close()
}

const exported = (name: SubjectName) => recordsOf(trail.path, trail.keyOf(), [name]).map(({ seq }) => seq)
async function erased(name: SubjectName) {
  await trail.open(false)
  return trail.writer?.erase([name], NOW_MS)
}

describe('changed from outside, it is named by verify, and neither export nor erase does anything:', () => {
  beforeEach(written)

  test.each<[string, readonly string[], string, readonly SubjectName[]]>([
    ['lookups of two persons swapped', swapped('lookups'), 'subject', [ALICE_NAME, BOB_NAME, ALICE_MAIL]],
    [
      'a lookup copied to another person',
      [`INSERT INTO lookups SELECT lookup, ${B} FROM lookups WHERE ref = ${A}`],
      'subject',
      [ALICE_NAME, BOB_NAME],
    ],
    [
      'a lookup moved to another person',
      [`UPDATE lookups SET ref = ${B} WHERE ref = ${A}`],
      'subject',
      [ALICE_NAME, ALICE_MAIL, BOB_NAME],
    ],
    [
      'the lookups of a person deleted',
      [`DELETE FROM lookups WHERE ref = ${A}`],
      'subject',
      [ALICE_NAME, ALICE_MAIL],
    ],
    ['a made-up lookup', [`INSERT INTO lookups VALUES ('00', ${A})`], 'subject', [ALICE_NAME]],
    ['a lookup of nobody', ["INSERT INTO lookups VALUES ('00', 'nobody')"], 'subject', []],
    ['the subjects of two persons swapped', swapped('subjects'), 'kept', [ALICE_NAME, BOB_NAME]],
    [
      'a subject copied',
      ["INSERT INTO subjects SELECT 'copy', salt, last_used_ms, mac FROM subjects LIMIT 1"],
      'subject',
      [],
    ],
    ['a subject deleted', [`DELETE FROM subjects WHERE ref = ${A}`], 'kept', [ALICE_NAME]],
    [
      'a subject and its lookups deleted',
      [`DELETE FROM lookups WHERE ref = ${A}`, `DELETE FROM subjects WHERE ref = ${A}`],
      'kept',
      [],
    ],
    [
      'a made-up subject',
      ["INSERT INTO subjects VALUES ('x', x'00', 0, '00')", "INSERT INTO lookups VALUES ('00', 'x')"],
      'subject',
      [],
    ],
    ['a salt', [`UPDATE subjects SET salt = x'00' WHERE ref = ${A}`], 'kept', [ALICE_NAME]],
    [
      'a time of last use',
      [`UPDATE subjects SET last_used_ms = 0 WHERE ref = ${A}`],
      'subject',
      [ALICE_NAME],
    ],
    ['a MAC of a subject', [`UPDATE subjects SET mac = NULL WHERE ref = ${A}`], 'subject', [ALICE_NAME]],
    ['a kept value', ["UPDATE kept SET value = '10.0.0.8' WHERE seq = 2"], 'kept', [ADDRESS]],
    ['a kept value deleted', ['DELETE FROM kept WHERE seq = 2'], 'kept', [ADDRESS]],
    [
      'kept values swapped',
      [
        'UPDATE kept SET seq = 5 - seq WHERE seq IN (2, 3)',
        "UPDATE kept SET seq = 5 - seq WHERE name = 'email'",
      ],
      'kept',
      [ADDRESS],
    ],
    [
      'a kept value copied',
      ["INSERT INTO kept SELECT 3, 'address', value FROM kept WHERE seq = 2"],
      'kept',
      [BOB_NAME],
    ],
    ['a kept value of no record', ["INSERT INTO kept VALUES (77, 'email', 'x')"], 'kept', []],
    [
      'a record moved to another person',
      [`UPDATE records SET subject = ${B} WHERE seq = 1`],
      'changed',
      [BOB_NAME],
    ],
    [
      'two records of persons swapped',
      [
        'UPDATE records SET seq = 9 WHERE seq = 1',
        'UPDATE records SET seq = 1 WHERE seq = 3',
        'UPDATE records SET seq = 3 WHERE seq = 9',
      ],
      'changed',
      [ALICE_NAME, BOB_NAME],
    ],
    ['an open stream deleted', ['DELETE FROM open_streams'], 'open_streams', []],
    ['a made-up open stream', ["INSERT INTO open_streams VALUES ('s3')"], 'open_streams', []],
    ['an open stream renamed', ["UPDATE open_streams SET stream_id = 's9'"], 'open_streams', []],
    ['the key mark', ["UPDATE meta SET value = '00' WHERE name = 'key'"], 'meta', []],
    ['the key mark deleted', ["DELETE FROM meta WHERE name = 'key'"], 'meta', []],
    [
      'the mark of the MACs deleted',
      ["DELETE FROM meta WHERE name = 'sealed'"],
      'meta',
      [ALICE_NAME, BOB_NAME],
    ],
    [
      'the marks swapped',
      ["UPDATE meta SET name = 'x' WHERE name = 'key'", "UPDATE meta SET name = 'key' WHERE name = 'sealed'"],
      'meta',
      [],
    ],
    ['a made-up mark', ["INSERT INTO meta VALUES ('x', 'y')"], 'meta', []],
    [
      'the column of the MACs removed',
      ['ALTER TABLE subjects DROP COLUMN mac'],
      'subject',
      [ALICE_NAME, BOB_NAME],
    ],
  ])('%s', async (_, sql, fault, whose) => {
    expect(await trail.verify()).toMatchObject({ ok: true })
    tamper(...sql)
    expect(await trail.verify()).toMatchObject({ ok: false, fault })
    const before = newestRecords(trail.path, 99)
    for (const name of whose) {
      expect(() => exported(name), name.text).toThrow('nothing was done')
      await expect(erased(name), name.text).rejects.toMatchObject({ code: 'changed' })
      await trail.close()
    }
    expect(newestRecords(trail.path, 99)).toEqual(before)
  })
})

describe('rows put back to an earlier state', () => {
  const rows = () => {
    const sqlite = new Sqlite(trail.path)
    const all = ['subjects', 'lookups'].map(
      table => sqlite.prepare(`SELECT * FROM ${table}`).raw().all() as unknown[][],
    )
    sqlite.close()
    return all
  }
  const putBack = (saved: readonly (readonly unknown[][])[]): void => {
    const sqlite = new Sqlite(trail.path)
    for (const [i, table] of ['subjects', 'lookups'].entries()) {
      sqlite.exec(`DELETE FROM ${table}`)
      for (const row of saved[i] ?? []) {
        sqlite.prepare(`INSERT INTO ${table} VALUES (${row.map(() => '?').join()})`).run(...row)
      }
    }
    sqlite.close()
  }

  test('before a name was added, are named', async () => {
    await trail.open()
    await trail.write([start('s1', { ...ALICE, email: null })])
    const saved = rows()
    await trail.write([start('s2', ALICE)])
    await trail.close()
    putBack(saved)
    expect(await trail.verify()).toMatchObject({ fault: 'subject', seq: 1 })
    expect(() => exported(ALICE_NAME)).toThrow('put back to an earlier state')
  })

  test('before an erasure, are named', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE)])
    const saved = rows()
    await trail.writer?.erase([ALICE_NAME], NOW_MS)
    await trail.close()
    expect(await trail.verify()).toMatchObject({ ok: true })
    putBack(saved)
    expect(await trail.verify()).toMatchObject({ fault: 'subject', seq: 1 })
    expect(() => exported(ALICE_NAME)).toThrow('after they were erased')
  })
})

test('a person is exported and erased though the rows of others were changed, with a warning', async () => {
  await written()
  tamper(`UPDATE subjects SET salt = x'00' WHERE ref = ${A}`)
  const warnings: string[] = []
  const warn = (text: string): void => void warnings.push(text)
  expect(recordsOf(trail.path, trail.keyOf(), [BOB_NAME], warn)).toHaveLength(2)
  await trail.open(false)
  expect(await trail.writer?.erase([BOB_NAME], NOW_MS, warn)).toMatchObject({ subjects: 1 })
  expect(warnings).toEqual(
    Array.from({ length: 2 }, () => 'the rows of 1 other persons were changed from outside'),
  )
  expect(() => exported({ kind: 'name', text: 'nobody' })).toThrow('nobody of that name is found, but')
})

test('a person whose record may be one of those that are missing is exported with a warning', async () => {
  await written()
  tamper('DELETE FROM records WHERE seq = 2')
  const warnings: string[] = []
  expect(recordsOf(trail.path, trail.keyOf(), [ALICE_NAME], text => warnings.push(text))).toHaveLength(1)
  expect(warnings).toEqual([expect.stringContaining('records are missing')])
})

test('the writer links nobody to changed rows: a person whose lookup was moved gets new rows', async () => {
  await written()
  tamper(`UPDATE lookups SET ref = ${B} WHERE ref = ${A}`)
  await trail.open()
  await trail.write([start('s9', ALICE)])
  const subjects = trail.shownAll().map(({ subject }) => subject)
  expect([subjects[0], subjects[2]]).not.toContain(subjects.at(-1))
  expect(await trail.verify()).toMatchObject({ ok: false, fault: 'subject' })
})

test('a subject in use for long keeps its MAC: each change of its rows is in the chain', async () => {
  await trail.open()
  for (let i = 0; i < 4; i++) await trail.write([start(`s${i}`, ALICE, NOW_MS + i * 0.7 * HOUR_MS)])
  const macs = trail.shownAll().map(({ details }) => (details as { subjectMac?: string }).subjectMac)
  expect(macs.map(mac => mac !== undefined)).toEqual([true, false, true, false])
  expect(await trail.verify()).toMatchObject({ ok: true })
  expect(exported(ALICE_NAME)).toEqual([1, 2, 3, 4])
})

describe('a database of an earlier version', () => {
  /** As the version before wrote it: no MACs, no mark, and no trace of them in the records. */
  async function earlier(): Promise<void> {
    await trail.close()
    const sqlite = new Sqlite(trail.path)
    sqlite.exec('DROP TRIGGER records_are_not_changed')
    type Row = Omit<AuditRecord, 'atMs' | 'streamId'> & {
      readonly at_ms: number
      readonly stream_id: string | null
    }
    const rows = sqlite.prepare('SELECT * FROM records ORDER BY seq').all() as Row[]
    let mac = GENESIS_MAC
    for (const { at_ms: atMs, stream_id: streamId, seq, operation, subject, details: full } of rows) {
      const { subjectMac: _, ...rest } = JSON.parse(full) as Record<string, unknown>
      const details = canonicalJson(rest)
      mac = macOf(trail.keyOf(), mac, { seq, atMs, operation, streamId, subject, details })
      sqlite.prepare('UPDATE records SET details = ?, mac = ? WHERE seq = ?').run(details, mac, seq)
    }
    sqlite.exec("ALTER TABLE subjects DROP COLUMN mac; DELETE FROM meta WHERE name = 'sealed'")
    sqlite.close()
    await writeHead(trail.path, signHead(trail.keyOf(), { count: rows.length, mac, atMs: NOW_MS }))
  }

  test('is whole, and verify says what is not covered; persons are found when a server has opened it', async () => {
    await trail.open()
    await earlier()
    expect(await trail.verify()).toEqual({
      ok: true,
      records: 0,
      firstSeq: null,
      lastSeq: 0,
      afterHead: 0,
      unsealed: true,
    })
    expect(() => exported(ALICE_NAME)).toThrow('no MACs')
    await trail.open()
    expect(await trail.verify()).not.toHaveProperty('unsealed')
  })

  test('with records gets a mark in its chain, once, and its persons stay', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE), end('s1', ALICE)])
    await earlier()
    expect(await trail.verify()).toMatchObject({ ok: true, records: 2, unsealed: true })
    await trail.open()
    await trail.close()
    await trail.open()
    expect(trail.shownAll().map(({ operation, details }) => [operation, details])).toMatchObject([
      ['stream.start', {}],
      ['stream.end', {}],
      ['audit.sealed', { subjects: 1 }],
    ])
    expect(exported(ALICE_NAME)).toEqual([1, 2])
    expect(await trail.verify()).toMatchObject({ ok: true, records: 3 })
    await trail.close()
    tamper("DELETE FROM meta WHERE name = 'sealed'", 'UPDATE subjects SET mac = NULL')
    expect((await trail.open()).sealsRemoved).toBe(true)
    expect(trail.shownAll()).toHaveLength(3)
    expect(await trail.verify()).toMatchObject({ ok: false })
  })
})
