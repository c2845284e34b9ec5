// The stream outlives the connection: resume, stop, ownership, what becomes of an answer without followers (chat.md 1 and 4).
import { afterEach, describe, expect, test } from 'vitest'
import { ChatReader } from '../support/chat-reader.js'
import {
  ask,
  type ChatRig,
  type ChatRigOptions,
  resume,
  startChatRig,
  stop,
  until,
} from '../support/chat-rig.js'
import { type HandUpstream, startHandUpstream } from '../support/hand-upstream.js'

let rig: ChatRig | null = null
let hand: HandUpstream | null = null
async function start(options: ChatRigOptions = {}): Promise<ChatRig> {
  rig = await startChatRig(options)
  return rig
}
/** Behind it an upstream that the test speaks for. */
async function startByHand(): Promise<[ChatRig, HandUpstream]> {
  const upstream = await startHandUpstream()
  hand = upstream
  return [await start({ backends: () => [upstream.url] }), upstream]
}
afterEach(async () => {
  await rig?.close()
  await hand?.close()
  rig = null
  hand = null
})

const HALF_WAY = { tokens: 3, finish: 'stall' } as const
const has = (count: number) => (reader: ChatReader) => reader.ofType('token').length >= count
const ann = { authorization: 'Bearer person:ann' }
const bob = { authorization: 'Bearer person:bob' }

describe('resume', () => {
  test.each(['Last-Event-ID', '?after='])('continues after the last event received, by %s', async how => {
    const [here, upstream] = await startByHand()
    const asked = ask(here)
    await upstream.say('a', 'b', 'c', 'd')
    const first = await asked.until(has(4))
    first.cut()
    const { lastSequence, streamId } = first
    const headers = how === '?after=' ? {} : { 'last-event-id': `${streamId}.${lastSequence}` }
    const again = resume(here, streamId, how === '?after=' ? lastSequence : null, headers)
    // It has begun before there is anything to follow: what comes then comes live.
    await again.until(({ events }) => events.length === 1)
    await upstream.say('e', 'f')
    await upstream.done()
    const second = await again.end()
    expect(second.status).toBe(200)
    expect(second.events[0]).toEqual({
      name: 'message',
      // None of its own: what stays is the connection's last one.
      id: '',
      type: 'metadata',
      data: {
        status: 'connected',
        connectionId: second.headers['x-connection-id'],
        streamId,
        identified: false,
        resumed: true,
      },
      timestamp: expect.any(Number),
    })
    expect(second.text.indexOf('id: ')).toBeGreaterThan(second.text.indexOf('"resumed":true'))
    expect(second.numbered[0]?.sequence).toBe(lastSequence + 1)
    expect(first.answer + second.answer).toBe('abcdef')
    expect(second.terminals).toHaveLength(1)
    expect(upstream.asked()).toBe(1)
    expect(here.records.filter(({ operation }) => operation === 'stream.resume')).toHaveLength(1)
  })
  test('replays everything to a client without events', async () => {
    const here = await start()
    const first = await ask(here).end()
    const again = await resume(here, first.streamId, null).end()
    expect(again.numbered).toEqual(first.numbered)
  })
  test('is 204 when the stream has ended and nothing follows', async () => {
    const here = await start()
    const first = await ask(here).end()
    expect((await resume(here, first.streamId, first.lastSequence).end()).status).toBe(204)
    expect((await resume(here, first.streamId, first.lastSequence - 1).end()).terminals).toHaveLength(1)
  })
  test('is 404 when it has expired, 400 with an invalid after', async () => {
    const here = await start({ chat: { chatResumeTtlMs: 20 } })
    const first = await ask(here).end()
    expect((await resume(here, `${first.streamId}?after=x`, null).end()).status).toBe(400)
    await until(async () => (await resume(here, first.streamId, null).end()).status === 404, 'expired')
    await until(() => here.timers.waiting() === 0, 'no timer left')
  })
  test('several readers follow one stream', async () => {
    const [here, upstream] = await startByHand()
    const asked = ask(here)
    await upstream.say('a', 'b')
    const first = await asked.until(has(2))
    const others = [-1, 0, 2].map(after => resume(here, first.streamId, after))
    for (const other of others) await other.until(({ events }) => events.length > 0)
    await upstream.say('c')
    await upstream.done()
    await first.end()
    for (const other of others) {
      await other.end()
      expect(first.numbered.slice(-other.numbered.length)).toEqual(other.numbered)
      expect(other.terminals).toHaveLength(1)
    }
    expect(others.map(({ answer }) => answer)).toEqual(['abc', 'abc', 'c'])
  })
})

describe('an EventSource that reconnects by itself', () => {
  test('resumes, and is 204 when the stream has ended, is unknown, or is not its own; it never pays twice', async () => {
    const [here, upstream] = await startByHand()
    const asked = new ChatReader(`${here.base}/chat-stream?query=a`)
    await upstream.say('a', 'b', 'c')
    const first = await asked.until(has(3))
    first.cut()
    const back = (id: string, headers = {}) =>
      new ChatReader(`${here.base}/chat-stream?query=a`, { headers: { 'last-event-id': id, ...headers } })
    const returned = back(`${first.streamId}.${first.lastSequence}`)
    await upstream.say('d')
    await upstream.done()
    const second = await returned.end()
    expect(second.numbered[0]?.sequence).toBe(first.lastSequence + 1)
    expect(second.answer).toBe('d')
    expect((await back(`${first.streamId}.${second.lastSequence}`).end()).status).toBe(204)
    expect((await back('AAAAAAAAAAAAAAAAAAAAAA.3').end()).status).toBe(204)
    const hers = ask(here, undefined, ann)
    await until(() => upstream.asked() === 2, 'asked')
    await upstream.say('e')
    await upstream.done()
    const anns = await hers.end()
    expect((await back(`${anns.streamId}.0`, bob).end()).status).toBe(204)
    expect(upstream.asked()).toBe(2)
  })
})

describe('ownership', () => {
  test('a stream belongs to the caller who started it: for others it is 404', async () => {
    const here = await start({ mock: { script: HALF_WAY } })
    const reader = await ask(here, undefined, ann).until(has(3))
    for (const other of [bob, {}]) {
      expect((await resume(here, reader.streamId, null, other).end()).status).toBe(404)
      expect((await stop(here, reader.streamId, other)).status).toBe(404)
    }
    expect(reader.isOver).toBe(false)
    const hers = await resume(here, reader.streamId, 0, ann).until(has(3))
    expect(hers.events[0]?.data).toMatchObject({ identified: true })
    expect((await stop(here, reader.streamId, ann)).status).toBe(202)
    await reader.end()
    await hers.end()
  })
})

describe('stop', () => {
  test('cancels the upstream, ends every reader with aborted, and may be repeated', async () => {
    const here = await start({ mock: { script: HALF_WAY } })
    const reader = await ask(here).until(has(3))
    const other = await resume(here, reader.streamId, 0).until(has(3))
    const [request] = here.mock.requests
    const answer = await stop(here, reader.streamId)
    expect(answer.status).toBe(202)
    // How soon is measured by `g6 bench chat`; here it is that nothing else ends it.
    await request?.closed
    expect(request?.wasCancelled()).toBe(true)
    await Promise.all([reader.end(), other.end()])
    for (const each of [reader, other]) {
      expect(each.terminals.map(({ type, data }) => [type, data])).toEqual([
        ['aborted', { reason: 'client_stop' }],
      ])
      expect(each.isComplete).toBe(true)
    }
    expect(reader.ofType('usage').at(-1)?.data).toMatchObject({ estimated: true, outputTokens: 3 })
    expect((await stop(here, reader.streamId)).status).toBe(202)
    expect(here.observed.ends).toEqual(['client_stop'])
    expect(here.records.filter(({ operation }) => operation === 'stream.stop')).toHaveLength(2)
    expect(here.records.filter(({ operation }) => operation === 'stream.end')).toMatchObject([
      { reason: 'client_stop', tokens: 3 },
    ])
  })
})

describe('an answer without followers', () => {
  test('waits for a resume', async () => {
    const here = await start({ mock: { script: HALF_WAY } })
    const reader = await ask(here).until(has(3))
    reader.cut()
    await until(() => here.relay.readers === 0, 'the reader has left')
    const back = await resume(here, reader.streamId, reader.lastSequence).until(
      ({ events }) => events.length > 0,
    )
    expect(here.relay.stats().activeStreams).toBe(1)
    await stop(here, reader.streamId)
    await back.end()
  })
  test('is cancelled when the grace is over', async () => {
    const here = await start({ chat: { chatDisconnectGraceMs: 30 }, mock: { script: HALF_WAY } })
    const reader = await ask(here).until(has(3))
    reader.cut()
    await here.mock.requests[0]?.closed
    expect(here.observed.ends).toEqual(['idle'])
    expect(here.limits.leased).toBe(0)
    const late = await resume(here, reader.streamId, reader.lastSequence).end()
    expect(late.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'idle' } }])
  })
  test('is cancelled at once with on_disconnect=cancel', async () => {
    const here = await start({ mock: { script: HALF_WAY } })
    const reader = await ask(here, undefined, {}, '/chat-stream?on_disconnect=cancel').until(has(3))
    reader.cut()
    await here.mock.requests[0]?.closed
    expect(here.observed.ends).toEqual(['idle'])
  })
  test('is read to the end only where that is allowed', async () => {
    const [here, upstream] = await startByHand()
    const path = '/chat-stream?on_disconnect=finish'
    expect((await ask(here, undefined, {}, path).end()).status).toBe(400)
    here.setChat({ chatAllowFinish: true, chatDisconnectGraceMs: 0 })
    const reader = ask(here, undefined, {}, path)
    await upstream.say('a', 'b')
    await reader.until(has(2))
    reader.cut()
    await until(() => here.relay.readers === 0, 'nobody reads')
    await upstream.say('c')
    await until(() => here.observed.tokens === 3, 'it is read on')
    await upstream.done()
    await until(() => here.observed.ends.length > 0, 'ended')
    expect(here.observed.ends).toEqual(['complete'])
  })
  test('a client that leaves before it knows the stream cancels it', async () => {
    const here = await start({ mock: { script: { headMs: 60_000 } } })
    const reader = ask(here)
    await until(() => here.mock.requests.length > 0, 'asked')
    reader.cut()
    await here.mock.requests[0]?.closed
    expect(here.observed.ends).toEqual(['idle'])
  })
  test.each(['/chat-stream', '/chat'])(
    'a client that leaves %s while its token is being looked at starts nothing',
    async path => {
      let letIn = (): void => {}
      const looked = new Promise<void>(resolve => {
        letIn = resolve
      })
      const here = await start({ beforeVerify: () => looked, mock: { script: HALF_WAY } })
      const reader = ask(here, undefined, ann, path)
      await until(() => here.verified.length === 1, 'its token is looked at')
      reader.cut()
      await until(() => here.connections[0]?.destroyed === true, 'it has left')
      letIn()
      // Another one, so that the first would have been asked before it.
      await ask(here, undefined, ann)
        .until(has(3))
        .then(other => stop(here, other.streamId, ann))
      expect(here.mock.requests).toHaveLength(1)
      expect(here.records.filter(({ operation }) => operation === 'stream.start')).toHaveLength(1)
    },
  )
})

describe('keeping a connection alive', () => {
  test('heartbeats come by themselves, without id or number', async () => {
    const here = await start({ chat: { chatHeartbeatMs: 20 }, mock: { script: HALF_WAY } })
    const reader = await ask(here).until(
      ({ events }) => events.filter(({ type }) => type === 'heartbeat').length >= 3,
    )
    const beats = reader.ofType('heartbeat')
    for (const beat of beats) {
      expect(beat.name).toBe('heartbeat')
      expect(beat.data).toEqual({ timestamp: expect.any(Number) })
      expect(beat.sequence).toBeUndefined()
    }
    expect(reader.text.split('event: heartbeat')[1]).not.toContain('id:')
    reader.cut()
  })
})

test('a silent connection gets a comment between heartbeats', async () => {
  const here = await start({ pingMs: 20, mock: { script: HALF_WAY } })
  const reader = await ask(here).until(({ comments }) => comments.length >= 3)
  expect(new Set(reader.comments)).toEqual(new Set(['ping']))
  expect(reader.ofType('heartbeat')).toEqual([])
  reader.cut()
})

test('an answer that exceeds the log ends with too_large', async () => {
  const here = await start({
    chat: { chatLogBytes: 4096 },
    mock: { script: { tokens: 200, finish: 'stall' } },
  })
  const reader = await ask(here).end()
  expect(reader.terminals).toMatchObject([{ type: 'error', data: { code: 'too_large', retryable: false } }])
  expect(reader.numbered.map(({ sequence }) => sequence)).toEqual(reader.numbered.map((_, i) => i))
  await here.mock.requests[0]?.closed
  expect(here.mock.requests[0]?.wasCancelled()).toBe(true)
})

describe('a reader that takes nothing', () => {
  const MUCH = { tokens: Array.from({ length: 4_000 }, (_, i) => `${i} ${'x'.repeat(4_000)}`) }
  test('is closed, and resumes without loss', async () => {
    const here = await start({
      chat: { chatReaderStallMs: 100, chatLogBytes: 64 << 20 },
      mock: { script: MUCH },
    })
    const reader = await ask(here).until(has(1))
    reader.stall()
    await until(
      () => here.relay.readers === 0 && here.observed.ends.length > 0,
      'closed, and the answer read on',
    )
    expect(here.observed.ends).toEqual(['complete'])
    reader.goOn()
    await reader.end()
    // On a busy machine the resumed reader may itself stall for so short a time.
    here.setChat({ chatReaderStallMs: 60_000 })
    const back = await resume(here, reader.streamId, reader.lastSequence).end()
    expect(reader.terminals).toEqual([])
    expect(back.terminals).toMatchObject([{ type: 'done' }])
    expect(reader.answer + back.answer === MUCH.tokens.join('')).toBe(true)
  })
  test('pauses the upstream when the pace is reader', async () => {
    const here = await start({
      chat: { chatPace: 'reader', chatReadAheadBytes: 65_536, chatLogBytes: 64 << 20 },
      mock: { script: MUCH },
    })
    const reader = await ask(here).until(has(1))
    reader.stall()
    await until(() => here.observed.isHeldBack, 'the upstream is held back')
    expect(here.observed.tokens).toBeLessThan(4_000)
    expect(here.mock.open()).toBe(1)
    reader.goOn()
    await reader.end()
    expect(reader.answer === MUCH.tokens.join('')).toBe(true)
    expect(here.observed.isHeldBack).toBe(false)
  })
})

test('a reader over the limit is 503 before anything is begun or recorded', async () => {
  const here = await start({ chat: { chatMaxStreams: 1 }, mock: { script: HALF_WAY } })
  const reader = await ask(here).until(has(3))
  const others = [0, 0, 0].map(after => resume(here, reader.streamId, after))
  for (const other of others) await other.until(has(3))
  const begun = here.records.length
  for (const late of [ask(here), resume(here, reader.streamId, 0)]) {
    const { status, json } = await late.end()
    expect([status, json.code]).toEqual([503, 'chat_full'])
  }
  expect(here.records).toHaveLength(begun)
  expect(here.mock.requests).toHaveLength(1)
  await stop(here, reader.streamId)
})

test('a stopping server ends streams with shutdown and leaves nothing behind', async () => {
  const here = await start({ mock: { script: HALF_WAY } })
  const readers = [await ask(here).until(has(3)), await ask(here, undefined, ann).until(has(3))]
  const whole = ask(here, undefined, {}, '/chat')
  await until(() => here.mock.requests.length === 3, 'asked')
  await here.relay.close(30_000)
  await Promise.all(readers.map(reader => reader.end()))
  for (const reader of readers) {
    expect(reader.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'shutdown' } }])
    expect(reader.isComplete).toBe(true)
  }
  expect((await whole.end()).status).toBe(503)
  expect(here.limits.leased).toBe(0)
  await until(() => here.timers.waiting() === 0, 'no timer left')
  await until(async () => (await here.mock.connections()) === 0, 'no upstream connection left')
  expect(here.relay.stats()).toMatchObject({ activeStreams: 0, activeReaders: 0 })
})

test('a credential that is no longer valid loses its connection, not the answer', async () => {
  const here = await start({ mock: { script: HALF_WAY } })
  const reader = await ask(here).until(has(3))
  await here.relay.dismiss(async () => true)
  await reader.end()
  expect(reader.terminals).toEqual([])
  expect(here.relay.stats().activeStreams).toBe(1)
})
