// Audit trails of several servers, with a real Redis.
import { copyFileSync, cpSync, rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AuditFleet, type AuditServer } from '../../../test/support/audit-fleet.js'
import { ALICE, end, start } from '../../../test/support/audit-trail.js'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { requestText, signRequest } from '../audit/erasure-requests.js'
import type { Erased } from '../audit/store.js'
import { parseSeen } from '../audit/witness.js'
import { openWriter } from '../audit/writer.js'

let redis: RedisServer
let fleet: AuditFleet
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

let fleets = 0
async function servers(...instances: readonly string[]): Promise<readonly AuditServer[]> {
  fleet = await AuditFleet.start(redis, `f${fleets++}`)
  return instances.map(instance => fleet.add(instance))
}
afterEach(async () => {
  await fleet.close()
  expect(fleet.servers.flatMap(({ faults }) => faults)).toEqual([])
})

async function two(): Promise<readonly [AuditServer, AuditServer]> {
  const [a, b] = await servers('a:9331', 'b:9331')
  if (a === undefined || b === undefined) throw new Error('two servers')
  await Promise.all([a.start(), b.start()])
  return [a, b]
}

const headsOf = (server: AuditServer) =>
  server.of('audit.witness').flatMap(({ details }) => {
    const { heads } = details as { readonly heads: readonly string[] }
    return heads.flatMap(text => parseSeen(text) ?? [])
  })

/** `by` has recorded all that the other has now. */
async function witnessed(by: AuditServer, of: AuditServer): Promise<void> {
  const count = Math.max(1, of.records.at(-1)?.seq ?? 0)
  await eventually(
    () => headsOf(by).some(head => head.instance === of.instance && head.count >= count),
    `${by.instance} has witnessed ${count} records of ${of.instance}`,
  )
}

describe('a witness', () => {
  test('finds the cut of another file whose head was put back with it', async () => {
    const [a, b] = await two()
    a.trail?.record(start('s1', ALICE, Date.now()))
    await eventually(() => a.of('stream.start').length === 1, 'recorded')
    const labels = { app: 'g6-audit', instance: 'a:9331' }
    const recorded = { ...labels, msg: 'audit record', operation: 'stream.start' }
    expect(a.captured.lines()).toContainEqual(expect.objectContaining(recorded))
    await witnessed(b, a)
    expect(await fleet.verify()).toMatchObject({
      trails: [{ verdict: { ok: true } }, { verdict: { ok: true } }],
      absent: [],
    })
    await a.stop()
    const kept = a.records.at(-1)?.seq ?? 0
    for (const end of ['', '.head']) copyFileSync(a.path + end, `${a.path}${end}.kept`)
    await a.start()
    a.trail?.record(start('s2', ALICE, Date.now()))
    await eventually(() => a.of('stream.start').length === 2, 'recorded')
    await witnessed(b, a)
    await Promise.all([a.stop(), b.stop()])
    for (const end of ['', '.head']) cpSync(`${a.path}${end}.kept`, a.path + end)
    for (const end of ['-wal', '-shm']) rmSync(a.path + end, { force: true })
    expect((await fleet.verify([a])).trails).toMatchObject([{ verdict: { ok: true, lastSeq: kept } }])
    const { trails, absent } = await fleet.verify()
    expect(absent).toEqual([])
    expect(trails).toMatchObject([
      { database: a.path, verdict: { ok: false, fault: 'witness', seq: kept + 1 } },
      { database: b.path, verdict: { ok: true } },
    ])
    const message = trails[0]?.verdict.ok === false ? trails[0].verdict.message : ''
    expect(message).toMatch(
      new RegExp(`^records ${kept + 1} to \\d+ are missing at the end: b:9331 witnessed`),
    )
  })

  test('finds that another file was begun anew, with another key', async () => {
    const [a, b] = await two()
    await witnessed(b, a)
    await a.stop()
    for (const end of ['', '.head', '-wal', '-shm']) rmSync(a.path + end, { force: true })
    const again = fleet.add('a:9331', 'another key')
    await again.start()
    await eventually(() => again.of('audit.witness').length > 0, 'it says whose chain it is')
    expect((await fleet.verify([again, b])).trails).toMatchObject([
      { verdict: { ok: false, fault: 'witness', message: expect.stringContaining('was replaced') } },
      { verdict: { ok: true } },
    ])
  })

  test('sees servers that started at the same moment, without waiting for the next hour', async () => {
    const [a, b] = await servers('a:9331', 'b:9331')
    if (a === undefined || b === undefined) throw new Error('two servers')
    fleet.witnessMs = 3_600_000
    await Promise.all([a.start(), b.start()])
    await eventually(() => headsOf(a).length > 0 && headsOf(b).length > 0, 'each has seen the other')
  })

  test('names the servers whose databases are not given', async () => {
    const [a, b] = await two()
    await witnessed(b, a)
    expect(await fleet.verify([b])).toMatchObject({
      trails: [{ verdict: { ok: true } }],
      absent: [{ by: 'b:9331', head: { instance: 'a:9331' } }],
    })
  })

  test('records hourly, and only what Redis has of others', async () => {
    const [a, b] = await two()
    await eventually(() => a.of('audit.witness').length >= 3, 'again and again')
    expect(new Set(headsOf(a).map(({ instance }) => instance))).toEqual(new Set(['b:9331']))
    const key = `g6:{${fleet.name}}:heads`
    expect(await fleet.link.commands.send(['HLEN', key])).toBe(2)
    expect(await fleet.link.commands.send(['PTTL', key])).toBeGreaterThan(0)
    await b.stop()
    await fleet.link.commands.send(['DEL', key])
    await fleet.link.commands.send(['HSET', key, 'x', 'what another program wrote'])
    await eventually(
      async () => Number(await fleet.link.commands.send(['HEXISTS', key, 'x'])) === 0,
      'what is no head is removed',
    )
  })

  test('does nothing while Redis is gone, and goes on afterwards', async () => {
    const [a, b] = await two()
    await witnessed(b, a)
    fleet.isUp = false
    a.trail?.record(start('s1', ALICE, Date.now()))
    await eventually(() => a.of('stream.start').length === 1, 'recorded')
    fleet.isUp = true
    await witnessed(b, a)
    expect(await fleet.verify()).toMatchObject({
      trails: [{ verdict: { ok: true } }, { verdict: { ok: true } }],
    })
  })
})

const MAIL = { kind: 'name', text: 'alice@example.org' } as const

/** As `g6 audit erase` next to this server. */
async function erase({ path, key }: AuditServer): Promise<Erased> {
  const { writer } = await openWriter({ path, key, asServer: false })
  try {
    return await writer.erase([MAIL], Date.now())
  } finally {
    await writer.close()
  }
}

async function asked(server: AuditServer, streamId: string): Promise<void> {
  server.trail?.record(start(streamId, ALICE, Date.now()))
  server.trail?.record(end(streamId, ALICE, Date.now()))
  await eventually(() => server.found('alice').some(record => record.streamId === streamId), 'recorded')
}

const carriedOut = (server: AuditServer, request = '') =>
  server.of('audit.erase_request').filter(({ details }) => JSON.stringify(details).includes(request))

/** The sweeps of the stream so far: all servers have looked at all of it since. */
async function lookedAgain(...servers: readonly AuditServer[]): Promise<void> {
  const before = servers.map(server => server.of('audit.witness').length)
  await eventually(
    () => servers.every((server, i) => server.of('audit.witness').length > (before[i] ?? 0) + 1),
    'all looked again',
  )
}

describe('an erasure', () => {
  test('reaches every server, also one that was away, is recorded once, and shows no name', async () => {
    const [a, b] = await two()
    const c = fleet.add('c:9331')
    await c.start()
    await Promise.all([a, b, c].map(server => asked(server, 's1')))
    await c.stop()
    const { request, ...removed } = await erase(a)
    expect(removed).toEqual({ subjects: 1, records: 2 })
    await eventually(() => carriedOut(b, request).length === 1, 'carried out at b')
    expect([a, b].map(server => server.found('alice'))).toEqual([[], []])
    expect(c.found('alice')).toHaveLength(2)
    await asked(b, 's2')
    await c.start()
    await eventually(() => carriedOut(c, request).length === 1, 'carried out at c')
    expect(c.found('alice')).toEqual([])
    await Promise.all([b.stop(), c.stop()])
    await Promise.all([b.start(), c.start()])
    await lookedAgain(a, b, c)
    expect([a, b, c].map(server => carriedOut(server).length)).toEqual([1, 1, 1])
    // What the person did after it is still found.
    expect(b.found('alice')).toHaveLength(2)
    expect(carriedOut(b)[0]?.details).toMatchObject({ subjects: 1, records: 2 })
    const stream = await fleet.link.commands.send(['XRANGE', `g6:{${fleet.name}}:erasures`, '-', '+'])
    expect(JSON.stringify(stream)).toContain(request)
    expect(JSON.stringify(stream)).not.toMatch(/alice|example/i)
    await Promise.all([a, b, c].map(server => server.stop()))
    const { trails } = await fleet.verify()
    expect(trails.map(({ verdict }) => verdict.ok)).toEqual([true, true, true])
  })

  test('waits for Redis, is not lost with it, and is added again once', async () => {
    const [a, b] = await two()
    await Promise.all([asked(a, 's1'), asked(b, 's1')])
    fleet.isUp = false
    const { request } = await erase(a)
    expect(b.found('alice')).toHaveLength(2)
    fleet.isUp = true
    await eventually(() => carriedOut(b, request).length === 1, 'carried out at b')
    const key = `g6:{${fleet.name}}:erasures`
    await fleet.link.commands.send(['DEL', key])
    await eventually(async () => Number(await fleet.link.commands.send(['XLEN', key])) === 1, 'there again')
    await lookedAgain(a, b)
    expect(await fleet.link.commands.send(['XLEN', key])).toBe(1)
    expect(await fleet.link.commands.send(['PTTL', key])).toBeGreaterThan(0)
    const { request: second } = await erase(b)
    await eventually(() => carriedOut(a, second).length === 1, 'and back, though nobody is found')
    expect([a, b].map(server => carriedOut(server).length)).toEqual([2, 2])
  })

  test('that another key signed, or nobody, is carried out by nobody and logged once', async () => {
    const [a, b] = await two()
    await Promise.all([asked(a, 's1'), asked(b, 's1')])
    const key = `g6:{${fleet.name}}:erasures`
    const foreign = signRequest(Buffer.from('another key'), {
      id: crypto.randomUUID(),
      atMs: Date.now(),
      lookups: ['0'.repeat(64)],
    })
    await fleet.link.commands.send(['XADD', key, '*', 'request', requestText(foreign)])
    await fleet.link.commands.send(['XADD', key, '*', 'request', 'what another program wrote'])
    await lookedAgain(a, b)
    for (const server of [a, b]) {
      expect(carriedOut(server)).toEqual([])
      expect(server.found('alice')).toHaveLength(2)
      const lines = server.captured.lines().filter(line => line.request === foreign.id)
      expect(lines).toMatchObject([
        { level: 50, why: expect.stringContaining('G6_AUDIT_KEY must be the same') },
      ])
    }
  })
})
