// Writes what changed on the board, or the whole board, and sends a notice. The lease is checked in the same script (a fence): a
// publisher that was paused and wakes up cannot write.
import { z } from 'zod'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { FleetKeys } from '../keys.js'
import type { Lease } from '../lease.js'
import { readAnswer } from './answer.js'

/** One panel as it is written. */
export type PanelText = { readonly key: string; readonly since: number; readonly json: string }

export type PublishRequest = {
  readonly lease: Lease
  readonly epoch: string
  /** The generation that the panels bring up to date; null: these are all panels. */
  readonly base: number | null
  readonly generation: number
  /** Grows with every publish of this process. */
  readonly revision: number
  readonly head: string
  readonly removed: readonly string[]
  readonly panels: readonly PanelText[]
}

/**
 * `fenced`: the lease is not this one any more. `old`: a later publish of this epoch is there. `base`: what is there is not the
 * base, so send the whole board.
 */
export type PublishAnswer = 'ok' | 'fenced' | 'old' | 'base'

export const publishScript = defineScript(
  'publish',
  `
local lease, board, since = unpack(KEYS)
local mine, epoch, base, gen, rev, head, channel, removed = unpack(ARGV, 1, 8)
if redis.call('GET', lease) ~= mine then return 'fenced' end
local there = redis.call('HMGET', board, 'epoch', 'gen', 'rev')
local same = there[1] == epoch
if same and (tonumber(gen) < tonumber(there[2]) or tonumber(rev) <= tonumber(there[3])) then return 'old' end
if base == 'all' then
  redis.call('UNLINK', board, since)
elseif not same or there[2] ~= base then
  return 'base'
end
local term = mine:match('^(%d+):')
redis.call('HSET', board, 'epoch', epoch, 'gen', gen, 'rev', rev, 'term', term, 'head', head)
local at = 9
for i = 1, tonumber(removed) do
  redis.call('HDEL', board, 'p:' .. ARGV[at])
  redis.call('ZREM', since, ARGV[at])
  at = at + 1
end
while at + 2 <= #ARGV do
  redis.call('HSET', board, 'p:' .. ARGV[at], ARGV[at + 2])
  redis.call('ZADD', since, ARGV[at + 1], ARGV[at])
  at = at + 3
end
redis.call('PUBLISH', channel, term .. ' ' .. epoch .. ' ' .. gen)
return 'ok'
`,
)

const answer = z.enum(['ok', 'fenced', 'old', 'base'])

export async function publish(run: Run, keys: FleetKeys, request: PublishRequest): Promise<PublishAnswer> {
  const { lease, epoch, base, generation, revision, head, removed, panels } = request
  const reply = await run(
    publishScript,
    [keys.lease, keys.board, keys.since],
    [
      ...[lease.text, epoch, base ?? 'all', generation, revision, head, keys.channels.board, removed.length],
      ...removed,
      ...panels.flatMap(({ key, since, json }) => [key, since, json]),
    ],
  )
  return readAnswer('publish', answer, reply)
}

export type Notice = { readonly term: number; readonly epoch: string; readonly generation: number }

const NOTICE = /^(\d{1,15}) (\S{1,120}) (\d{1,15})$/

/** Null: not a notice of ours. */
export function parseNotice(text: string): Notice | null {
  const [, term, epoch, generation] = NOTICE.exec(text) ?? []
  if (term === undefined || epoch === undefined || generation === undefined) return null
  return { term: Number(term), epoch, generation: Number(generation) }
}
