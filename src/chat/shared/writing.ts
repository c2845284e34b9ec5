// What the node that runs an answer writes of it: it opens the answer, appends events every few milliseconds, many answers a call,
// and seals it. Each write carries a fence, which changes when others end the answer, and the sequence that it begins at:
// repeating a write whose answer was lost does no harm, and a Redis that lost a little says where to go on.
import { z } from 'zod'
import { readAnswer, wholeNumber } from '../../fleet/scripts/answer.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { AnswerKeys } from './keys.js'

export type Opening = {
  readonly id: string
  /** SHA-256 of the owner; empty: the id is the secret. */
  readonly owner: string
  readonly isIdentified: boolean
  readonly connection: string
  /** Of its events: `pass`, or empty. */
  readonly format: string
  readonly node: string
  /** Random: in every write of this process for this answer. */
  readonly fence: string
  readonly ttlMs: number
}

export const openScript = defineScript(
  'open',
  `
local meta, log, live = unpack(KEYS)
local id, owner, identified, conn, format, node, fence, ttl = unpack(ARGV)
local there = redis.call('HGET', meta, 'fence')
if there and there ~= fence then return 'fenced' end
if there then return 'ok' end
redis.call('UNLINK', log)
redis.call('HSET', meta, 'owner', owner, 'identified', identified, 'conn', conn, 'format', format, 'node', node,
  'fence', fence, 'next', 0, 'bytes', 0, 'state', 'live', 'stop', 0, 'shared', 0)
redis.call('PEXPIRE', meta, ttl)
redis.call('HSET', live, id, node)
redis.call('PEXPIRE', live, ttl)
return 'ok'
`,
)

/** `ok` also when it is open already; `fenced`: others ended it. */
export async function openAnswer(run: Run, keys: AnswerKeys, opening: Opening): Promise<'ok' | 'fenced'> {
  const { id, owner, isIdentified, connection, format, node, fence, ttlMs } = opening
  const args = [id, owner, isIdentified ? '1' : '0', connection, format, node, fence, ttlMs]
  const reply = await run(openScript, [keys.meta, keys.log, keys.live], args)
  return readAnswer('open', z.enum(['ok', 'fenced']), reply)
}

/** The events `from` up to `next`, exclusive; none: it says that the writer lives, and asks what others want. */
export type Put = {
  readonly id: string
  readonly keys: AnswerKeys
  readonly fence: string
  readonly from: number
  readonly next: number
  readonly events: Buffer
  /** How the answer ended with the last of them; null: it goes on. `large`: it goes on, and what follows is not shared. */
  readonly end: 'whole' | 'cut' | 'large' | null
  readonly ttlMs: number
}

/**
 * `gap`: Redis has events only up to `next`: send again from there. `lost`: it knows nothing of the answer: open it and send all.
 * `fenced`: others ended it: stop. `stop`: it was asked to. `isElsewhere`: other nodes have readers of it. `isShared`: a caller of
 * another node, who may be somebody else, joined it.
 */
export type PutAnswer =
  | {
      readonly answer: 'ok'
      readonly stop: boolean
      readonly isElsewhere: boolean
      readonly isShared: boolean
    }
  | { readonly answer: 'gap'; readonly next: number }
  | { readonly answer: 'lost' | 'fenced' }

/** In a cluster the answers of one call must be of one bucket. */
export const putScript = defineScript(
  'put',
  `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local answers = {}
for i = 0, #KEYS / 4 - 1 do
  local live, meta, log, readers = unpack(KEYS, 4 * i + 1, 4 * i + 4)
  local channel, id, fence, from, upTo, events, ends, ttl = unpack(ARGV, 8 * i + 1, 8 * i + 8)
  local there = redis.call('HMGET', meta, 'fence', 'next', 'stop', 'bytes', 'shared')
  local have = tonumber(there[2])
  if there[1] and there[1] ~= fence then
    answers[#answers + 1] = {'fenced'}
  elseif not there[1] or redis.call('STRLEN', log) ~= tonumber(there[4]) then
    redis.call('UNLINK', meta, log)
    answers[#answers + 1] = {'lost'}
  elseif have < tonumber(upTo) and have ~= tonumber(from) then
    answers[#answers + 1] = {'gap', there[2]}
  else
    local elsewhere = redis.call('ZCOUNT', readers, '(' .. string.format('%.0f', now), '+inf') > 0
    local isNews = have < tonumber(upTo)
    if isNews then
      redis.call('HSET', meta, 'next', upTo, 'bytes', redis.call('APPEND', log, events))
    end
    local wasLarge = redis.call('HGET', meta, 'end') == 'large'
    if ends == 'large' then
      redis.call('HSET', meta, 'end', ends)
      isNews = not wasLarge
    elseif ends ~= '' and redis.call('HGET', meta, 'state') == 'live' then
      redis.call('HSET', meta, 'state', 'ended')
      if not wasLarge then redis.call('HSET', meta, 'end', ends) end
      redis.call('HDEL', live, id)
      isNews = true
    end
    redis.call('PEXPIRE', meta, ttl)
    redis.call('PEXPIRE', log, ttl)
    if ends == '' or ends == 'large' then redis.call('PEXPIRE', live, ttl) end
    if isNews and elsewhere then redis.call('PUBLISH', channel, id .. ' ' .. upTo) end
    answers[#answers + 1] = {'ok', there[3], elsewhere and '1' or '0', there[5]}
  end
end
return answers
`,
)

const flag = z.enum(['0', '1']).transform(value => value === '1')
const putAnswers = z.array(
  z.union([
    z.tuple([z.literal('ok'), flag, flag, flag]),
    z.tuple([z.literal('gap'), wholeNumber]),
    z.tuple([z.enum(['lost', 'fenced'])]),
  ]),
)

/** In a cluster all of one bucket; the answers are in the order of the puts. */
export async function putAll(run: Run, puts: readonly Put[]): Promise<readonly PutAnswer[]> {
  if (puts.length === 0) return []
  const keys: string[] = []
  const args: (string | number | Buffer)[] = []
  for (const { keys: own, id, fence, from, next, events, end, ttlMs } of puts) {
    keys.push(own.live, own.meta, own.log, own.readers)
    args.push(own.channel, id, fence, from, next, events, end ?? '', ttlMs)
  }
  const reply = await run(putScript, keys, args)
  return readAnswer('put', putAnswers.length(puts.length), reply).map((each): PutAnswer => {
    if (each[0] === 'ok') return { answer: 'ok', stop: each[1], isElsewhere: each[2], isShared: each[3] }
    return each[0] === 'gap' ? { answer: 'gap', next: each[1] } : { answer: each[0] }
  })
}

export const sealScript = defineScript(
  'seal',
  `
local meta, log = unpack(KEYS)
local there = redis.call('HMGET', meta, 'fence', 'state', 'form')
if there[1] ~= ARGV[1] or there[2] ~= 'ended' then return 'no' end
if there[3] == 'deflated' then return 'ok' end
redis.call('SET', log, ARGV[2], 'PX', ARGV[3])
redis.call('HSET', meta, 'form', 'deflated', 'bytes', redis.call('STRLEN', log))
redis.call('PEXPIRE', meta, ARGV[3])
return 'ok'
`,
)

/** Replaces the log of an answer that has ended by its deflated form, a quarter of the size. `no`: it is not this writer's, or lives. */
export async function sealAnswer(
  run: Run,
  keys: AnswerKeys,
  fence: string,
  deflated: Buffer,
  ttlMs: number,
): Promise<'ok' | 'no'> {
  const reply = await run(sealScript, [keys.meta, keys.log], [fence, deflated, ttlMs])
  return readAnswer('seal', z.enum(['ok', 'no']), reply)
}
