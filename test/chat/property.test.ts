// The laws of the relay under whatever may happen at once: random cuts of the upstream's bytes, readers that come, go, stall
// and come back, stops, faults. For every answer: no token lost or doubled, numbers without gaps, exactly one terminal event,
// one `stream.end` that agrees with it, the upstream's connection closed, nothing left.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatObserver } from '../../src/app/chat-metrics.js'
import { DEFAULT_SCRIPT, type MockFinish, type MockScript } from '../../src/chat/mock/script.js'
import type { AuditEntry } from '../../src/chat/ports.js'
import { createMetrics } from '../../src/metrics/metrics.js'
import type { ChatEvent, ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, resume, startChatRig, stop, until } from '../support/chat-rig.js'

type Move =
  | { readonly kind: 'cut'; readonly afterEvents: number }
  | { readonly kind: 'stall'; readonly afterEvents: number }
  | { readonly kind: 'stop'; readonly afterEvents: number }
  | { readonly kind: 'join'; readonly after: number }

const finish = fc.constantFrom<MockFinish>(
  'done',
  'done',
  'done',
  'length',
  'error',
  'cut',
  'end',
  'tail',
  'stall',
)
const afterEvents = fc.nat({ max: 12 })
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: afterEvents.map(n => ({ kind: 'cut', afterEvents: n }) as const) },
  { weight: 2, arbitrary: afterEvents.map(n => ({ kind: 'stall', afterEvents: n }) as const) },
  { weight: 1, arbitrary: afterEvents.map(n => ({ kind: 'stop', afterEvents: n }) as const) },
  { weight: 2, arbitrary: fc.integer({ min: -1, max: 8 }).map(after => ({ kind: 'join', after }) as const) },
)
const script = fc.record({
  tokens: fc.array(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), {
    minLength: 1,
    maxLength: 24,
  }),
  gapMs: fc.constantFrom(0, 0, 1, 2),
  pieceBytes: fc.constantFrom(0, 0, 1, 7, 64),
  lineEnd: fc.constantFrom<MockScript['lineEnd']>('\n', '\r', '\r\n'),
  dialect: fc.constantFrom<MockScript['dialect']>('untyped', 'typed', 'rich', 'openai'),
  extras: fc.boolean(),
  status: fc.constantFrom(200, 200, 200, 200, 200, 200, 200, 404),
  unknownFrame: fc.boolean(),
  finish,
})

let rig: ChatRig
let next: Partial<MockScript> = {}
const metrics = createMetrics({ extended: false, processDefaults: false, version: '0', node: '0' })
beforeAll(async () => {
  // Many of the answers fail; an open breaker is not what is tested.
  rig = await startChatRig({
    mock: { script: () => next },
    observer: chatObserver(metrics),
    breakerRestMs: 1,
  })
})
afterAll(() => rig.close())

/** Value of each label of a counter; '' for one without. */
async function counted(name: string): Promise<Readonly<Record<string, number>>> {
  const { body } = await metrics.text(undefined)
  const rows = body.matchAll(new RegExp(`^${name}(?:\\{reason="(\\w+)"\\})? (\\d+)$`, 'gm'))
  return Object.fromEntries([...rows].map(([, reason = '', value]) => [reason, Number(value)]))
}

/** Follows a stream to its end through everything the moves say; gives all that was seen, in order, once each. */
async function follow(
  moves: readonly Move[],
): Promise<{ seen: readonly ChatEvent[]; joined: readonly ChatReader[]; streamId: string }> {
  let reader: ChatReader = ask(rig)
  await reader.until(({ status }) => status !== 0)
  if (reader.status !== 200) return { seen: [], joined: [], streamId: '' }
  const { streamId } = reader
  const seen: ChatEvent[] = []
  const joined: ChatReader[] = []
  const take = (): void => {
    for (const event of reader.numbered) if ((event.sequence ?? -1) >= seen.length) seen.push(event)
  }
  for (const each of moves) {
    if (each.kind === 'join') {
      joined.push(resume(rig, streamId, each.after))
      continue
    }
    const enough = seen.length + each.afterEvents
    await Promise.race([
      reader.end(),
      reader.until(({ lastSequence }) => lastSequence + 1 >= enough).catch(() => reader),
    ])
    take()
    if (each.kind === 'stop') await stop(rig, streamId)
    else if (each.kind === 'stall') {
      reader.stall()
      await new Promise(resolve => setImmediate(resolve))
      reader.goOn()
    } else {
      reader.cut()
      await reader.end()
      take()
      reader = await resume(rig, streamId, seen.length - 1).until(({ status }) => status !== 0)
      if (reader.status === 204) break
    }
  }
  await reader.end()
  take()
  return { seen, joined, streamId }
}

const END_OF: Readonly<Partial<Record<MockFinish, string>>> = {
  done: 'complete',
  tail: 'complete',
  length: 'length',
  error: 'upstream_error',
  cut: 'upstream_cut',
  end: 'upstream_cut',
  stall: 'idle_timeout',
}

function reasonOf(event: ChatEvent | undefined): unknown {
  const { reason, code } = (event?.data ?? {}) as { readonly reason?: unknown; readonly code?: unknown }
  return reason ?? code
}

test('in any order of events nothing is lost or doubled, and every stream ends exactly once', async () => {
  const recorded: Record<string, number> = {}
  let tokensRecorded = 0
  const of = (reason: string, tokens: number): void => {
    recorded[reason] = (recorded[reason] ?? 0) + 1
    tokensRecorded += tokens
  }
  await fc.assert(
    fc.asyncProperty(script, fc.array(move, { maxLength: 8 }), async (chosen, moves) => {
      next = chosen
      // Short only where it is what must come: a busy machine may be silent for long.
      rig.setChat({
        chatIdleTimeoutMs: chosen.finish === 'stall' ? 300 : 60_000,
        chatUpstream: chosen.dialect === 'openai' ? 'openai' : 'rag-get',
      })
      rig.records.length = 0
      rig.observed.ends.length = 0
      const asked = rig.mock.requests.length
      const { seen, joined, streamId } = await follow(moves)
      const request = rig.mock.requests[asked]
      const sent = { ...DEFAULT_SCRIPT, ...chosen }.tokens as readonly string[]

      await until(
        () => rig.records.some(({ operation }) => operation === 'stream.end'),
        'the end is recorded',
      )
      const ends = rig.records.filter(
        (entry): entry is Extract<AuditEntry, { operation: 'stream.end' }> =>
          entry.operation === 'stream.end',
      )
      expect(ends).toHaveLength(1)
      const terminals = seen.filter(({ type }) => ['done', 'error', 'aborted'].includes(type))
      if (streamId !== '') {
        expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map((_, i) => i))
        expect(seen.map(({ id }) => id)).toEqual(seen.map((_, i) => `${streamId}.${i}`))
        expect(terminals).toHaveLength(1)
        expect(seen.at(-1)).toBe(terminals[0])
        expect(reasonOf(terminals[0])).toBe(ends[0]?.reason)
      }
      expect(rig.observed.ends).toEqual([ends[0]?.reason])
      const wasStopped = moves.some(({ kind }) => kind === 'stop')
      const reason = chosen.status === 404 ? 'upstream_refused' : END_OF[chosen.finish]
      if (!wasStopped) expect(ends[0]?.reason).toBe(reason)
      of(ends[0]?.reason ?? '', ends[0]?.tokens ?? 0)

      const tokens = seen.filter(({ type }) => type === 'token').map(({ data }) => data)
      // The marker's own object is no text; everything else of the answer is, in order, as far as it came.
      expect(sent.join('').startsWith(tokens.join(''))).toBe(true)
      if (['complete', 'length'].includes(ends[0]?.reason ?? '')) expect(tokens.join('')).toBe(sent.join(''))
      if (streamId !== '') expect(ends[0]?.tokens).toBe(tokens.length)

      for (const other of joined) {
        await other.end()
        expect(other.numbered.map(({ id, data }) => [id, data])).toEqual(
          seen.slice(other.numbered[0]?.sequence ?? seen.length).map(({ id, data }) => [id, data]),
        )
      }
      await request?.closed
      await until(() => rig.relay.readers === 0 && rig.limits.leased === 0, 'no reader and no lease left')
      if (streamId !== '') rig.relay.forget(streamId)
      await until(() => rig.relay.stats().activeStreams === 0, 'no generation left')
    }),
    { numRuns: Number(process.env.G6_TEST_RUNS ?? 300) },
  )
  expect(await counted('g6_chat_streams_total')).toEqual(recorded)
  expect(await counted('g6_chat_tokens_total')).toEqual({ '': tokensRecorded })
  // What is left are the bodies of ended answers; they close within a second.
  await until(() => rig.timers.waiting() === 0, 'no timer left')
  await rig.relay.close(30_000)
  await until(async () => (await rig.mock.connections()) === 0, 'no connection to the upstream left')
}, 300_000)
