// What any node may do with an answer that another one runs: read it, stop it, join it by its idempotency key, and end it when its
// writer is dead. Who owns it is compared here too: to others it does not exist.
import { z } from 'zod'
import { readAnswer, wholeNumber } from '../../fleet/scripts/answer.js'
import type { Lane } from '../../redis/lane.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { AnswerKeys } from './keys.js'

export const claimScript = defineScript(
  'claim',
  `
local claimed = ARGV[1] .. ':' .. ARGV[2]
if redis.call('SET', KEYS[1], claimed, 'NX', 'PX', ARGV[3]) then return claimed end
return redis.call('GET', KEYS[1])
`,
)

/** `mine`: ask. `joined`: that answer has the same question. `other`: the key was used for another question. */
export type ClaimAnswer =
  | { readonly answer: 'mine' | 'other' }
  | { readonly answer: 'joined'; readonly id: string }

/** Before anything is asked, so that one key asks once. `fingerprint`: of the question, without a colon. */
export async function claim(
  run: Run,
  key: string,
  fingerprint: string,
  id: string,
  ttlMs: number,
): Promise<ClaimAnswer> {
  const reply = readAnswer('claim', z.string(), await run(claimScript, [key], [fingerprint, id, ttlMs]))
  const colon = reply.indexOf(':')
  const found = reply.slice(colon + 1)
  if (reply.slice(0, colon) !== fingerprint) return { answer: 'other' }
  return found === id ? { answer: 'mine' } : { answer: 'joined', id: found }
}

export const stopScript = defineScript(
  'stop',
  `
local there = redis.call('HMGET', KEYS[1], 'owner', 'state', 'node')
if not there[1] or there[1] ~= ARGV[1] then return {'unknown'} end
if there[2] ~= 'live' then return {'ended'} end
redis.call('HSET', KEYS[1], 'stop', 1)
return {'ok', there[3]}
`,
)

/** `ok`: the writer sees it with its next put; a message to `node` is faster. */
export type StopAnswer =
  | { readonly answer: 'ok'; readonly node: string }
  | { readonly answer: 'unknown' | 'ended' }

export async function stopAnswer(run: Run, keys: AnswerKeys, owner: string): Promise<StopAnswer> {
  const schema = z.union([z.tuple([z.literal('ok'), z.string()]), z.tuple([z.enum(['unknown', 'ended'])])])
  const read = readAnswer('stop', schema, await run(stopScript, [keys.meta], [owner]))
  return read[0] === 'ok' ? { answer: 'ok', node: read[1] } : { answer: read[0] }
}

export type SharedAnswer = {
  readonly isIdentified: boolean
  readonly connection: string
  readonly node: string
  readonly fence: string
  /** Count of events. */
  readonly next: number
  readonly bytes: number
  readonly isEnded: boolean
  readonly isDeflated: boolean
  /** Of the log, from the byte that was asked for; a deflated one is always given from its beginning. */
  readonly events: Buffer
}

export const readScript = defineScript(
  'read',
  `
local meta, log, readers = unpack(KEYS)
local owner, from, most, node, keepMs = unpack(ARGV)
local there = redis.call('HMGET', meta, 'owner', 'identified', 'conn', 'node', 'fence', 'next', 'bytes', 'state', 'form')
if not there[1] or there[1] ~= owner then return {'unknown'} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if there[8] == 'live' then
  redis.call('ZREMRANGEBYSCORE', readers, '-inf', now)
  redis.call('ZADD', readers, now + keepMs, node)
  redis.call('PEXPIRE', readers, keepMs)
end
local events
if there[9] == 'deflated' then
  events = redis.call('GET', log)
else
  events = redis.call('GETRANGE', log, from, from + most - 1)
end
return {'ok', there[2], there[3], there[4], there[5], there[6], there[7], there[8], there[9] or '', events or ''}
`,
)

const bytes = z.instanceof(Buffer)
const text = bytes.transform(value => value.toString('utf8'))
const readReply = z.union([
  z.tuple([text, text, text, text, text, text, text, text, text, bytes]),
  z.tuple([text]),
])

/** Null: not known, or of another owner. Says at the same time that this node has readers of it, for `keepMs`. */
export async function readShared(
  lane: Pick<Lane, 'run'>,
  keys: AnswerKeys,
  at: {
    readonly owner: string
    readonly fromByte: number
    readonly mostBytes: number
    readonly node: string
    readonly keepMs: number
  },
): Promise<SharedAnswer | null> {
  const { owner, fromByte, mostBytes, node, keepMs } = at
  const reply = await lane.run(
    readScript,
    [keys.meta, keys.log, keys.readers],
    [owner, fromByte, mostBytes, node, keepMs],
    { as: 'bytes' },
  )
  const [word, identified, connection, writer, fence, next, size, state, form, events] = readAnswer(
    'read',
    readReply,
    reply,
  )
  if (word !== 'ok' || events === undefined) return null
  return {
    isIdentified: identified === '1',
    connection: connection ?? '',
    node: writer ?? '',
    fence: fence ?? '',
    next: readAnswer('read', wholeNumber, next),
    bytes: readAnswer('read', wholeNumber, size),
    isEnded: state === 'ended',
    isDeflated: form === 'deflated',
    events,
  }
}

export const orphanScript = defineScript(
  'orphan',
  `
local meta, log, live = unpack(KEYS)
local id, fence, upTo, newFence, terminal, channel, ttl = unpack(ARGV)
local there = redis.call('HMGET', meta, 'fence', 'next', 'state')
if not there[1] then
  redis.call('ZREM', live, id)
  return 'unknown'
end
if there[3] ~= 'live' then return 'ended' end
if there[1] ~= fence or there[2] ~= upTo then return 'alive' end
local bytes = redis.call('APPEND', log, terminal)
redis.call('HSET', meta, 'fence', newFence, 'next', upTo + 1, 'bytes', bytes, 'state', 'ended')
redis.call('PEXPIRE', meta, ttl)
redis.call('PEXPIRE', log, ttl)
redis.call('ZREM', live, id)
redis.call('PUBLISH', channel, id .. ' ' .. string.format('%.0f', upTo + 1))
return 'ok'
`,
)

/**
 * Ends the answer of a dead writer with `terminal` as the event `next`, and changes the fence: a writer that wakes up is refused. `alive`: it
 * wrote since it was looked at.
 */
export async function endOrphan(
  run: Run,
  keys: AnswerKeys,
  orphan: {
    readonly id: string
    readonly fence: string
    readonly next: number
    readonly newFence: string
    readonly terminal: Buffer
    readonly ttlMs: number
  },
): Promise<'ok' | 'alive' | 'ended' | 'unknown'> {
  const { id, fence, next, newFence, terminal, ttlMs } = orphan
  const reply = await run(
    orphanScript,
    [keys.meta, keys.log, keys.live],
    [id, fence, next, newFence, terminal, keys.channel, ttlMs],
  )
  return readAnswer('orphan', z.enum(['ok', 'alive', 'ended', 'unknown']), reply)
}
