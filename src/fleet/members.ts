// The nodes of a fleet as Redis has them: each by its last beat, and how long ago that was by the clock of Redis.
import { z } from 'zod'
import { type MemberData, memberData } from '../protocol/fleet.js'
import type { Run } from '../redis/link.js'
import { defineScript } from '../redis/script.js'
import type { FleetKeys } from './keys.js'
import { readAnswer } from './scripts/answer.js'

const MOST_MEMBERS = 1_000

export const membersScript = defineScript(
  'members',
  `
local info, nodes = unpack(KEYS)
local clock = redis.call('TIME')
local began = clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[1]
local members = {}
local found = redis.call('HGETALL', info)
for i = 1, math.min(#found, 2 * ARGV[2]), 2 do
  local gone = redis.call('ZSCORE', nodes, found[i])
  members[#members + 1] = {found[i], found[i + 1], gone and string.format('%.0f', math.max(0, began - gone)) or ''}
end
return members
`,
)

const answer = z.array(z.tuple([z.string(), z.string(), z.string()]))

/** Null: not by a version that this one can read. */
function memberFrom(node: string, info: string, silence: string): MemberData | null {
  try {
    const value: unknown = JSON.parse(info)
    const known = { node, silent_ms: silence === '' ? undefined : Number(silence) }
    return memberData.safeParse(Object.assign({}, value, known)).data ?? null
  } catch {
    return null
  }
}

/** `goneMs`: a node counts as gone so long after a beat. Rejects with an EngineError. */
export async function readMembers(
  run: Run,
  keys: Pick<FleetKeys, 'info' | 'nodes'>,
  goneMs: number,
): Promise<readonly MemberData[]> {
  const reply = await run(membersScript, [keys.info, keys.nodes], [goneMs, MOST_MEMBERS])
  return readAnswer('members', answer, reply)
    .map(found => memberFrom(...found))
    .filter(member => member !== null)
    .sort((a, b) => (a.node < b.node ? -1 : 1))
}
