// Answers over three servers, and the audit trail of each: every chain verifies, and each answer has one start and one end, in one chain.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AuditFleet } from '../support/audit-fleet.js'
import { ChatNode } from '../support/chat-fleet.js'
import { ask, resume, stop, until } from '../support/chat-rig.js'
import { eventually } from '../support/eventually.js'
import { startHandUpstream } from '../support/hand-upstream.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

const ann = { authorization: 'Bearer person:ann' }

test('answers that callers read and stop anywhere have one start and one end, in one chain', async () => {
  const audits = await AuditFleet.start(redis, 'test')
  const upstream = await startHandUpstream()
  const nodes: ChatNode[] = []
  try {
    for (const instance of ['a:1', 'b:1', 'c:1']) {
      const trail = await audits.add(instance).start()
      nodes.push(await ChatNode.start(redis, { backends: () => [upstream.url], trail }))
    }
    const [a, b, c] = nodes
    if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes')
    const streamIds: string[] = []
    for (const [at, elsewhere, third] of [
      [a, b, c],
      [b, c, a],
      [c, a, b],
    ] as const) {
      const first = ask(at.rig, undefined, ann)
      await until(() => upstream.asked() > streamIds.length, 'asked')
      await upstream.say('one')
      await first.until(reader => reader.ofType('token').length > 0)
      streamIds.push(first.streamId)
      await resume(elsewhere.rig, first.streamId, null, ann).until(r => r.ofType('token').length > 0)
      expect((await stop(third.rig, first.streamId, ann)).status).toBe(202)
      await first.end()
      await until(() => at.rig.records.some(each => each.operation === 'stream.end'), 'ended')
    }
    const all = () =>
      audits.servers.flatMap(({ records, instance }) => records.map(r => ({ ...r, instance })))
    await eventually(
      () => all().filter(({ operation }) => operation === 'stream.end').length >= 3,
      'all ends are recorded',
    )
    await Promise.all(nodes.map(node => node.close()))
    await Promise.all(audits.servers.map(server => server.stop()))
    const { trails, absent } = await audits.verify()
    expect([trails.map(({ verdict }) => verdict.ok), absent]).toEqual([[true, true, true], []])
    const ofStreams = (operation: string) =>
      all()
        .filter(record => record.operation === operation)
        .map(({ instance, streamId }) => `${instance} ${streamId}`)
    const expected = streamIds.map((id, i) => `${audits.servers[i]?.instance} ${id}`).sort()
    expect(ofStreams('stream.start').sort()).toEqual(expected)
    expect(ofStreams('stream.end').sort()).toEqual(expected)
  } finally {
    await Promise.all(nodes.map(node => node.close()))
    await audits.close()
    await upstream.close()
  }
  expect(nodes.flatMap(({ faults }) => faults)).toEqual([])
})
