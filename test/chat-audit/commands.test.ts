// `g6 audit` as operators run it, beside a trail that is being written.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startAuditTrail } from '../../src/chat/audit/trail.js'
import { createLocalWriter } from '../../src/chat/audit/writer.js'
import type { AuditEntry, AuditTrail, Person } from '../../src/chat/seams.js'
import { silentLog } from '../../src/log/log.js'
import { endAll, g6 } from '../support/g6.js'

const ALICE: Person = { key: 'iss|u-1', email: 'alice@example.org', role: null, tokenId: 't' }

let folder: string
let env: Readonly<Record<string, string>>
let trail: AuditTrail | null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-audit-'))
  env = { G6_AUDIT_DB: join(folder, 'audit.db') }
  trail = null
})
afterEach(async () => {
  await endAll()
  await trail?.close()
  rmSync(folder, { recursive: true })
})

const database = () => env.G6_AUDIT_DB ?? ''

async function open(): Promise<AuditTrail> {
  const desk = { path: database(), key: null }
  const started = startAuditTrail({
    desk,
    settings: () => ({ auditRequired: false, auditStoreEmail: true, auditRetentionDays: 90 }),
    log: silentLog,
    writer: createLocalWriter({ ...desk, asServer: true }),
  })
  trail = started
  await started.opened
  return started
}

async function write(...entries: readonly AuditEntry[]): Promise<void> {
  const opened = await open()
  for (const entry of entries) opened.record(entry)
  await opened.close()
}

function stream(n: number, person: Person | null = null): readonly AuditEntry[] {
  const common = { streamId: `s${n}`, connectionId: 'c', requestId: 'r', person, atMs: Date.now() }
  const query = 'SECRET-QUESTION'
  return [
    { ...common, operation: 'stream.start', query, sessionId: null, upstream: 'http://rag' },
    {
      ...common,
      operation: 'stream.end',
      reason: 'complete',
      tokens: 1,
      bytes: 1,
      firstTokenMs: 1,
      durationMs: 1,
      upstreams: ['http://rag'],
    },
  ]
}

async function run(...args: readonly string[]) {
  const running = g6(['audit', ...args], env)
  return { code: await running.exit, ...running.said() }
}

test('verify says that a trail is whole, and names the first record that was changed', async () => {
  await write(...stream(1), ...stream(2))
  expect(await run('verify')).toMatchObject({ code: 0, out: 'whole: 4 records (1 to 4)\n' })
  const sqlite = new Sqlite(database())
  sqlite.exec(`DROP TRIGGER records_are_not_changed; UPDATE records SET operation = 'x' WHERE seq = 3`)
  sqlite.close()
  expect(await run('verify')).toMatchObject({
    code: 1,
    out: 'NOT whole, first at record 3: record 3 is not what was written there\n',
  })
  const { code, out } = await run('verify', '--json')
  expect([code, JSON.parse(out)]).toMatchObject([1, { ok: false, fault: 'changed', seq: 3 }])
})

test('a head that was kept elsewhere tells of a trail that was put back', async () => {
  await write(...stream(1))
  const earlier = ['', '.head'].map(end => readFileSync(database() + end))
  await write(...stream(2))
  const kept = join(folder, 'kept.json')
  writeFileSync(kept, (await run('head')).out)
  for (const [i, end] of ['', '.head'].entries()) writeFileSync(database() + end, earlier[i] ?? '')
  expect(await run('verify')).toMatchObject({ code: 0 })
  expect(await run('verify', '--head', kept)).toMatchObject({
    code: 1,
    out: 'NOT whole, first at record 3: records 3 to 4 are missing at the end\n',
  })
})

test('tail shows the newest, and follows what is added until it is stopped', async () => {
  const opened = await open()
  for (const entry of stream(1)) opened.record(entry)
  const first = g6(['audit', 'tail', '--follow', '--json'], env)
  await first.until(/"operation":"stream.end"/)
  for (const entry of stream(2)) opened.record(entry)
  await first.until(/"streamId":"s2"/)
  first.signal('SIGINT')
  expect(await first.exit).toBe(0)
  const { out } = await run('tail', '-n', '1')
  expect(out).toMatch(/^ +4 {2}\d{4}-\d\d-\d\dT.* stream\.end +s2 +[0-9a-f]{8} {2}.*reason=complete/)
  expect(out.split('\n')).toHaveLength(2)
})

test('tail shows where a refused request came from, in columns, and no control character of the data', async () => {
  const refused: AuditEntry = {
    operation: 'security.forbidden',
    address: '2001:db8:0:0:1:2:3:4',
    requestId: 'r',
    person: null,
    code: 'cross_site',
    atMs: Date.now(),
  }
  const [start, end] = stream(1)
  if (start?.operation !== 'stream.start' || end === undefined) throw new Error('no start')
  await write({ ...start, upstream: 'http://rag\u009b2J\u001b]0;owned\u0007\n\u202e' }, end, refused)
  const { out } = await run('tail')
  const lines = out.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[2]).toMatch(/ security\.forbidden +2001:db8:0:0:1:2:3:4 .* code=cross_site$/)
  expect(new Set(lines.map(line => line.indexOf(' stream.') + line.indexOf(' security.') + 1))).toHaveLength(
    1,
  )
  const json = (await run('tail', '--json')).out
  expect(JSON.parse(json.trimEnd().split('\n')[2] ?? '')).toMatchObject({
    kept: { address: '2001:db8:0:0:1:2:3:4' },
  })
  for (const text of [out, json]) expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u)
  expect(JSON.parse(json.split('\n')[0] ?? '').details.upstream).toContain('\u009b2J')
})

test('export gives a person everything of them; erase leaves nothing to find', async () => {
  await write(...stream(1, ALICE), ...stream(2))
  const { out } = await run('export', '--user', 'alice@example.org')
  const records = out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(records).toMatchObject([
    { seq: 1, operation: 'stream.start', kept: { email: 'alice@example.org' } },
    { seq: 2, operation: 'stream.end' },
  ])
  expect(await run('erase', '--user', 'u-1')).toMatchObject({
    code: 0,
    out: 'erased; 2 records can no longer be linked\n',
  })
  expect(await run('export', '--user', 'u-1')).toMatchObject({ code: 0, out: '' })
  expect(await run('verify')).toMatchObject({ code: 0, out: 'whole: 5 records (1 to 5)\n' })
  expect(await run('erase', '--user', 'u-1')).toMatchObject({ code: 1 })
})

test('what is missing is said, and nothing is made in its place', async () => {
  for (const command of [
    ['tail'],
    ['verify'],
    ['head'],
    ['export', '--user', 'x'],
    ['erase', '--user', 'x'],
  ]) {
    const { code, err } = await run(...command)
    expect(code).toBe(1)
    expect(err).toMatch(/^g6: there is no /)
    expect(err).not.toContain('    at ')
  }
  await write(...stream(1))
  expect(await run('erase')).toMatchObject({
    code: 1,
    err: 'g6: no person given; allowed: --user, --stream or --address\n',
  })
})
