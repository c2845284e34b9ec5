// Whose fleet this is: two fleets with one name on one Redis would mix their boards. Each node adds the HMACs of its tokens, and a
// node is refused when none of its own is known. While tokens are rotated, a node has the old one and the new one.
import { z } from 'zod'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { FleetKeys } from '../keys.js'
import { readAnswer } from './answer.js'

/** Over this, the marks of tokens that were rotated away are dropped. */
const MOST_MARKS = 64

export const joinScript = defineScript(
  'join',
  `
local mark, most = KEYS[1], tonumber(ARGV[1])
local known = redis.call('SCARD', mark) == 0
for i = 2, #ARGV do
  if redis.call('SISMEMBER', mark, ARGV[i]) == 1 then known = true end
end
if not known then return 'foreign' end
if redis.call('SCARD', mark) + #ARGV - 1 > most then redis.call('DEL', mark) end
for i = 2, #ARGV do redis.call('SADD', mark, ARGV[i]) end
return 'ok'
`,
)

/** `foreign`: this fleet belongs to others. `marks`: at least one. */
export async function join(run: Run, keys: FleetKeys, marks: readonly string[]): Promise<'ok' | 'foreign'> {
  const reply = await run(joinScript, [keys.mark], [MOST_MARKS, ...marks])
  return readAnswer('join', z.enum(['ok', 'foreign']), reply)
}
