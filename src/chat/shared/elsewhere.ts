// What any node may do with an answer that another one runs: read it, stop it, join it, and end it when its writer is dead.
import { z } from 'zod'
import { readAnswer } from '../../fleet/scripts/answer.js'
import type { Lane } from '../../redis/lane.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { AnswerKeys } from './keys.js'

export const stopScript = defineScript(
  'stop',
  `
local id, owner, channel = unpack(ARGV)
local there = redis.call('HMGET', KEYS[1], 'owner', 'state', 'node', 'shared')
if not there[1] or there[1] ~= owner or there[4] == '1' then return 'unknown' end
if there[2] ~= 'live' then return 'ended' end
redis.call('HSET', KEYS[1], 'stop', 1)
redis.call('PUBLISH', channel .. there[3], 'stop ' .. id)
return 'ok'
`,
)

/** `channel`: what the channels of nodes begin with. The writer also sees it with its next put, should the message be lost. */
export async function stopAnswer(
  run: Run,
  keys: AnswerKeys,
  { id, owner, channel }: { readonly id: string; readonly owner: string; readonly channel: string },
): Promise<'ok' | 'unknown' | 'ended'> {
  const reply = await run(stopScript, [keys.meta], [id, owner, channel])
  return readAnswer('stop', z.enum(['ok', 'unknown', 'ended']), reply)
}

export const shareScript = defineScript(
  'share',
  `
local node = redis.call('HGET', KEYS[1], 'node')
if not node then return 0 end
redis.call('HSET', KEYS[1], 'shared', 1)
redis.call('PUBLISH', ARGV[2] .. node, 'look ' .. ARGV[1])
return 1
`,
)

/** A caller who may be another one than the first joined it: from now on nobody can stop it for the others. */
export async function shareAnswer(
  run: Run,
  keys: AnswerKeys,
  { id, channel }: { readonly id: string; readonly channel: string },
): Promise<void> {
  await run(shareScript, [keys.meta], [id, channel])
}

export type SharedAnswer = {
  /** SHA-256; empty: the id is the secret. */
  readonly owner: string
  readonly isIdentified: boolean
  readonly connection: string
  readonly format: string
  readonly node: string
  readonly fence: string
  /** Count of events. */
  readonly next: number
  readonly bytes: number
  /** How it ended; null: it goes on. `lost`: its writer died. `large`: it goes on at its own node alone. */
  readonly end: 'whole' | 'cut' | 'lost' | 'large' | null
  readonly isDeflated: boolean
  /** Of the log, from the byte that was asked for; a deflated one is always given from its beginning. */
  readonly events: Buffer
}

export const readScript = defineScript(
  'read',
  `
local meta, log, readers = unpack(KEYS)
local id, from, most, node, keepMs, channel = unpack(ARGV)
local there = redis.call('HMGET', meta, 'owner', 'identified', 'conn', 'format', 'node', 'fence', 'next', 'bytes', 'state',
  'end', 'form')
if not there[1] then return {'unknown'} end
if there[9] == 'live' and keepMs ~= '0' then
  local clock = redis.call('TIME')
  local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', readers, '-inf', now)
  local isNew = redis.call('ZADD', readers, now + keepMs, node)
  redis.call('PEXPIRE', readers, keepMs)
  if isNew == 1 then redis.call('PUBLISH', channel .. there[5], 'look ' .. id) end
end
local events
if there[11] == 'deflated' then
  events = redis.call('GET', log)
else
  events = redis.call('GETRANGE', log, from, from + most - 1)
end
return {'ok', there[1], there[2], there[3], there[4], there[5], there[6], there[7], there[8], there[10] or '',
  there[11] or '', events or ''}
`,
)

const text = z.instanceof(Buffer).transform(value => value.toString('utf8'))
const count = text.pipe(
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
)
const readReply = z.union([
  z.tuple([
    text.pipe(z.literal('ok')),
    text,
    text,
    text,
    text,
    text,
    text,
    count,
    count,
    text.pipe(z.enum(['', 'whole', 'cut', 'lost', 'large'])),
    text,
    z.instanceof(Buffer),
  ]),
  z.tuple([text.pipe(z.literal('unknown'))]),
])

/** Null: not known. Says at the same time that this node has readers of it, for `keepMs`; 0: it has none. */
export async function readShared(
  lane: Pick<Lane, 'run'>,
  keys: AnswerKeys,
  at: {
    readonly id: string
    readonly fromByte: number
    readonly mostBytes: number
    readonly node: string
    readonly keepMs: number
    readonly channel: string
  },
): Promise<SharedAnswer | null> {
  const { id, fromByte, mostBytes, node, keepMs, channel } = at
  const reply = await lane.run(
    readScript,
    [keys.meta, keys.log, keys.readers],
    [id, fromByte, mostBytes, node, keepMs, channel],
    { as: 'bytes' },
  )
  const read = readAnswer('read', readReply, reply)
  if (read[0] !== 'ok') return null
  const [, owner, identified, connection, format, writer, fence, next, bytes, end, form, events] = read
  return {
    owner,
    isIdentified: identified === '1',
    connection,
    format,
    node: writer,
    fence,
    next,
    bytes,
    end: end === '' ? null : end,
    isDeflated: form === 'deflated',
    events,
  }
}

export const leaveScript = defineScript(
  'unread',
  `
local id, node, channel = unpack(ARGV)
redis.call('ZREM', KEYS[2], node)
local writer = redis.call('HGET', KEYS[1], 'node')
if writer then redis.call('PUBLISH', channel .. writer, 'look ' .. id) end
return 1
`,
)

/** This node has no readers of it any more. */
export async function unreadShared(
  run: Run,
  keys: AnswerKeys,
  { id, node, channel }: { readonly id: string; readonly node: string; readonly channel: string },
): Promise<void> {
  await run(leaveScript, [keys.meta, keys.readers], [id, node, channel])
}

export const orphanScript = defineScript(
  'orphan',
  `
local meta, log, live = unpack(KEYS)
local id, fence, upTo, newFence, channel, ttl = unpack(ARGV)
local there = redis.call('HMGET', meta, 'fence', 'next', 'state')
if not there[1] then
  redis.call('HDEL', live, id)
  return 'unknown'
end
if there[3] ~= 'live' then return 'ended' end
if there[1] ~= fence or there[2] ~= upTo then return 'alive' end
redis.call('HSET', meta, 'fence', newFence, 'state', 'ended', 'end', 'lost')
redis.call('PEXPIRE', meta, ttl)
redis.call('PEXPIRE', log, ttl)
redis.call('HDEL', live, id)
redis.call('PUBLISH', channel, id .. ' ' .. upTo)
return 'ok'
`,
)

/**
 * Ends the answer of a dead writer, and changes the fence: a writer that wakes up is refused. `alive`: it wrote since it was
 * looked at.
 */
export async function endOrphan(
  run: Run,
  keys: AnswerKeys,
  orphan: {
    readonly id: string
    readonly fence: string
    readonly next: number
    readonly newFence: string
    readonly ttlMs: number
  },
): Promise<'ok' | 'alive' | 'ended' | 'unknown'> {
  const { id, fence, next, newFence, ttlMs } = orphan
  const reply = await run(
    orphanScript,
    [keys.meta, keys.log, keys.live],
    [id, fence, next, newFence, keys.channel, ttlMs],
  )
  return readAnswer('orphan', z.enum(['ok', 'alive', 'ended', 'unknown']), reply)
}

export const beatScript = defineScript(
  'writers',
  `
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('HGETALL', KEYS[1])
`,
)

/** Says that this node lives, and gives the beats of all nodes that run answers. */
export async function beatWriter(
  run: Run,
  key: string,
  node: string,
  keepMs: number,
): Promise<ReadonlyMap<string, string>> {
  const flat = readAnswer('writers', z.array(z.string()), await run(beatScript, [key], [node, keepMs]))
  const beats = new Map<string, string>()
  for (let i = 0; i + 1 < flat.length; i += 2) beats.set(flat[i] ?? '', flat[i + 1] ?? '')
  return beats
}
