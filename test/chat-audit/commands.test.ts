// `g6 audit` as operators run it, while a server writes the trail.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLocalWriter } from '../../src/chat/audit/background.js'
import { parseHead } from '../../src/chat/audit/files.js'
import { type StartedTrail, startAuditTrail } from '../../src/chat/audit/trail.js'
import type { AuditEntry, AuditTrail } from '../../src/chat/ports.js'
import type { Person } from '../../src/contract/plugin.js'
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

async function open(path = database()): Promise<StartedTrail> {
  const store = { path, key: env.G6_AUDIT_KEY ?? null }
  const started = startAuditTrail({
    store,
    settings: () => ({ auditRequired: false, auditStoreEmail: true, auditRetentionDays: 90 }),
    log: silentLog,
    writer: createLocalWriter({ ...store, asServer: true }),
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
  return { code: await running.exit, ...running.output() }
}

test('verify says that a trail is whole, or names the first changed record', async () => {
  await write(...stream(1), ...stream(2))
  expect(await run('verify')).toMatchObject({ code: 0, out: 'whole: 4 records (1 to 4)\n' })
  const sqlite = new Sqlite(database())
  sqlite.exec(`DROP TRIGGER records_are_not_changed; UPDATE records SET operation = 'x' WHERE seq = 3`)
  sqlite.close()
  expect(await run('verify')).toMatchObject({
    code: 1,
    out: 'NOT whole, first at record 3: record 3 was changed\n',
  })
  const { code, out } = await run('verify', '--json')
  expect([code, JSON.parse(out)]).toMatchObject([1, { ok: false, fault: 'changed', seq: 3 }])
})

test('a head kept elsewhere reveals a trail that was replaced by an older copy', async () => {
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

test('verify of all databases of a fleet finds what one of them lost and another server has seen', async () => {
  const [here, there] = ['audit.db', 'b.db'].map(name => join(folder, name))
  if (here === undefined || there === undefined) throw new Error('two databases')
  env = { ...env, G6_AUDIT_KEY: 'a key that all servers of the fleet have' }
  const opened = await open(here)
  opened.witness('a:1', [])
  await opened.close()
  const earlier = ['', '.head'].map(end => readFileSync(here + end))
  await write(...stream(1))
  const head = parseHead(readFileSync(`${here}.head`, 'utf8'))
  if (head === null) throw new Error('no head')
  const witness = await open(there)
  witness.witness('b:1', [
    { instance: 'a:1', ...head },
    { instance: 'c:1', ...head, mac: '0'.repeat(64) },
  ])
  await witness.close()
  const at = new Date(head.atMs).toISOString()
  const rest =
    `${there}: whole: 1 records (1 to 1)\n` +
    `not given: the database of c:1, which had 3 records at ${at} (b:1, record 1)\n`
  expect(await run('verify', here, there)).toMatchObject({
    code: 0,
    out: `${here}: whole: 3 records (1 to 3)\n${rest}`,
  })
  for (const [i, end] of ['', '.head'].entries()) writeFileSync(here + end, earlier[i] ?? '')
  expect(await run('verify', here, there)).toMatchObject({
    code: 1,
    out:
      `${here}: NOT whole, first at record 2: records 2 to 3 are missing at the end: ` +
      `b:1 witnessed record 3 of a:1 (record 1 of ${there})\n${rest}`,
  })
})

test('tail shows the newest records, and follows new ones until it is stopped', async () => {
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

test('a missing trail or key is an error, and none is created', async () => {
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
