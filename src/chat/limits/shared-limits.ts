// The limits of one caller over all nodes, on Redis's clock only: one key a script, so that a cluster may spread callers.
//
// Starts are an exact sliding window, the times of the caller's last starts; GCRA would let 2N - 1 into a window. Places of live
// answers are leased: those of a node that died become free by themselves. While Redis is slow or gone each node allows its
// share, and so all of them together at most N + nodes - 1.
import { z } from 'zod'
import { readAnswer, wholeNumber } from '../../fleet/scripts/answer.js'
import type { WindowLimit } from '../../guards/sliding-window.js'
import type { Lane } from '../../redis/lane.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'

/** After this the share of this node decides. */
export const LIMIT_WAIT_MS = 150

export type StartAnswer = {
  readonly ok: boolean
  /** Starts in the window, this one too if it was accepted. */
  readonly used: number
  /** When accepted: until the oldest leaves the window. Else until one more is accepted. */
  readonly waitMs: number
}

export const startScript = defineScript(
  'start',
  `
local starts, count, windowMs = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', starts, '-inf', now - windowMs)
local used = redis.call('ZCARD', starts)
local isFree = used < count
if isFree then
  redis.call('ZADD', starts, now, ARGV[3])
  redis.call('PEXPIRE', starts, windowMs)
  used = used + 1
end
local first = 0
if not isFree then first = used - count end
local oldest = redis.call('ZRANGE', starts, first, first, 'WITHSCORES')
return {isFree and 1 or 0, used, math.max(0, math.ceil(tonumber(oldest[2] or now) + windowMs - now))}
`,
)

const started = z.tuple([z.union([z.literal(0), z.literal(1)]), z.int(), z.int()])

/** Counts one start, unless the limit is reached: a refused one does not count. `id`: unique. */
export async function startOnce(run: Run, key: string, limit: WindowLimit, id: string): Promise<StartAnswer> {
  const args = [limit.count, limit.windowMs, id]
  const [ok, used, waitMs] = readAnswer(
    'start',
    started,
    await run(startScript, [key], args, { waitMs: LIMIT_WAIT_MS }),
  )
  return { ok: ok === 1, used, waitMs }
}

export const placeScript = defineScript(
  'place',
  `
local places, id, most, leaseMs = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', places, '-inf', now)
if not redis.call('ZSCORE', places, id) and redis.call('ZCARD', places) >= most then return 0 end
redis.call('ZADD', places, now + leaseMs, id)
redis.call('PEXPIRE', places, leaseMs)
return 1
`,
)

/**
 * Takes a place for a live answer, or renews it: false when `most` others have one. A renewal after Redis forgot it counts it
 * again, so it may be refused: the answer goes on all the same.
 */
export async function takePlace(
  run: Run,
  key: string,
  id: string,
  most: number,
  leaseMs: number,
): Promise<boolean> {
  const reply = await run(placeScript, [key], [id, most, leaseMs], { waitMs: LIMIT_WAIT_MS })
  return readAnswer('place', z.union([z.literal(0), z.literal(1)]), reply) === 1
}

export const leaveScript = defineScript('leave', `return redis.call('ZREM', KEYS[1], ARGV[1])`)

export async function leavePlace(run: Run, key: string, id: string): Promise<void> {
  await run(leaveScript, [key], [id])
}

export const spendScript = defineScript(
  'spend',
  `
local used = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return used
`,
)

/** Adds tokens to the counter of a key and day, and gives the sum. `keepMs`: until after the end of that day. */
export async function spendTokens(run: Run, key: string, tokens: number, keepMs: number): Promise<number> {
  return readAnswer(
    'spend',
    z.int(),
    await run(spendScript, [key], [tokens, keepMs], { waitMs: LIMIT_WAIT_MS }),
  )
}

/** What the counter of a key and day has; 0: nothing was counted. */
export async function readTokens(lane: Pick<Lane, 'send'>, key: string): Promise<number> {
  const reply = await lane.send(['GET', key], { waitMs: LIMIT_WAIT_MS })
  return reply === null ? 0 : readAnswer('tokens', wholeNumber, reply)
}
