// Changes of the lease outside a beat: to a named successor, without a gap; and away from a holder that makes no progress.
import { z } from 'zod'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { FleetKeys } from '../keys.js'
import type { Lease } from '../lease.js'
import { lease, readAnswer } from './answer.js'

/** `fenced`: the lease is not this one any more. `gone`: the successor does not beat, or could not lead. */
export type TransferAnswer =
  | { readonly answer: 'ok'; readonly lease: Lease }
  | { readonly answer: 'fenced' | 'gone' }

export const transferScript = defineScript(
  'transfer',
  `
local lease, term, cands = unpack(KEYS)
local mine, to, leaseMs, vacant = unpack(ARGV)
if redis.call('GET', lease) ~= mine then return {'fenced'} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if (tonumber(redis.call('ZSCORE', cands, to) or '') or 0) <= now then return {'gone'} end
local nextTerm = string.format('%.0f', math.max((tonumber(redis.call('GET', term)) or 0) + 1, now))
redis.call('SET', term, nextTerm)
local held = nextTerm .. ':' .. to
redis.call('SET', lease, held, 'PX', leaseMs)
redis.call('PUBLISH', vacant, held)
return {'ok', held}
`,
)

const transferred = z.union([
  z.tuple([z.literal('ok'), lease.pipe(z.custom<Lease>(value => value !== null))]),
  z.tuple([z.enum(['fenced', 'gone'])]),
])

export async function transfer(
  run: Run,
  keys: FleetKeys,
  mine: Lease,
  to: string,
  leaseMs: number,
): Promise<TransferAnswer> {
  const reply = await run(
    transferScript,
    [keys.lease, keys.term, keys.candidates],
    [mine.text, to, leaseMs, keys.channels.vacant],
  )
  const read = readAnswer('transfer', transferred, reply)
  return read[0] === 'ok' ? { answer: 'ok', lease: read[1] } : { answer: read[0] }
}

export const stealScript = defineScript(
  'steal',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'changed' end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], '')
return 'ok'
`,
)

/** Frees the lease if it is still `seen`. */
export async function steal(run: Run, keys: FleetKeys, seen: Lease): Promise<'ok' | 'changed'> {
  const reply = await run(stealScript, [keys.lease], [seen.text, keys.channels.vacant])
  return readAnswer('steal', z.enum(['ok', 'changed']), reply)
}
