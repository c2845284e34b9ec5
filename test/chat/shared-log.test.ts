// Two servers that share their logs (chat.md 4): a resume or a stop may reach either, also after the one that ran the answer is
// gone. The relay is the one that ships; the store is a second kind, at a distance (test/support/shared-store.ts).
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, resume, startChatRig, stop, until } from '../support/chat-rig.js'
import { type HandUpstream, startHandUpstream } from '../support/hand-upstream.js'
import { SharedStore, SharedStreams } from '../support/shared-store.js'

let upstream: HandUpstream
let here: ChatRig
let there: ChatRig
let shared: SharedStreams
beforeEach(async () => {
  upstream = await startHandUpstream()
  shared = new SharedStreams()
  const rig = () => startChatRig({ backends: () => [upstream.url], store: new SharedStore(shared) })
  here = await rig()
  there = await rig()
})
afterEach(async () => {
  await here.close()
  await there.close()
  await upstream.close()
})

const ann = { authorization: 'Bearer person:ann' }
const bob = { authorization: 'Bearer person:bob' }
const has = (count: number) => (reader: ChatReader) => reader.ofType('token').length >= count

async function begun(headers = {}, path = '/chat-stream'): Promise<ChatReader> {
  const reader = ask(here, undefined, headers, path)
  await upstream.say('a', 'b')
  return reader.until(has(2))
}

test('a resume elsewhere gets the missing events, then continues live, to the end', async () => {
  const first = await begun()
  const second = await resume(there, first.streamId, first.lastSequence - 1).until(has(1))
  await upstream.say('c')
  await second.until(has(2))
  await upstream.done()
  await Promise.all([first.end(), second.end()])
  expect(second.answer).toBe('bc')
  expect(second.numbered).toEqual(first.numbered.slice(-second.numbered.length))
  expect(second.terminals).toMatchObject([{ type: 'done' }])
  expect(upstream.asked()).toBe(1)
})

test('a follower elsewhere keeps the answer running; when the last one leaves it is cancelled', async () => {
  // At once, so that there is no grace in which a missing word of the other server would not be noticed.
  const first = await begun({}, '/chat-stream?on_disconnect=cancel')
  const second = await resume(there, first.streamId, first.lastSequence).until(
    ({ events }) => events.length > 0,
  )
  await upstream.say('c')
  await second.until(has(1))
  first.cut()
  await until(() => here.relay.readers === 0, 'the first has left')
  expect(here.observed.ends).toEqual([])
  await upstream.say('d')
  await second.until(has(2))
  second.cut()
  await until(() => here.observed.ends.length > 0, 'cancelled')
  expect(here.observed.ends).toEqual(['idle'])
})

test('a stop elsewhere ends it for everybody', async () => {
  const first = await begun()
  const second = await resume(there, first.streamId, null).until(has(2))
  expect((await stop(there, first.streamId)).status).toBe(202)
  for (const each of [first, second]) {
    await each.end()
    expect(each.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'client_stop' } }])
  }
  expect(here.observed.ends).toEqual(['client_stop'])
  expect(here.records.at(-1)).toMatchObject({ operation: 'stream.end', reason: 'client_stop' })
  expect(there.records.map(({ operation }) => operation)).toEqual(['stream.resume', 'stream.stop'])
})

test('after a shutdown the answer so far and its end are there, elsewhere, without loss', async () => {
  const first = await begun(ann)
  await here.relay.close(30_000)
  await first.end()
  expect(first.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'shutdown' } }])
  const second = await resume(there, first.streamId, 1, ann).end()
  expect(second.status).toBe(200)
  expect(second.numbered).toEqual(first.numbered.slice(2))
  expect(second.terminals).toHaveLength(1)
  const last = second.lastSequence
  expect((await resume(there, first.streamId, last, ann).end()).status).toBe(204)
  expect((await stop(there, first.streamId, ann)).status).toBe(202)
})

test('when the log cannot be read the connection ends, this is logged, and the client may resume', async () => {
  const first = await begun()
  shared.isBroken = true
  const cut = await resume(there, first.streamId, null).end()
  expect(cut.terminals).toEqual([])
  expect(there.lines.some(line => line.includes('cannot be read'))).toBe(true)
  shared.isBroken = false
  const second = resume(there, first.streamId, null)
  await upstream.done()
  expect((await second.end()).answer).toBe('ab')
  await until(() => there.relay.readers === 0, 'no reader left')
})

test('a stream of a person is 404 for others, on every instance', async () => {
  const first = await begun(ann)
  for (const other of [bob, {}]) {
    expect((await resume(there, first.streamId, null, other).end()).status).toBe(404)
    expect((await stop(there, first.streamId, other)).status).toBe(404)
  }
  expect(here.observed.ends).toEqual([])
})
