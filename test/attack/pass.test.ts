// Hostile backends and callers on the pass-through routes.

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { PassClient, type PassUpstream, startPassUpstream } from '../support/pass-upstream.js'

let upstream: PassUpstream
let rig: ChatRig
beforeAll(async () => {
  upstream = await startPassUpstream()
  rig = await startChatRig({ chat: { relayUpstream: upstream.url, relayMaxBodyBytes: 64 * 1024 } })
})
afterAll(async () => {
  await rig.close()
  await upstream.close()
})
const clients: PassClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.cut()
})
function ask(
  body: object | string = { stream: true },
  headers: Readonly<Record<string, string>> = {},
): PassClient {
  const client = new PassClient(`${rig.rig.url}/v1/chat/completions`, { body, headers })
  clients.push(client)
  return client
}

test('headers of a backend bring nothing into an answer but themselves', async () => {
  const bytes = Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: a\tb\xe9\r\nset-cookie: s=1\r\n' +
      'location: https://evil.example\r\naccess-control-allow-origin: *\r\nx-stream-id: other\r\n' +
      'connection: close\r\n\r\ndata: {}\n\ndata: [DONE]\n\n',
    'latin1',
  )
  const hostile = createServer(
    socket => void socket.on('error', () => {}).once('data', () => socket.end(bytes)),
  )
  await new Promise<void>(resolve => void hostile.listen(0, '127.0.0.1', resolve))
  rig.setChat({ relayUpstream: `http://127.0.0.1:${(hostile.address() as AddressInfo).port}` })
  const client = await ask().over()
  rig.setChat({ relayUpstream: upstream.url })
  await new Promise(resolve => hostile.close(resolve))
  expect([client.status, client.end]).toEqual([200, 'ended'])
  expect(client.headers.location).toBe(`/v1/streams/${client.streamId}`)
  expect(client.streamId).toMatch(/^[\w-]{22}$/)
  for (const name of ['set-cookie', 'access-control-allow-origin', 'x-upstream-request-id', 'connection']) {
    expect(client.headers[name] === undefined || client.headers[name] === 'keep-alive').toBe(true)
  }
})

test('no credential of a caller reaches a backend, whatever it is', async () => {
  const headers = {
    'x-api-key': 'sk-own',
    cookie: 'a=b',
    'openai-organization': 'org',
    'x-api-token': 't',
    'x-forwarded-for': '1.1.1.1',
  }
  const client = ask({ stream: true }, headers)
  const asked = await upstream.next()
  asked.stream().say('data: [DONE]\n\n')
  await client.over()
  for (const name of [...Object.keys(headers), 'authorization'])
    expect(asked.request.headers[name]).toBeUndefined()
})

test('readers that read nothing hold back neither the backend nor others, and cost their place alone', async () => {
  const first = ask()
  const asked = (await upstream.next()).stream().say('data: {"n":0}\n\n')
  await first.has('"n":0')
  const stalled = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const client = new PassClient(`${rig.rig.url}/v1/streams/${first.streamId}`)
      clients.push(client)
      await client.has('"n":0')
      client.stall()
      return client
    }),
  )
  const event = `data: ${'x'.repeat(1_000)}\n\n`
  for (let i = 0; i < 4_000; i++) asked.say(event)
  asked.say('data: [DONE]\n\n')
  await first.over()
  expect(first.end).toBe('ended')
  for (const client of stalled) client.cut()
  await until(() => rig.relay.readers === 0, 'all have left')
})

test('a body over the limit is refused before it is read, in the shape of the API', async () => {
  const before = upstream.asked()
  const client = await ask(`{"a":"${'x'.repeat(70 * 1024)}"}`).over()
  expect([client.status, client.json.error.code]).toEqual([413, 'body_too_large'])
  const deep = await ask(`${'{"a":'.repeat(5_000)}1${'}'.repeat(4_999)}`).over()
  expect(deep.status).toBe(400)
  expect(upstream.asked()).toBe(before)
})

test('an event that never ends is cut at its limit, however it is cut into lines', async () => {
  for (const piece of [
    'x'.repeat(64 * 1024),
    `\ndata: ${'y'.repeat(64 * 1024)}`,
    `\n: ${'z'.repeat(64 * 1024)}`,
  ]) {
    const client = ask()
    const asked = (await upstream.next()).stream().say('data: first\n\ndata: ')
    for (let i = 0; i < 70 && !asked.response.destroyed; i++) asked.say(piece)
    // A comment belongs to no event, so it counts as nothing.
    if (piece.startsWith('\n:')) asked.say('\n\ndata: [DONE]\n\n')
    await client.over()
    expect(client.text).toContain('data: first\n\n')
    expect(client.end).toBe(piece.startsWith('\n:') ? 'ended' : 'broken')
  }
})
