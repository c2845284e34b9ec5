// Relay keys that were revoked at any server are revoked at all, within two seconds: a set of their digests in Redis, which each
// server adds its own to. What was revoked once stays so here, whatever Redis forgets.
import { z } from 'zod'
import type { Timers } from '../../clock/timers.js'
import { readAnswer } from '../../fleet/scripts/answer.js'
import { EngineError } from '../../redis/connection.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { Engine } from './engine.js'

const TICK_MS = 1_000
const KEPT_MS = 48 * 3_600_000
const MOST_ADDED = 500

export const revokedScript = defineScript(
  'revoked',
  `
for i = 3, #ARGV do redis.call('SADD', KEYS[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if redis.call('SCARD', KEYS[1]) == tonumber(ARGV[1]) then return {0, {}} end
return {1, redis.call('SMEMBERS', KEYS[1])}
`,
)

const reply = z.tuple([z.literal([0, 1]), z.array(z.string())])

/** Adds these; all that there are, or null where that is `known` many. */
export async function shareRevoked(
  run: Run,
  key: string,
  known: number,
  added: readonly string[],
): Promise<readonly string[] | null> {
  const found = await run(revokedScript, [key], [known, KEPT_MS, ...added])
  const [isOther, all] = readAnswer('revoked', reply, found)
  return isOther === 1 ? all : null
}

export type RevocableKeys = {
  /** Digests of the keys that were revoked here. */
  readonly revokedHere: readonly string[]
  /** These were revoked anywhere. */
  revoke(digests: Iterable<string>): void
}

export type RevocationParts = {
  readonly engine: () => Pick<Engine, 'link' | 'fleet' | 'isGone'> | null
  readonly keys: RevocableKeys
  readonly timers: Timers
  readonly tickMs?: number
  readonly onFault?: (what: string, error: unknown) => void
}

/** Returns the function that ends it. */
export function shareRevocations({
  engine: engineOf,
  keys,
  timers,
  tickMs = TICK_MS,
  onFault,
}: RevocationParts): () => void {
  let inRedis: ReadonlySet<string> = new Set()
  let cancel = (): void => {}
  const look = async (): Promise<void> => {
    const engine = engineOf()
    if (engine === null || engine.isGone) return
    const added = keys.revokedHere.filter(digest => !inRedis.has(digest)).slice(0, MOST_ADDED)
    const found = await shareRevoked(engine.link.run, `g6:{${engine.fleet}}:revoked`, inRedis.size, added)
    if (found === null) return
    inRedis = new Set(found)
    keys.revoke(found)
  }
  const tick = (): void => {
    cancel = timers.after(tickMs, tick)
    look().catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.fault === 'refused') onFault?.('revoked', error)
    })
  }
  tick()
  return () => cancel()
}
