// The law of the pass-through under whatever may happen at once: connections cut by FIN and RST, before the head, inside an event; second
// readers, reloads, stops, faults of the upstream; for every SDK. Each byte comes once, the upstream is asked once, and the
// record has one start and one end. Repeat a run with FAULT_SEED=…, make it longer with FAULT_RUNS=….
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fetch, resumableFetch } from '../../client/resumable-fetch/index.js'
import type { MockFinish, MockScript } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import type { Identity } from '../../src/chat/ports.js'
import { identity } from '../support/chat-doubles.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { SDK_PATHS, scripted } from '../support/sdk-paths.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64url')
/** A token in the form of a JWT. An answer without an owner could not be stopped once a repeated question had joined it. */
const ANN = `${base64('{"alg":"none"}')}.${base64('ann')}.`
const OWNER = { authorization: `Bearer ${ANN}` }
const persons: Identity = {
  ...identity,
  verify: bearer => identity.verify(`person:${Buffer.from(bearer.split('.')[1] ?? '', 'base64url')}`),
}

let mock: MockUpstream
let rig: ChatRig
let proxy: FaultProxy
beforeAll(async () => {
  mock = await startMockUpstream()
  rig = await startChatRig({
    breakerRestMs: 1,
    identity: persons,
    chat: { relayUpstream: mock.url, chatDisconnectGraceMs: 60_000, chatMaxStreamsPerUser: 1_000 },
  })
  proxy = await startFaultProxy(Number(new URL(rig.rig.url).port))
})
afterAll(async () => {
  await proxy.close()
  await rig.close()
  await mock.close()
})

const finish = fc.constantFrom<MockFinish>(
  'done',
  'done',
  'done',
  'done',
  'length',
  'error',
  'cut',
  'inside',
  'end',
)
const script = fc.record({
  tokens: fc.array(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), {
    minLength: 1,
    maxLength: 24,
  }),
  reasoning: fc.nat({ max: 3 }),
  toolCalls: fc.constantFrom<MockScript['toolCalls']>(
    [],
    [{ name: 'weather', arguments: '{"city":"Denpasar"}' }],
  ),
  gapMs: fc.constantFrom(0, 0, 1, 2),
  pieceBytes: fc.constantFrom(0, 0, 1, 7, 64),
  finish,
})
/** The head of an answer has some 600 bytes; an event 50 to 500. */
const cut = fc.record({
  afterBytes: fc.oneof(fc.nat({ max: 700 }), fc.integer({ min: 600, max: 6_000 })),
  isReset: fc.boolean(),
})
const run = fc.record({
  path: fc.constantFrom(...SDK_PATHS.map(({ name }) => name)),
  script,
  cuts: fc.array(cut, { maxLength: 6 }),
  /** After so many texts the app stops, or reloads; null: it does not. */
  stopAfter: fc.option(fc.nat({ max: 8 }), { freq: 6 }),
  reloadAfter: fc.option(fc.nat({ max: 8 }), { freq: 4 }),
  hasSecondReader: fc.boolean(),
})

const PING = /^: ping\n\n/gm

test('whatever is cut, each byte comes once, the upstream is asked once, and every answer ends once', async () => {
  let cuts = 0
  await fc.assert(
    fc.asyncProperty(
      run,
      async ({ path: name, script, cuts: planned, stopAfter, reloadAfter, hasSecondReader }) => {
        const path = SDK_PATHS.find(each => each.name === name)
        if (path === undefined) throw new Error(`no path ${name}`)
        rig.records.length = 0
        const asked = mock.requests.length
        const left = [...planned]
        proxy.cut() // no connection of the run before
        proxy.cutEach(() => {
          const next = left.shift() ?? null
          if (next !== null) cuts++
          return next
        })
        let id = ''
        const second: { log: Promise<string> | null } = { log: null }
        const onStream = (stream: string): void => {
          id = stream
          if (hasSecondReader) second.log ??= wholeLog(stream)
        }
        const options = { retryDelayMs: 1, onStream, maxAttempts: 20 }
        let got = ''
        /** As the app's SDK gets the bytes. */
        const tapped =
          (fetch: Fetch): Fetch =>
          async (input, init) => {
            const response = await fetch(input, init)
            if (response.body === null) return response
            const decoder = new TextDecoder()
            const tap = new TransformStream<Uint8Array, Uint8Array>({
              transform: (piece, to) => {
                got += decoder.decode(piece, { stream: true })
                to.enqueue(piece)
              },
            })
            return new Response(response.body.pipeThrough(tap), response)
          }

        const abort = new AbortController()
        let texts = 0
        let received = ''
        const leaveAfter = stopAfter ?? reloadAfter
        const question = { url: proxy.url, question: scripted(script), signal: abort.signal, apiKey: ANN }
        const onText = (text: string): void => {
          received += text
          if (leaveAfter !== null && texts++ === leaveAfter) abort.abort()
        }
        const fetch = tapped(resumableFetch({ ...options, stopOnAbort: stopAfter !== null }))
        const result = await path.ask({ ...question, fetch, onText }).then(
          answer => ({ answer, error: null }),
          (error: unknown) => ({ answer: null, error }),
        )
        const text = script.tokens.join('')
        expect(text.startsWith(received)).toBe(true)
        const isProper = script.finish === 'done' || script.finish === 'length'
        const wasLeft = abort.signal.aborted
        // An answer without streaming that is cut after its head is the SDK's to ask for again: it is not resumed.
        const mayFail = !path.isStreamed && planned.length > 0
        if (isProper && !wasLeft && !(mayFail && result.error !== null)) {
          expect(result.error).toBeNull()
          expect(result.answer?.text).toBe(text)
          if (path.hasTools)
            expect(result.answer?.tools).toEqual(script.toolCalls.map(call => [call.name, call.arguments]))
        }
        if (!isProper && !wasLeft) expect(result.error).not.toBeNull()

        if (wasLeft && stopAfter === null && path.isStreamed) {
          // The page was loaded again: the whole answer comes from its beginning, over the same bad line.
          got = ''
          const again = tapped(() =>
            resumableFetch.resume(id, { ...options, headers: OWNER, baseUrl: `${proxy.url}/v1` }),
          )
          const reloaded = path.ask({ url: proxy.url, question: '', fetch: again })
          if (isProper) expect((await reloaded).text).toBe(text)
          else await expect(reloaded).rejects.toThrow()
        }
        const isEnded = () => rig.records.some(({ operation }) => operation === 'stream.end')
        await until(isEnded, 'the end is recorded')
        if (path.isStreamed && isProper && (!wasLeft || stopAfter === null)) {
          expect(got.replace(PING, '')).toBe((await wholeLog(id)).replace(PING, ''))
        }
        if (second.log !== null && isProper && (!wasLeft || stopAfter === null))
          expect((await second.log).replace(PING, '')).toBe((await wholeLog(id)).replace(PING, ''))

        const count = (operation: string) =>
          rig.records.filter(record => record.operation === operation).length
        expect(count('stream.end')).toBe(count('stream.start'))
        // An answer that failed before the caller had its head may be asked for again, by the relay and by the client.
        if (isProper || planned.length === 0) expect(count('stream.start')).toBe(1)
        if (isProper) expect(mock.requests).toHaveLength(asked + 1)
        await mock.requests.at(-1)?.closed
        await until(() => rig.relay.readers === 0 && rig.limits.leased === 0, 'no reader and no lease left')
        if (id !== '') rig.relay.forget(id)
      },
    ),
    {
      // A failing run waits for what does not come, so a shorter one is not searched for.
      endOnFailure: true,
      numRuns: Number(process.env.FAULT_RUNS ?? 50),
      ...(process.env.FAULT_SEED === undefined ? {} : { seed: Number(process.env.FAULT_SEED) }),
    },
  )
  process.stdout.write(`${cuts} cuts: no byte lost, none doubled\n`)
}, 3_000_000)

/** All of an answer, read straight from the server to its end; what there is of one that is cut. */
async function wholeLog(id: string): Promise<string> {
  const response = await fetch(`${rig.rig.url}/v1/streams/${id}?after=-1`, { headers: OWNER })
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const piece of response.body ?? [])
      text += decoder.decode(piece as Uint8Array, { stream: true })
  } catch {
    // A cut answer breaks off for every reader.
  }
  return text
}
