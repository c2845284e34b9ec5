// Reads what changed on the board since a position, or all of it when the position is of another epoch.
import { z } from 'zod'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { FleetKeys } from '../keys.js'
import type { Lease } from '../lease.js'
import { lease, readAnswer, wholeNumber } from './answer.js'
import type { BoardHead } from './beat.js'

export type Pulled = {
  readonly lease: Lease | null
  /** Null: there is no board. */
  readonly board: (BoardHead & { readonly text: string; readonly panels: ReadonlyMap<string, string> }) | null
}

export const pullScript = defineScript(
  'pull',
  `
local lease, board, since = unpack(KEYS)
local held = redis.call('GET', lease) or ''
local there = redis.call('HMGET', board, 'epoch', 'gen', 'term', 'rev', 'head')
if not there[1] then return {held} end
local keys
if there[1] == ARGV[1] then
  keys = redis.call('ZRANGEBYSCORE', since, '(' .. ARGV[2], '+inf')
else
  keys = redis.call('ZRANGE', since, 0, -1)
end
local found = {held, there[1], there[2], there[3], there[4], there[5]}
for _, key in ipairs(keys) do
  found[#found + 1] = key
  found[#found + 1] = redis.call('HGET', board, 'p:' .. key) or ''
end
return found
`,
)

const answer = z.union([
  z.tuple([lease]),
  z.tuple([lease, z.string(), wholeNumber, wholeNumber, wholeNumber, z.string()], z.string()),
])

/** `epoch` empty: all panels. */
export async function pull(
  run: Run,
  keys: FleetKeys,
  at: { readonly epoch: string; readonly generation: number },
): Promise<Pulled> {
  const reply = await run(pullScript, [keys.lease, keys.board, keys.since], [at.epoch, at.generation])
  const [held, epoch, generation, term, revision, text, ...rest] = readAnswer('pull', answer, reply)
  if (epoch === undefined || generation === undefined || term === undefined)
    return { lease: held, board: null }
  if (revision === undefined || text === undefined) return { lease: held, board: null }
  const panels = new Map<string, string>()
  for (let i = 0; i + 1 < rest.length; i += 2) panels.set(rest[i] ?? '', rest[i + 1] ?? '')
  return { lease: held, board: { epoch, generation, term, revision, text, panels } }
}
