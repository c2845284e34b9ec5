// The signed heads of the audit trails of a fleet, in Redis: a hash with one for each node. A node that has ended keeps its own for a
// day, so that the others still witness it.
import { z } from 'zod'
import { readAnswer } from '../../fleet/scripts/answer.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import { parseSeen, type SeenHead, seenText } from '../audit/witness.js'

const KEPT_SEC = 86_400
/** Of 400 bytes at most: some direct nodes more than a Redis carries. */
const MOST_HEADS = 500

export const headsScript = defineScript(
  'heads',
  `
local now = tonumber(redis.call('TIME')[1])
local room = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[4])
local seen = {}
if ARGV[3] == '1' or not room then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local at, text = string.match(all[i + 1], '^(%d+) (.*)$')
    if at == nil or math.abs(now - tonumber(at)) > tonumber(ARGV[5]) then
      redis.call('HDEL', KEYS[1], all[i])
      room = true
    elseif ARGV[3] == '1' and all[i] ~= ARGV[1] then
      seen[#seen + 1] = text
    end
  end
end
if room and ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[5] * 1000)
end
return seen
`,
)

/** Puts the head of this node, if it has one; those of the others where `isReading`. */
export async function shareHead(
  run: Run,
  fleet: string,
  node: string,
  head: SeenHead | null,
  isReading: boolean,
): Promise<readonly SeenHead[]> {
  const text = head === null ? '' : seenText(head)
  const args = [node, text, isReading ? 1 : 0, MOST_HEADS, KEPT_SEC]
  const seen = readAnswer('heads', z.array(z.string()), await run(headsScript, [`g6:{${fleet}}:heads`], args))
  // Another program may have written to this Redis: what is no head is left out.
  return seen.map(parseSeen).filter(each => each !== null)
}
