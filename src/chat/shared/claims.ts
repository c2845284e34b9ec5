// Joining an answer by its idempotency key at any node: the key is claimed before anything is asked, so that one key asks once.
import { z } from 'zod'
import { readAnswer } from '../../fleet/scripts/answer.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'

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

/** `fingerprint`: of the question, without a colon. */
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

export const keepScript = defineScript(
  'claimed',
  `
local claimed = redis.call('GET', KEYS[1])
if not claimed or claimed:match(':([^:]*)$') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
)

/** A caller waits for a claim that is given up. */
const KEEP_WAIT_MS = 150

/** Keeps a claim of this answer for so long; 0: gives it up. Nothing where the key is another answer's. */
export async function keepClaim(run: Run, key: string, id: string, ttlMs: number): Promise<void> {
  await run(keepScript, [key], [id, ttlMs], { waitMs: KEEP_WAIT_MS })
}
