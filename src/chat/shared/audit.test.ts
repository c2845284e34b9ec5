// Audit trails of several servers, with a real Redis.
import { copyFileSync, cpSync, rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AuditFleet, type AuditServer } from '../../../test/support/audit-fleet.js'
import { ALICE, start } from '../../../test/support/audit-trail.js'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { parseSeen } from '../audit/witness.js'

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
