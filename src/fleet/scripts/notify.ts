// Where the rules of notifications are, for the next publisher: written by the publisher alone (a fence), read by any node. Ages between
// machines come from the clock of Redis.
import { z } from 'zod'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import type { FleetKeys } from '../keys.js'
import type { Lease } from '../lease.js'
import type { Seal } from '../seal.js'
import { readAnswer, wholeNumber } from './answer.js'

export const notifyKey = (fleet: string): string => `g6:{${fleet}}:notify`

export const putNotifyScript = defineScript(
  'put-notify',
  `
local lease, notify = unpack(KEYS)
local mine, text, wall = unpack(ARGV)
if redis.call('GET', lease) ~= mine then return 'fenced' end
local clock = redis.call('TIME')
local at = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
redis.call('HSET', notify, 'text', text, 'wall', wall, 'at', at)
return 'ok'
`,
)

export const getNotifyScript = defineScript(
  'get-notify',
  `
local found = redis.call('HMGET', KEYS[1], 'text', 'wall', 'at')
if not found[1] then return {} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return {found[1], found[2], string.format('%.0f', math.max(0, now - tonumber(found[3])))}
`,
)

/** `wallMs`: of the writer's clock now. False: the lease is not this one any more. */
export async function putNotify(
  run: Run,
  keys: Pick<FleetKeys, 'lease'>,
  key: string,
  lease: Lease,
  { text, wallMs }: { readonly text: string; readonly wallMs: number },
  seal: Seal,
): Promise<boolean> {
  const args = [lease.text, seal.seal(text, key), Math.round(wallMs)]
  const reply = await run(putNotifyScript, [keys.lease, key], args)
  return readAnswer('put-notify', z.enum(['ok', 'fenced']), reply) === 'ok'
}

/** `wallMs`: what the writer's clock would show now. */
export type SharedText = { readonly text: string; readonly wallMs: number }

const found = z.union([z.tuple([]), z.tuple([z.string(), wholeNumber, wholeNumber])])

/** Its text is empty where it was written with another key. */
export async function getNotify(run: Run, key: string, seal: Seal): Promise<SharedText | null> {
  const answer = readAnswer('get-notify', found, await run(getNotifyScript, [key], []))
  if (answer.length === 0) return null
  const [text, wallMs, agoMs] = answer
  return { text: seal.open(text, key) ?? '', wallMs: wallMs + agoMs }
}
