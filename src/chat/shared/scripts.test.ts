import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/support/eventually.js'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.js'
import { type Link, openLink } from '../../redis/link.js'
import { claim, keepClaim } from './claims.js'
import { beatWriter, endOrphan, readShared, shareAnswer, stopAnswer, unreadShared } from './elsewhere.js'
import { answerKeys, claimKey, nodeChannel, writersKey } from './keys.js'
import { openAnswer, type Put, type PutAnswer, putAll, sealAnswer } from './writing.js'

const TTL = 60_000
const ID = 'answer-1'
const KEYS = answerKeys('test', 0, ID)

let redis: RedisServer
let link: Link
const notices: string[] = []

beforeAll(async () => {
  redis = await startRedis()
  link = await openLink({
    address: { kind: 'unix', path: redis.path, db: 0, username: null, password: null },
    monotonicMs: () => performance.now(),
  })
  for (const channel of [KEYS.channel, nodeChannel('test', 0, 'n1')])
    link.subscribe(channel, message => notices.push(message))
  await eventually(() => link.commands.isUp && link.isListening, 'the link is up')
})
beforeEach(async () => {
  await link.commands.send(['FLUSHDB'])
  notices.length = 0
})
afterAll(async () => {
  link.close()
  await redis.close()
})

const opens = (fence = 'f1', id = ID) =>
  openAnswer(link.run, answerKeys('test', 0, id), {
    id,
    owner: 'me',
    isIdentified: true,
    connection: 'c1',
    format: '',
    node: 'n1',
    fence,
    ttlMs: TTL,
  })

/** Event `n` is the text `<n>`. */
const eventsOf = (from: number, next: number) =>
  Buffer.from(Array.from({ length: next - from }, (_, i) => `<${from + i}>`).join(''))

const putOf = (from: number, next: number, more: Partial<Put> = {}): Put => ({
  id: ID,
  keys: KEYS,
  fence: 'f1',
  from,
  next,
  events: eventsOf(from, next),
  end: null,
  ttlMs: TTL,
  ...more,
})

async function puts(from: number, next: number, more: Partial<Put> = {}): Promise<PutAnswer | undefined> {
  const [answer] = await putAll(link.run, [putOf(from, next, more)])
  return answer
}

const CHANNEL = nodeChannel('test', 0, '')
const reads = (fromByte = 0, keepMs = 60_000) =>
  readShared(link.commands, KEYS, {
    id: ID,
    fromByte,
    mostBytes: 1_000,
    node: 'n2',
    keepMs,
    channel: CHANNEL,
  })

const OK = { answer: 'ok', stop: false, isElsewhere: false, isShared: false }

describe('the node that runs an answer', () => {
  test('appends events, and may repeat what is there', async () => {
    expect([await opens(), await opens()]).toEqual(['ok', 'ok'])
    expect([await puts(0, 2), await puts(0, 2), await puts(2, 3)]).toEqual([OK, OK, OK])
    const read = await reads()
    expect(read).toMatchObject({
      next: 3,
      end: null,
      owner: 'me',
      isIdentified: true,
      node: 'n1',
      fence: 'f1',
      connection: 'c1',
    })
    expect(read?.events.toString()).toBe('<0><1><2>')
    expect(await link.commands.send(['PTTL', KEYS.log])).toBeGreaterThan(0)
  })

  test('learns from where to send again, and that all is lost', async () => {
    expect(await puts(0, 1)).toEqual({ answer: 'lost' })
    await opens()
    await puts(0, 2)
    expect(await puts(3, 4)).toEqual({ answer: 'gap', next: 2 })
    expect(await puts(1, 3)).toEqual({ answer: 'gap', next: 2 })
    await link.commands.send(['DEL', KEYS.log])
    expect(await puts(2, 3)).toEqual({ answer: 'lost' })
    expect([await opens(), await puts(0, 3)]).toEqual(['ok', OK])
  })

  test('is fenced when others ended it, and cannot open it again', async () => {
    await opens('other')
    expect([await opens(), await puts(0, 1)]).toEqual(['fenced', { answer: 'fenced' }])
    await link.commands.send(['DEL', KEYS.log])
    await link.commands.send(['HSET', KEYS.meta, 'bytes', 5])
    expect(await puts(0, 1)).toEqual({ answer: 'fenced' })
  })

  test('puts many answers of a bucket in one call', async () => {
    const others = Array.from({ length: 2_000 }, (_, i) => `id${i}`)
    const id = others.find(each => answerKeys('test', 0, each).bucket === KEYS.bucket) ?? ''
    await opens('f1', id)
    const second = putOf(0, 1, { id, keys: answerKeys('test', 0, id), end: 'whole' })
    expect(await putAll(link.run, [putOf(0, 1), second])).toEqual([{ answer: 'lost' }, OK])
    expect(await link.commands.send(['HLEN', KEYS.live])).toBe(0)
    expect(await putAll(link.run, [])).toEqual([])
  })

  test('hears of readers elsewhere, and its puts send them a notice', async () => {
    await opens()
    await puts(0, 1)
    await reads(0, 0)
    expect(await puts(0, 1)).toEqual(OK)
    await reads()
    await reads()
    expect(await puts(1, 2)).toEqual({ ...OK, isElsewhere: true })
    await unreadShared(link.run, KEYS, { id: ID, node: 'n2', channel: CHANNEL })
    expect(await puts(2, 3)).toEqual(OK)
    await eventually(() => notices.length > 2, 'the notices came')
    // It is asked to look when the first reader came, and when the last one left.
    expect(notices).toEqual([`look ${ID}`, `${ID} 2`, `look ${ID}`])
  })

  test('says with its end how the answer ended, also where no event says so', async () => {
    await opens()
    await puts(0, 2)
    await reads()
    expect(await puts(2, 2, { end: 'cut' })).toEqual({ ...OK, isElsewhere: true })
    expect((await reads())?.end).toBe('cut')
    await eventually(() => notices.includes(`${ID} 2`), 'the notice came')
    expect(await link.commands.send(['HLEN', KEYS.live])).toBe(0)
  })

  test('replaces the log by its deflated form, after the end and not before', async () => {
    await opens()
    await puts(0, 1)
    const seals = (fence: string) => sealAnswer(link.run, KEYS, fence, Buffer.from([1, 0, 255]), TTL)
    expect(await seals('f1')).toBe('no')
    await puts(1, 2, { end: 'whole' })
    expect([await seals('other'), await seals('f1'), await seals('f1')]).toEqual(['no', 'ok', 'ok'])
    const read = await reads(2)
    expect([read?.end, read?.isDeflated, read?.events]).toEqual(['whole', true, Buffer.from([1, 0, 255])])
    expect(await puts(1, 2, { end: 'whole' })).toEqual(OK)
  })
})

describe('any other node', () => {
  test('reads on from a byte', async () => {
    expect(await reads()).toBeNull()
    await opens()
    await puts(0, 3)
    expect((await reads(6))?.events.toString()).toBe('<2>')
  })

  test('stops it for the owner: its node gets a message, and the next put says so', async () => {
    const stops = (owner = 'me') => stopAnswer(link.run, KEYS, { id: ID, owner, channel: CHANNEL })
    expect(await stops()).toBe('unknown')
    await opens()
    expect(await stops('somebody')).toBe('unknown')
    expect(await stops()).toBe('ok')
    expect(await puts(0, 1, { end: 'whole' })).toEqual({ ...OK, stop: true })
    expect(await stops()).toBe('ended')
    await eventually(() => notices.length > 0, 'the message came')
    expect(notices).toEqual([`stop ${ID}`])
  })

  test('keeps others from stopping an answer that they may share with somebody', async () => {
    const shares = () => shareAnswer(link.run, KEYS, { id: ID, channel: CHANNEL })
    await shares()
    await opens()
    await shares()
    expect(await stopAnswer(link.run, KEYS, { id: ID, owner: 'me', channel: CHANNEL })).toBe('unknown')
    expect(await puts(0, 1)).toEqual({ ...OK, isShared: true })
  })

  test('sees the beats of all writers grow', async () => {
    const beats = (node: string) => beatWriter(link.run, writersKey('test'), node, TTL)
    expect([...(await beats('n1'))]).toEqual([['n1', '1']])
    await beats('n2')
    expect(Object.fromEntries(await beats('n1'))).toEqual({ n1: '2', n2: '1' })
  })

  test('joins by an idempotency key: the first asks, another question is refused', async () => {
    const key = claimKey('test', 'u:me the-key')
    const claims = (fingerprint: string, id: string) => claim(link.run, key, fingerprint, id, TTL)
    expect([await claims('q1', 'a'), await claims('q1', 'a')]).toEqual([
      { answer: 'mine' },
      { answer: 'mine' },
    ])
    expect(await claims('q1', 'b')).toEqual({ answer: 'joined', id: 'a' })
    expect(await claims('q2', 'c')).toEqual({ answer: 'other' })
    expect(key).not.toContain('the-key')
    // Only the one that has it may give it up.
    await keepClaim(link.run, key, 'b', 0)
    expect(await claims('q1', 'b')).toEqual({ answer: 'joined', id: 'a' })
    await keepClaim(link.run, key, 'a', 5_000)
    expect(Number(await link.commands.send(['PTTL', key]))).toBeLessThanOrEqual(5_000)
    await keepClaim(link.run, key, 'a', 0)
    expect(await claims('q2', 'c')).toEqual({ answer: 'mine' })
  })

  test('ends the answer of a dead writer once; one that wakes up is fenced', async () => {
    const ends = (fence: string, next: number) =>
      endOrphan(link.run, KEYS, { id: ID, fence, next, newFence: 'f2', ttlMs: TTL })
    expect(await ends('f1', 0)).toBe('unknown')
    await opens()
    await puts(0, 2)
    expect([await ends('f1', 1), await ends('f9', 2)]).toEqual(['alive', 'alive'])
    expect([await ends('f1', 2), await ends('f1', 2)]).toEqual(['ok', 'ended'])
    expect([await puts(2, 3), await opens()]).toEqual([{ answer: 'fenced' }, 'fenced'])
    const read = await reads()
    expect([read?.next, read?.end, read?.events.toString()]).toEqual([2, 'lost', '<0><1>'])
  })
})

test('whatever is repeated, lost or forgotten, a writer that does as it is answered leaves its events in order, once each', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('grow' as const), by: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('unheard' as const, 'save' as const), by: fc.constant(1) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'restore' as const), by: fc.constant(1) }),
    },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
      await link.commands.send(['FLUSHDB'])
      await opens()
      let made = 0
      let sent = 0
      let isSaved = false
      const settle = async (): Promise<void> => {
        // Each answer leads on: at most a lost one and the put after it.
        for (let i = 0; i < 3 && sent < made; i++) {
          const answer = await puts(sent, made)
          if (answer?.answer === 'ok') sent = made
          else if (answer?.answer === 'gap') sent = answer.next
          else if (answer?.answer === 'lost') {
            sent = 0
            expect(await opens()).toBe('ok')
          }
        }
        expect(sent).toBe(made)
      }
      for (const each of steps) {
        if (each.do === 'grow') {
          made += each.by
          await settle()
        } else if (each.do === 'unheard') {
          // Carried out, and the answer never came: the writer sends the same again.
          made++
          await puts(sent, made)
        } else if (each.do === 'flush') {
          await link.commands.send(['FLUSHDB'])
          isSaved = false
        } else if (each.do === 'save') {
          isSaved = true
          for (const key of [KEYS.meta, KEYS.log]) {
            await link.commands.send(['DEL', `saved${key}`])
            await link.commands.send(['COPY', key, `saved${key}`])
          }
        } else if (isSaved) {
          for (const key of [KEYS.meta, KEYS.log]) {
            await link.commands.send(['DEL', key])
            await link.commands.send(['COPY', `saved${key}`, key])
          }
        }
      }
      made++
      await settle()
      expect((await reads())?.events.toString()).toBe(eventsOf(0, made).toString())
    }),
    { numRuns: 60 },
  )
})
