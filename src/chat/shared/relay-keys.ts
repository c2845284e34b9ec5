// Relay keys over a fleet, within two seconds. What is revoked at one server is revoked at all: a set of digests in Redis, which each
// server adds its own to; what was revoked once stays so here, whatever Redis forgets. What is made at one server is made at all: a hash
// of keys by their digests, sealed with the key of the fleet. Without such a key Redis may take a key away, but never give one.
import { z } from 'zod'
import type { Timers } from '../../clock/timers.js'
import { readAnswer } from '../../fleet/scripts/answer.js'
import type { Seal } from '../../fleet/seal.js'
import { parseJson } from '../../ingest/json-text.js'
import { EngineError } from '../../redis/connection.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { StoredKey } from '../keys/database.js'
import type { Engine } from './engine.js'

const TICK_MS = 1_000
const KEPT_MS = 48 * 3_600_000
const MOST_ADDED = 500
/** Written into the database in one turn: some 20 ms. */
const MOST_LEARNED = 200
/** In the hash: above it, keys are not shared. */
const MOST_KEYS = 10_000
/** Instead of a count: the keys are not asked for. */
const NOT_ASKED = -1

export const relayKeysScript = defineScript(
  'relay-keys',
  `
local revoked, keys = KEYS[1], KEYS[2]
local known, kept, most, count = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
for i = 6, 5 + count do
  redis.call('SADD', revoked, ARGV[i])
  redis.call('HDEL', keys, ARGV[i])
end
for i = 6 + count, #ARGV, 2 do
  if redis.call('HLEN', keys) < most and redis.call('SISMEMBER', revoked, ARGV[i]) == 0 then
    redis.call('HSETNX', keys, ARGV[i], ARGV[i + 1])
  end
end
redis.call('PEXPIRE', revoked, kept)
redis.call('PEXPIRE', keys, kept)
local answer = {0, {}, 0, {}}
if redis.call('SCARD', revoked) ~= tonumber(ARGV[1]) then
  answer[1] = 1
  answer[2] = redis.call('SMEMBERS', revoked)
end
if known >= 0 and redis.call('HLEN', keys) ~= known then
  answer[3] = 1
  answer[4] = redis.call('HGETALL', keys)
end
return answer
`,
)

const flag = z.literal([0, 1])
const reply = z.tuple([flag, z.array(z.string()), flag, z.array(z.string())])

type Exchanged = {
  /** Null where there are as many as are known. */
  readonly revoked: readonly string[] | null
  /** Sealed keys by digest; null where there are as many as are known, and where they were not asked for. */
  readonly keys: ReadonlyMap<string, string> | null
}

type Exchange = {
  readonly knownRevoked: number
  /** Null: keys are not asked for. */
  readonly knownKeys: number | null
  readonly revoked: readonly string[]
  /** Digest and sealed key. */
  readonly keys: readonly (readonly [string, string])[]
}

export async function exchangeKeys(run: Run, fleet: string, exchange: Exchange): Promise<Exchanged> {
  const { knownRevoked, knownKeys, revoked, keys } = exchange
  const places = [`g6:{${fleet}}:revoked`, `g6:{${fleet}}:keys`]
  const args = [
    knownRevoked,
    knownKeys ?? NOT_ASKED,
    KEPT_MS,
    MOST_KEYS,
    revoked.length,
    ...revoked,
    ...keys.flat(),
  ]
  const [isOther, all, hasOther, flat] = readAnswer(
    'relay-keys',
    reply,
    await run(relayKeysScript, places, args),
  )
  const pairs = flat.flatMap((digest, at) => (at % 2 === 0 ? [[digest, flat[at + 1] ?? ''] as const] : []))
  return { revoked: isOther === 1 ? all : null, keys: hasOther === 1 ? new Map(pairs) : null }
}

export type ShareableKeys = {
  /** Digests of the keys that were revoked here. */
  readonly revokedHere: readonly string[]
  /** After a look at the database. */
  inForce(): Promise<readonly StoredKey[]>
  /** These were revoked anywhere. */
  revoke(digests: Iterable<string>): void
  /** Another server made it. False: it cannot be a key here, and the log has why. Rejects when the database cannot be written now. */
  learn(key: StoredKey): Promise<boolean>
}

const count = z.number().int().positive().nullable()
const sharedKey = z.strictObject({
  id: z.string().min(1).max(100),
  name: z.string().min(1).max(100),
  createdAtMs: z.number(),
  expiresAtMs: z.number().nullable(),
  limit: z.strictObject({ count: z.number().int().positive(), windowSec: z.number().positive() }).nullable(),
  live: count,
  tokensPerDay: count,
  models: z.array(z.string().max(200)).max(1_000).readonly().nullable(),
})

const digestOf = ({ digest }: StoredKey): string => digest.toString('hex')

function sealedKey(key: StoredKey, seal: Seal): string {
  const { digest: _, revokedAtMs: __, ...shared } = key
  return seal.seal(JSON.stringify(shared satisfies z.infer<typeof sharedKey>), digestOf(key))
}

/** Null: no server with the key of this fleet wrote it. */
function openedKey(digest: string, text: string, seal: Seal): StoredKey | null {
  const json = parseJson(seal.open(text, digest) ?? '')
  const key = sharedKey.safeParse(json.ok ? json.value : null)
  if (!key.success || !/^[0-9a-f]{64}$/.test(digest)) return null
  return { ...key.data, digest: Buffer.from(digest, 'hex'), revokedAtMs: null }
}

export type SharedKeysParts = {
  readonly engine: () => Pick<Engine, 'link' | 'fleet' | 'isGone'> | null
  readonly seal: Seal
  readonly keys: ShareableKeys
  readonly timers: Timers
  readonly tickMs?: number
  readonly onFault?: (what: string, error: unknown) => void
}

/** Returns the function that ends it. */
export function shareKeys({
  engine,
  seal: ofFleet,
  keys,
  timers,
  tickMs = TICK_MS,
  onFault,
}: SharedKeysParts): () => void {
  const seal = ofFleet.within('relay keys')
  let revokedInRedis: ReadonlySet<string> = new Set()
  let inRedis: ReadonlyMap<string, string> = new Map()
  /** Digests of keys that cannot be taken; they are not tried again. */
  const refused = new Set<string>()
  let cancel = (): void => {}

  const look = async (): Promise<void> => {
    const fleet = engine()
    if (fleet === null || fleet.isGone) return
    const here = new Map((await keys.inForce()).map(key => [digestOf(key), key]))
    const made = seal.hasKey ? [...here].filter(([digest]) => !inRedis.has(digest)).slice(0, MOST_ADDED) : []
    const found = await exchangeKeys(fleet.link.run, fleet.fleet, {
      knownRevoked: revokedInRedis.size,
      knownKeys: seal.hasKey ? inRedis.size : null,
      revoked: keys.revokedHere.filter(digest => !revokedInRedis.has(digest)).slice(0, MOST_ADDED),
      keys: made.map(([digest, key]) => [digest, sealedKey(key, seal)]),
    })
    if (found.revoked !== null) {
      revokedInRedis = new Set(found.revoked)
      keys.revoke(found.revoked)
    }
    if (found.keys !== null) {
      inRedis = found.keys
      for (const digest of refused) if (!inRedis.has(digest)) refused.delete(digest)
    }
    const isNew = (digest: string): boolean =>
      !here.has(digest) && !refused.has(digest) && !revokedInRedis.has(digest)
    const learned = [...inRedis].filter(([digest]) => isNew(digest)).slice(0, MOST_LEARNED)
    for (const [digest, text] of learned) await learn(digest, text)
  }

  const learn = async (digest: string, text: string): Promise<void> => {
    refused.add(digest)
    const key = openedKey(digest, text, seal)
    // The others are learned all the same.
    if (key === null) {
      onFault?.('relay keys', new Error('a relay key in Redis is not of a server with the key of this fleet'))
      return
    }
    try {
      if (await keys.learn(key)) refused.delete(digest)
    } catch (error) {
      refused.delete(digest)
      throw error
    }
  }

  const tick = (): void => {
    cancel = timers.after(tickMs, tick)
    look().catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.fault === 'refused') onFault?.('relay keys', error)
    })
  }
  tick()
  return () => cancel()
}
