// The AI SDK's own `Chat` over our transport, against the real relay: through cuts, reloads and stops.
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Chat } from '@ai-sdk/react'
import type { UIMessage } from 'ai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createG6Transport, type G6TransportOptions } from '../../client/ai-sdk/index.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { type HandUpstream, startHandUpstream } from '../support/hand-upstream.js'

let rig: ChatRig
let proxy: FaultProxy
let hand: HandUpstream

beforeAll(async () => {
  rig = await startChatRig()
  proxy = await startFaultProxy(rig.rig.port)
})
afterAll(async () => {
  await proxy.close()
  await rig.close()
})
beforeEach(async () => {
  hand = await startHandUpstream()
  rig.setChat({ ragBackendUrl: [hand.url], chatDisconnectGraceMs: 15_000 })
  rig.records.length = 0
  rig.flag.enabled = true
})
afterEach(() => hand.close())

function memory() {
  const values = new Map<string, string>()
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  }
}

function chat(id: string, storage = memory(), more: G6TransportOptions = {}) {
  const transport = createG6Transport({ baseUrl: proxy.url, storage, reconnectDelay: 1, ...more })
  return new Chat({ id, transport })
}

const textOf = (message: UIMessage | undefined): string =>
  message?.parts.map(part => (part.type === 'text' ? part.text : '')).join('') ?? ''
const shows = (one: Chat<UIMessage>, text: string) =>
  until(() => textOf(one.lastMessage) === text, `the text ${text}; it is ${textOf(one.lastMessage)}`)
const ends = () => rig.records.flatMap(each => (each.operation === 'stream.end' ? [each.reason] : []))

describe("useChat's Chat over the bali-zero routes", () => {
  test('shows the answer, across a cut, with one question to the model', async () => {
    const storage = memory()
    const one = chat('across', storage)
    const sent = one.sendMessage({ text: 'why?' })
    await hand.say('Hel')
    await shows(one, 'Hel')
    proxy.cut()
    await hand.say('lo')
    await shows(one, 'Hello')
    await hand.done()
    await sent
    expect([one.status, one.error, textOf(one.lastMessage)]).toEqual(['ready', undefined, 'Hello'])
    expect([hand.asked(), storage.values.size, ends()]).toEqual([1, 0, ['complete']])
  })

  test('finds the running answer after a reload, whole and under the same id', async () => {
    const storage = memory()
    const before = chat('reload', storage)
    void before.sendMessage({ text: 'why?' })
    await hand.say('Hel')
    await shows(before, 'Hel')
    const after = chat('reload', storage)
    const resumed = after.resumeStream()
    await shows(after, 'Hel')
    await hand.say('lo')
    await hand.done()
    await resumed
    expect([textOf(after.lastMessage), after.lastMessage?.id]).toEqual(['Hello', before.lastMessage?.id])
    expect(hand.asked()).toBe(1)
  })

  test('has nothing to resume where nothing runs, or where the server does not know it', async () => {
    const storage = memory()
    storage.setItem('g6-stream:gone', JSON.stringify({ streamId: 'A'.repeat(22), messageId: 'm' }))
    for (const id of ['nothing', 'gone']) {
      const one = chat(id, storage)
      await one.resumeStream()
      expect([one.status, one.error, one.messages]).toEqual(['ready', undefined, []])
    }
    expect(storage.values.size).toBe(0)
  })

  test('that resumes twice in a row, as a strict React does, goes on', async () => {
    const storage = memory()
    const before = chat('strict', storage)
    void before.sendMessage({ text: 'why?' })
    await hand.say('Hel')
    await shows(before, 'Hel')
    const after = chat('strict', storage)
    const first = after.resumeStream()
    await shows(after, 'Hel')
    const second = after.resumeStream()
    await first
    await hand.say('lo')
    await shows(after, 'Hello')
    // One more request, so that a stop on its way would have come.
    void chat('strict', storage).resumeStream()
    await until(() => rig.relay.readers === 3, 'three readers')
    await hand.done()
    await second
    expect([textOf(after.lastMessage), ends()]).toEqual(['Hello', ['complete']])
    expect(rig.records.some(({ operation }) => operation === 'stream.stop')).toBe(false)
  })

  test.each(['asked', 'resumed'] as const)('stops the model (%s here)', async how => {
    const storage = memory()
    const asker = chat(`stop ${how}`, storage)
    void asker.sendMessage({ text: 'why?' })
    await hand.say('Hel')
    await shows(asker, 'Hel')
    const stopper = how === 'asked' ? asker : chat(`stop ${how}`, storage)
    if (how === 'resumed') {
      void stopper.resumeStream()
      await shows(stopper, 'Hel')
    }
    await stopper.stop()
    await until(() => ends().length > 0, 'the end of the stream')
    expect([ends(), stopper.status, stopper.error]).toEqual([['client_stop'], 'ready', undefined])
    expect(storage.values.size).toBe(0)
  })

  test('shows why a question failed, and why an answer did', async () => {
    const one = chat('refused')
    await one.sendMessage({ files: [{ type: 'file', mediaType: 'image/png', url: 'data:,' }] })
    expect(one.error?.message).toMatch(/text only/)
    const two = chat('failed')
    const sent = two.sendMessage({ text: 'why?' })
    await hand.say('Hel')
    await shows(two, 'Hel')
    await hand.close()
    await sent
    expect([two.status, two.error?.message]).toEqual(['error', 'The answer broke off.'])
  })

  test('gives up a server that is gone with the error that the SDK resumes after', async () => {
    const storage = memory()
    const one = chat('lost', storage, { maxReconnectAttempts: 0 })
    const sent = one.sendMessage({ text: 'why?' })
    await hand.say('Hel')
    await shows(one, 'Hel')
    proxy.cut()
    await sent
    expect(one.error).toBeInstanceOf(TypeError)
    const resumed = one.resumeStream()
    await hand.say('lo')
    await hand.done()
    await resumed
    expect([textOf(one.lastMessage), one.messages.length]).toEqual(['Hello', 2])
  })
})

describe("useChat's Chat over /v1/chat/completions", () => {
  const delta = (content: string) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
  let ask: (id: string, storage?: ReturnType<typeof memory>) => Chat<UIMessage>
  let answer: ServerResponse | null
  let server: Server
  let asked: string[]
  beforeEach(async () => {
    answer = null
    asked = []
    server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      asked.push(body)
      answer = response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(delta('Hel'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    rig.setChat({ relayUpstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    ask = (id, storage = memory()) => chat(id, storage, { api: 'chat-completions', model: 'm' })
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  test('shows the answer across a cut, and again after a reload', async () => {
    const storage = memory()
    const one = ask('v1', storage)
    const sent = one.sendMessage({ text: 'why?' })
    await shows(one, 'Hel')
    proxy.cut()
    const after = ask('v1', storage)
    const resumed = after.resumeStream()
    await shows(after, 'Hel')
    answer?.end(`${delta('lo')}data: [DONE]\n\n`)
    await Promise.all([sent, resumed])
    expect([one, after].map(({ lastMessage }) => textOf(lastMessage))).toEqual(['Hello', 'Hello'])
    expect(one.lastMessage?.id).toBe(after.lastMessage?.id)
    expect(asked.map(body => JSON.parse(body))).toEqual([
      { model: 'm', messages: [{ role: 'user', content: 'why?' }], stream: true },
    ])
  })

  test('stops the model', async () => {
    const one = ask('v1 stop')
    void one.sendMessage({ text: 'why?' })
    await shows(one, 'Hel')
    await one.stop()
    await until(() => ends().length > 0, 'the end of the stream')
    expect([ends(), one.status]).toEqual([['client_stop'], 'ready'])
  })
})
