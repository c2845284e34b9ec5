// The law of cuts for the readers with a protocol of their own: the AI SDK's `Chat` over our transport, on both kinds of routes, and
// the client of Durable Streams where it catches up (its live modes do not come back after a cut inside a body). Whatever is cut, by FIN or RST, each byte comes once. Repeat a run with FAULT_SEED=…, make it longer
// with FAULT_RUNS=….
import { Chat } from '@ai-sdk/react'
import { stream } from '@durable-streams/client'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createG6Transport, type G6TransportOptions } from '../../client/ai-sdk/index.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { scripted } from '../support/sdk-paths.js'

let mock: MockUpstream
let rig: ChatRig
let proxy: FaultProxy
beforeAll(async () => {
  mock = await startMockUpstream()
  rig = await startChatRig({
    breakerRestMs: 1,
    backends: () => [mock.url],
    chat: { relayUpstream: mock.url, chatDisconnectGraceMs: 60_000 },
  })
  proxy = await startFaultProxy(rig.rig.port)
})
afterAll(async () => {
  await proxy.close()
  await rig.close()
  await mock.close()
})

type Reader = (question: string) => Promise<{ readonly got: string; readonly wanted: string }>

const chat =
  (options: G6TransportOptions): Reader =>
  async question => {
    const storage = { getItem: () => null, setItem: () => {}, removeItem: () => {} }
    const transport = createG6Transport({
      baseUrl: proxy.url,
      storage,
      reconnectDelay: 1,
      maxReconnectAttempts: 20,
      ...options,
    })
    const one = new Chat({ transport })
    await one.sendMessage({ text: question })
    expect([one.error, one.status]).toEqual([undefined, 'ready'])
    const texts = one.lastMessage?.parts.map(part => (part.type === 'text' ? part.text : '')) ?? []
    return { got: texts.join(''), wanted: (JSON.parse(question.slice(5)) as Script).tokens.join('') }
  }

/** Reads what there is, again from where it was when that fails, until the stream is closed. */
const durable: Reader = async question => {
  const asked = await fetch(`${rig.rig.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: question }] }),
  })
  const answered = asked.text()
  const path = `/v1/streams/${asked.headers.get('x-stream-id')}`
  const backoffOptions = { initialDelay: 1, maxDelay: 5, multiplier: 2 }
  let got = ''
  let offset = '-1'
  for (let isClosed = false; !isClosed; ) {
    try {
      const response = await stream({ url: `${proxy.url}${path}`, offset, live: false, backoffOptions })
      got += await response.text()
      offset = response.offset
      isClosed = response.streamClosed
    } catch (error) {
      // What fetch throws when a body breaks off.
      expect(error).toBeInstanceOf(TypeError)
    }
  }
  await answered
  return { got, wanted: await (await fetch(`${rig.rig.url}${path}?offset=-1`)).text() }
}

const READERS: Readonly<Record<string, Reader>> = {
  'Chat, bali-zero': chat({}),
  'Chat, chat-completions': chat({ api: 'chat-completions', model: 'm' }),
  'Durable Streams': durable,
}

const script = fc.record({
  tokens: fc.array(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), {
    minLength: 1,
    maxLength: 24,
  }),
  gapMs: fc.constantFrom(0, 0, 1, 2),
  pieceBytes: fc.constantFrom(0, 0, 1, 7, 64),
})
type Script = { readonly tokens: readonly string[] }
const cut = fc.record({
  afterBytes: fc.oneof(fc.nat({ max: 700 }), fc.integer({ min: 600, max: 6_000 })),
  isReset: fc.boolean(),
})
const RUNS = Number(process.env.FAULT_RUNS ?? 10)

test.each(Object.entries(READERS))(
  '%s: whatever is cut, each byte comes once',
  async (_, read) => {
    let cuts = 0
    await fc.assert(
      fc.asyncProperty(script, fc.array(cut, { maxLength: 6 }), async (parts, planned) => {
        const left = [...planned]
        const asked = mock.requests.length
        proxy.cut() // no connection of the run before
        proxy.cutEach(() => {
          const next = left.shift() ?? null
          if (next !== null) cuts++
          return next
        })
        const { got, wanted } = await read(scripted(parts))
        expect(got).toBe(wanted)
        expect(mock.requests).toHaveLength(asked + 1)
        await until(() => rig.relay.readers === 0, 'no reader left')
      }),
      {
        // A failing run waits for what does not come, so a shorter one is not searched for.
        endOnFailure: true,
        numRuns: RUNS,
        ...(process.env.FAULT_SEED === undefined ? {} : { seed: Number(process.env.FAULT_SEED) }),
      },
    )
    // As many as chance gives, of six a run at most.
    expect(cuts).toBeGreaterThan(0)
  },
  3_000_000,
)
