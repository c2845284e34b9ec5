// The chat relay between two faulty connections: the upstream's and the readers'. Whatever happens upstream, an
// answer ends once, in one way that reader, record and log agree on; whatever happens to a reader, the published client
// shows every token once. (test/chat-audit/durability.test.ts tests the audit trail of a killed relay.)
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { type ChatEnd, createChatClient } from '../../client/chat/index.js'
import { streamMark } from '../../src/chat/log/chat-log.js'
import type { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { eventually } from '../support/eventually.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { holdsNoMoreThan, ownFootprint } from '../support/footprint.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const TOKENS = Array.from({ length: 60 }, (_, i) => `word ${i} ₹ `)
/** The timeout for a silent upstream; all others are long, since a busy machine may be silent for as long. */
const SILENCE_MS = 1_000
const PATIENCE_MS = 60_000

/** So long that a fault hits the middle of the answer, on a busy machine too. */
const SLOW_GAP_MS = 25

/** A relay with one proxy to its upstream and another to its readers; `gapMs` between two tokens. */
async function between(gapMs = 4) {
  const upstream: FaultProxy = await startFaultProxy(0)
  const rig: ChatRig = await startChatRig({
    chat: { chatIdleTimeoutMs: PATIENCE_MS, chatFirstTokenTimeoutMs: PATIENCE_MS },
    mock: { script: { tokens: TOKENS, gapMs, dialect: 'untyped' } },
    backends: mock => {
      upstream.target = Number(new URL(mock.url).port)
      return [upstream.url]
    },
    // This test makes many faults; it does not test the breaker.
    breakerRestMs: 1,
  })
  const readers = await startFaultProxy(rig.rig.port)
  closers.push(
    () => upstream.close(),
    () => rig.close(),
    () => readers.close(),
  )
  return { rig, upstream, readers }
}

/** Waits until no reader, no lease and no connection are left, and no answer is running. */
async function nothingLeft(rig: ChatRig): Promise<void> {
  await until(
    () => rig.relay.readers === 0 && rig.limits.leased === 0 && rig.mock.open() === 0,
    'no reader, no lease, no question upstream',
    30_000,
  )
}

const midway = (reader: ChatReader): Promise<ChatReader> =>
  reader.until(({ lastSequence }) => lastSequence > 10)

describe('an upstream whose connection', () => {
  const faults: Record<string, { readonly make: (proxy: FaultProxy) => void; readonly reason: string }> = {
    'is cut': { make: proxy => proxy.cut(), reason: 'upstream_cut' },
    'is cut in the middle of an event': { make: proxy => proxy.cutAfter(37), reason: 'upstream_cut' },
    'is reset': { make: proxy => proxy.reset(), reason: 'upstream_cut' },
    'goes dead silently': { make: proxy => proxy.lose('server'), reason: 'idle_timeout' },
    stalls: { make: proxy => proxy.stall(), reason: 'idle_timeout' },
  }
  test.each(Object.entries(faults))(
    '%s: the answer ends once, and reader, record and log agree how',
    async (_, { make, reason }) => {
      const { rig, upstream } = await between(SLOW_GAP_MS)
      if (reason === 'idle_timeout') rig.setChat({ chatIdleTimeoutMs: SILENCE_MS })
      const reader = await midway(ask(rig))
      make(upstream)
      await reader.end()
      expect(reader.terminals).toHaveLength(1)
      expect(reader.terminals[0]).toMatchObject({ type: 'error', data: { code: reason } })
      expect(TOKENS.join('').startsWith(reader.answer), 'no token is lost, doubled or made up').toBe(true)
      await until(() => rig.records.some(({ operation }) => operation === 'stream.end'), 'the record')
      expect(rig.records.filter(({ operation }) => operation === 'stream.end')).toMatchObject([{ reason }])
      const logged = rig.lines.map(line => JSON.parse(line) as Record<string, unknown>)
      const ended = logged.filter(({ msg }) => msg === 'a chat stream ended')
      expect(ended).toMatchObject([{ reason, stream: streamMark(reader.streamId) }])
      upstream.resume()
      rig.setChat({ chatIdleTimeoutMs: PATIENCE_MS })
      await nothingLeft(rig)
      // And the next question gets its answer.
      const next = await ask(rig).end()
      expect(next.answer).toBe(TOKENS.join(''))
      await nothingLeft(rig)
    },
  )

  test('breaks again and again leaves nothing behind', async () => {
    const { rig, upstream } = await between()
    // Answers kept for a resume are kept on purpose.
    rig.setChat({ chatResumeTtlMs: 1 })
    const breaking = Object.values(faults).filter(({ reason }) => reason === 'upstream_cut')
    const all = async (): Promise<void> => {
      for (const { make } of breaking) {
        const reader = await midway(ask(rig))
        make(upstream)
        await reader.end()
        expect(reader.terminals).toHaveLength(1)
      }
      await nothingLeft(rig)
    }
    await all()
    const before = ownFootprint()
    for (let round = 0; round < 4; round++) await all()
    await holdsNoMoreThan(before)
  })

  test('is slow, or splits the bytes anywhere, gives a whole answer', async () => {
    const { rig, upstream } = await between()
    for (const pieces of [
      { sizeBytes: () => 1, gapMs: 0 },
      { sizeBytes: () => 700, gapMs: 2 },
    ]) {
      upstream.shape(pieces)
      const reader = await ask(rig).end()
      expect(reader.answer).toBe(TOKENS.join(''))
      expect(reader.terminals).toMatchObject([{ type: 'done' }])
    }
    await nothingLeft(rig)
  })

  test('carries extra bytes: the answer ends once, and the relay answers the next', async () => {
    const { rig, upstream } = await between()
    rig.setChat({ chatResumeTtlMs: 1 })
    let before = ownFootprint()
    for (let round = 0; round < 12; round++) {
      if (round === 2) before = ownFootprint()
      const reader = await midway(ask(rig))
      upstream.garbage(randomBytes(40))
      await reader.end()
      expect(reader.terminals).toHaveLength(1)
      expect(reader.numbered.map(({ sequence }) => sequence)).toEqual(reader.numbered.map((__, i) => i))
    }
    expect((await ask(rig).end()).answer).toBe(TOKENS.join(''))
    await nothingLeft(rig)
    await holdsNoMoreThan(before)
  })
})

describe('a reader whose connection', () => {
  test('is cut, reset, slow, stalled and cut again shows every token once, and leaves nothing behind', async () => {
    const { rig, readers } = await between()
    const faults: Record<string, () => void> = {
      cut: () => readers.cut(),
      cutAfter: () => readers.cutAfter(50),
      reset: () => readers.reset(),
      slow: () => readers.shape({ sizeBytes: () => 300, gapMs: 2 }),
      pieces: () => readers.shape({ sizeBytes: () => 3, gapMs: 0 }),
      stall: () => readers.stall(),
    }
    const chat = createChatClient({ baseUrl: readers.url, reconnectDelay: 20, maxReconnectDelay: 50 })
    const ask = async (fault: () => void): Promise<ChatEnd> => {
      let tokens = 0
      const end = await new Promise<ChatEnd>((resolve, reject) => {
        chat.stream(
          { query: 'what is a KITAS?' },
          {
            onToken: () => {
              if (++tokens % 15 !== 0) return
              fault()
              setImmediate(() => readers.resume())
            },
            onComplete: resolve,
            onError: reject,
          },
        )
      })
      readers.shape(null)
      return end
    }
    for (const fault of Object.values(faults)) {
      const end = await ask(fault)
      expect(end).toMatchObject({ type: 'done', reason: 'complete', text: TOKENS.join('') })
    }
    await nothingLeft(rig)
    const before = ownFootprint()
    for (const fault of Object.values(faults)) await ask(fault)
    await nothingLeft(rig)
    await holdsNoMoreThan(before)
    expect(rig.records.filter(({ operation }) => operation === 'stream.end')).toHaveLength(12)
    expect(rig.mock.requests, 'no answer was asked for twice').toHaveLength(12)
  })

  test('goes dead silently is closed, and its resources are freed', async () => {
    const { rig, readers } = await between()
    const chat = createChatClient({ baseUrl: readers.url, maxReconnectAttempts: 0 })
    let tokens = 0
    const controller = new AbortController()
    chat.stream({ query: 'q' }, { onToken: () => tokens++, signal: controller.signal, onError: () => {} })
    await eventually(() => tokens > 5, 'some tokens')
    readers.lose('client')
    await nothingLeft(rig)
    controller.abort()
  })
})
