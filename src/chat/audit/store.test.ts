import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditEntry, Person } from '../seams.js'
import { type AuditDesk, openDesk } from './desk.js'
import { draftOf } from './draft.js'
import { readHead } from './head-file.js'
import { loadKey } from './key.js'
import { newestRecords, openReader, recordsOf } from './read.js'
import { openStore } from './store.js'
import { verifyTrail } from './verify.js'

const DAY_MS = 86_400_000
const NOW_MS = 1_700_000_000_000
const ALICE: Person = { key: 'iss|alice', email: 'Alice@Example.org', role: 'member', tokenId: 't-alice' }
const BOB: Person = { key: 'iss|bob', email: null, role: null, tokenId: 't-bob' }

let folder: string
let path: string
let desk: AuditDesk | null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-audit-'))
  path = join(folder, 'audit.db')
  desk = null
})
afterEach(async () => {
  await desk?.close()
  rmSync(folder, { recursive: true })
})

async function open(asServer = true, key: string | null = null) {
  const opened = await openDesk({ path, key, asServer }, () => NOW_MS)
  desk = opened.desk
  return opened
}
async function close(): Promise<void> {
  await desk?.close()
  desk = null
}

const start = (streamId: string, person: Person | null = null, atMs = NOW_MS): AuditEntry => ({
  operation: 'stream.start',
  streamId,
  connectionId: `c-${streamId}`,
  requestId: `r-${streamId}`,
  person,
  query: `the question of ${streamId}`,
  sessionId: 'session-1',
  upstream: 'http://rag',
  atMs,
})
const end = (streamId: string, person: Person | null = null, atMs = NOW_MS): AuditEntry => ({
  operation: 'stream.end',
  streamId,
  connectionId: `c-${streamId}`,
  requestId: `r-${streamId}`,
  person,
  reason: 'complete',
  tokens: 3,
  bytes: 12,
  firstTokenMs: 40.4,
  durationMs: 100.6,
  upstreams: ['http://rag'],
  atMs,
})
const refused = (address: string, person: Person | null = null, atMs = NOW_MS): AuditEntry => ({
  operation: 'security.forbidden',
  address,
  requestId: 'r-0',
  person,
  code: 'cross_site',
  atMs,
})
const write = (entries: readonly AuditEntry[], storeEmail = false) =>
  desk?.append(entries.map(entry => draftOf(entry, { storeEmail })))

const keyOf = () => loadKey(path, null) ?? Buffer.alloc(0)
const verify = () => verifyTrail(path, keyOf())
const shownAll = () => newestRecords(path, 1_000)

/** Does to the database by hand what the trail itself would not. */
function tamper(...sql: readonly string[]): void {
  const sqlite = new Sqlite(path)
  sqlite.exec('DROP TRIGGER records_are_not_changed; DROP TRIGGER records_leave_by_retention')
  for (const each of sql) sqlite.exec(each)
  sqlite.close()
}

describe('records', () => {
  test('are chained, numbered from 1, and verify', async () => {
    await open()
    await write([start('s1'), refused('10.0.0.9'), end('s1')])
    await write([{ operation: 'auth.token_verified', person: ALICE, atMs: NOW_MS }])
    expect(shownAll().map(({ seq, operation }) => [seq, operation])).toEqual([
      [1, 'stream.start'],
      [2, 'security.forbidden'],
      [3, 'stream.end'],
      [4, 'auth.token_verified'],
    ])
    expect(await verify()).toEqual({ ok: true, records: 4, firstSeq: 1, lastSeq: 4, afterHead: 0 })
    expect((await readHead(path))?.count).toBe(4)
    const reader = openReader(path)
    expect(reader.after(2, 1).map(({ seq }) => seq)).toEqual([3])
    reader.close()
  })

  test('say what a stream came to', async () => {
    await open()
    await write([start('s1'), end('s1')])
    const [first, last] = shownAll()
    expect(first).toMatchObject({
      streamId: 's1',
      at: '2023-11-14T22:13:20.000Z',
      details: { upstream: 'http://rag' },
    })
    expect(last?.details).toMatchObject({
      reason: 'complete',
      tokens: 3,
      bytes: 12,
      firstTokenMs: 40,
      durationMs: 101,
      upstreams: ['http://rag'],
    })
    expect(last?.subject).toBe(first?.subject)
  })

  test('hold commitments only; the address of a refusal is kept, an email when that is set', async () => {
    await open()
    await write([start('s1', ALICE), refused('10.0.0.9', ALICE)])
    const everything = () =>
      ['', '-wal', '.head']
        .map(end => (existsSync(path + end) ? readFileSync(path + end, 'latin1') : ''))
        .join('')
    for (const secret of ['question', 'alice', 'example.org', 'session-1', 'c-s1', 'r-s1', 't-alice']) {
      expect(everything().toLowerCase()).not.toContain(secret)
    }
    expect(everything()).toContain('10.0.0.9')
    await write([start('s2', ALICE)], true)
    expect(everything()).toContain('Alice@Example.org')
  })

  test('of one person can be linked, those of two anonymous streams cannot', async () => {
    await open()
    await write([start('s1', ALICE), start('s2', ALICE), start('s3'), start('s4'), start('s5', BOB)])
    const [a, b, c, d, e] = shownAll().map(({ subject }) => subject)
    expect(a).toBe(b)
    expect(new Set([a, c, d, e]).size).toBe(4)
  })

  test('that cannot all be written are none of them written', async () => {
    await open()
    const broken = { ...draftOf(start('s2'), { storeEmail: false }), operation: null as unknown as string }
    await expect(desk?.append([draftOf(start('s1'), { storeEmail: false }), broken])).rejects.toThrow()
    await write([start('s3')])
    expect(shownAll().map(({ streamId }) => streamId)).toEqual(['s3'])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('cannot be changed or deleted by a plain statement', async () => {
    await open()
    await write([start('s1')])
    const sqlite = new Sqlite(path)
    expect(() => sqlite.exec("UPDATE records SET operation = 'x'")).toThrow('append-only')
    expect(() => sqlite.exec('DELETE FROM records')).toThrow('append-only')
    sqlite.close()
  })
})

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
    await open()
    await write(written)
    await close()
    expect(await verify()).toMatchObject({ ok: true, records: 5 })
    tamper(...sql)
    expect(await verify()).toMatchObject({ ok: false, fault, seq })
  })

  test('a tail that was cut off stays named after the server has started again', async () => {
    await open()
    await write(written)
    await close()
    tamper('DELETE FROM records WHERE seq > 3')
    const { opened } = await open()
    expect(opened.headMismatch).toBe(true)
    await write([start('s9')])
    expect(await verify()).toMatchObject({ ok: false, fault: 'head_mismatch', seq: 4 })
    expect(shownAll()[3]?.details).toMatchObject({ why: 'ahead', headCount: 5, lastSeq: 3 })
  })

  test.each(['missing', 'forged'])('a head that is %s at a start', async why => {
    await open()
    await write(written)
    await close()
    if (why === 'missing') rmSync(`${path}.head`)
    else writeFileSync(`${path}.head`, JSON.stringify({ ...(await readHead(path)), count: 3 }))
    await open()
    expect(await verify()).toMatchObject({ fault: 'head_mismatch', seq: 6 })
  })

  test('a database put back to an older state, by a head kept elsewhere', async () => {
    await open()
    await write(written.slice(0, 2))
    await close()
    const old = [readFileSync(path), readFileSync(`${path}.head`)] as const
    await open()
    await write(written.slice(2))
    const elsewhere = await readHead(path)
    await close()
    writeFileSync(path, old[0])
    writeFileSync(`${path}.head`, old[1])
    expect(await verify()).toMatchObject({ ok: true })
    expect(await verifyTrail(path, keyOf(), elsewhere)).toMatchObject({ fault: 'cut_off', seq: 3 })
  })
})

describe('a start after a crash', () => {
  test('ends the streams that have no end, once', async () => {
    await open()
    await write([start('s1', ALICE), start('s2'), end('s2')])
    await close()
    expect((await open()).opened.crashed).toBe(1)
    const ends = shownAll().filter(({ operation }) => operation === 'stream.end')
    expect(ends.map(({ streamId, details }) => [streamId, (details as { reason: string }).reason])).toEqual([
      ['s2', 'complete'],
      ['s1', 'crashed'],
    ])
    expect(ends[1]?.subject).toBe(shownAll()[0]?.subject)
    await close()
    expect((await open()).opened.crashed).toBe(0)
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('between batch and head finds the chain whole', async () => {
    await open()
    await write([start('s1')])
    const before = readFileSync(`${path}.head`)
    await write([end('s1')])
    await close()
    writeFileSync(`${path}.head`, before)
    expect(await verify()).toMatchObject({ ok: true, afterHead: 1 })
    expect((await open()).opened.headMismatch).toBe(false)
    expect(await verify()).toMatchObject({ ok: true, afterHead: 0 })
  })
})

describe('erasure', () => {
  test.each([
    ['key', { kind: 'person', text: 'iss|alice' }],
    ['subject claim', { kind: 'name', text: 'alice' }],
    ['email, however it is spelled', { kind: 'name', text: ' alice@EXAMPLE.org' }],
  ] as const)('by %s leaves rows nobody can link, and a chain that verifies', async (_, name) => {
    await open()
    await write([start('s1', ALICE), refused('10.0.0.9', ALICE), start('s2', BOB)], true)
    expect(recordsOf(path, keyOf(), [name])).toMatchObject([
      { seq: 1, kept: { email: 'Alice@Example.org' } },
      { seq: 2, kept: { address: '10.0.0.9', email: 'Alice@Example.org' } },
    ])
    expect(await desk?.erase([name], NOW_MS)).toEqual({ subjects: 1, records: 2 })
    expect(recordsOf(path, keyOf(), [name])).toEqual([])
    expect(shownAll().map(({ operation }) => operation)).toEqual([
      'stream.start',
      'security.forbidden',
      'stream.start',
      'audit.erase',
    ])
    expect(await verify()).toMatchObject({ ok: true, records: 4 })
    const bytes = readFileSync(path, 'latin1') + readFileSync(`${path}-wal`, 'latin1')
    expect(bytes).not.toContain('Alice@Example.org')
    expect(bytes).not.toContain('10.0.0.9')
  })

  test('is not undone by what the person does next', async () => {
    await open()
    await write([start('s1', ALICE)])
    await desk?.erase([{ kind: 'name', text: 'alice' }], NOW_MS)
    await write([end('s1', ALICE), start('s2', ALICE)])
    const found = recordsOf(path, keyOf(), [{ kind: 'name', text: 'alice' }])
    expect(found.map(({ streamId }) => streamId)).toEqual(['s2'])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('of somebody unknown changes nothing', async () => {
    await open()
    await write([start('s1', ALICE)])
    expect(await desk?.erase([{ kind: 'name', text: 'nobody' }], NOW_MS)).toEqual({ subjects: 0, records: 0 })
    expect(shownAll()).toHaveLength(1)
  })
})

describe('retention', () => {
  const old = NOW_MS - 100 * DAY_MS
  const before = NOW_MS - 90 * DAY_MS

  test('removes old records and the subjects only they were about; the rest verifies', async () => {
    await open()
    await write([
      start('s1', ALICE, old),
      refused('10.0.0.9', null, old),
      end('s1', ALICE, old),
      start('s2', BOB),
    ])
    expect(await desk?.sweep(before, NOW_MS)).toEqual({ records: 3, subjects: 2 })
    expect(await verify()).toEqual({ ok: true, records: 1, firstSeq: 4, lastSeq: 4, afterHead: 0 })
    await write([end('s2', BOB)])
    expect(await verify()).toMatchObject({ ok: true, records: 2 })
    expect(readFileSync(path, 'latin1') + readFileSync(`${path}-wal`, 'latin1')).not.toContain('10.0.0.9')
  })

  test('may remove everything, and the numbers go on', async () => {
    await open()
    await write([start('s1', ALICE, old)])
    await desk?.sweep(before, NOW_MS)
    expect(await verify()).toEqual({ ok: true, records: 0, firstSeq: null, lastSeq: 1, afterHead: 0 })
    await close()
    expect((await open()).opened).toMatchObject({ headMismatch: false })
    await write([start('s2')])
    expect(shownAll()[1]?.seq ?? shownAll()[0]?.seq).toBeGreaterThan(1)
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('does not pass a younger record, nor take more than there is', async () => {
    await open()
    await write([start('s1', null, old), start('s2'), end('s1', null, old)])
    expect(await desk?.sweep(before, NOW_MS)).toMatchObject({ records: 1 })
    expect(await desk?.sweep(before, NOW_MS)).toMatchObject({ records: 0 })
    expect(await verify()).toMatchObject({ ok: true, records: 2 })
  })

  test('takes no more at a time than it is asked to', () => {
    const store = openStore(path, Buffer.alloc(32, 1))
    const options = { storeEmail: false }
    store.append(['s1', 's2', 's3', 's4', 's5'].map(id => draftOf(start(id, null, old), options)))
    expect([2, 2, 2].map(limit => store.sweep(before, NOW_MS, limit).records)).toEqual([2, 2, 1])
    store.close()
  })

  test('takes many in steps', async () => {
    await open()
    await write(Array.from({ length: 4_500 }, (_, i) => start(`s${i}`, ALICE, old)))
    expect(await desk?.sweep(before, NOW_MS)).toEqual({ records: 4_500, subjects: 1 })
    expect(await verify()).toMatchObject({ ok: true, records: 0, lastSeq: 4_500 })
  })
})

describe('the key', () => {
  test('that is made is the owner’s alone, and used again', async () => {
    expect((await open()).opened.keyMadeAt).toBe(`${path}.key`)
    expect(statSync(`${path}.key`).mode & 0o777).toBe(0o600)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await write([start('s1')])
    await close()
    expect((await open()).opened.keyMadeAt).toBeNull()
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('that is set makes no file, and no other one is taken', async () => {
    await open(true, 'the key of the settings')
    expect(existsSync(`${path}.key`)).toBe(false)
    await close()
    await expect(open(true, 'another key')).rejects.toMatchObject({ code: 'wrong_key' })
    await expect(open()).rejects.toMatchObject({ code: 'wrong_key' })
  })
})

describe('two at once', () => {
  test('two servers cannot write one trail', async () => {
    await open()
    await expect(openDesk({ path, key: null, asServer: true })).rejects.toMatchObject({ code: 'in_use' })
  })

  test('a command may erase while a server writes; both keep one chain', async () => {
    await open()
    await write([start('s1', ALICE)])
    const { desk: other, opened } = await openDesk({ path, key: null, asServer: false })
    expect(opened).toMatchObject({ crashed: 0, headMismatch: false })
    await other.erase([{ kind: 'name', text: 'alice' }], NOW_MS)
    await write([end('s1', ALICE)])
    await other.close()
    expect(await verify()).toMatchObject({ ok: true, records: 3 })
    expect((await readHead(path))?.count).toBe(3)
  })
})
