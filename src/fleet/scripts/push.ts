// The document of a push source, as it was last pushed to any server. Its number is Redis's time of the push, and grows.
import { z } from 'zod'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import { readAnswer, wholeNumber } from './answer.js'

export const pushScript = defineScript(
  'push',
  `
local clock = redis.call('TIME')
local at = tonumber(redis.call('HGET', KEYS[1], 'at')) or 0
if ARGV[1] ~= '' and tonumber(ARGV[1]) ~= at then return {'base', '0'} end
local now = string.format('%.0f', math.max(at + 1, clock[1] * 1000 + math.floor(clock[2] / 1000)))
redis.call('HSET', KEYS[1], 'at', now, 'body', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return {'ok', now}
`,
)

const answer = z.tuple([z.enum(['ok', 'base']), wholeNumber])

type PushRequest = {
  readonly key: string
  readonly channel: string
  readonly name: string
  /** The number of the document that this one was made of; null: it replaces any. */
  readonly base: number | null
  readonly body: string
}

/** The number of what is there now; null: another one than `base` is there. */
export async function push(
  run: Run,
  { key, channel, name, base, body }: PushRequest,
): Promise<number | null> {
  const reply = await run(pushScript, [key], [base ?? '', body, channel, name])
  const [what, at] = readAnswer('push', answer, reply)
  return what === 'ok' ? at : null
}

const answerOfPushed = z.union([z.tuple([wholeNumber, z.string(), wholeNumber]), z.tuple([])])

export const pushedScript = defineScript(
  'pushed',
  `
local there = redis.call('HMGET', KEYS[1], 'at', 'body')
if not there[1] or there[1] == ARGV[1] then return {} end
local clock = redis.call('TIME')
return {there[1], there[2], string.format('%.0f', math.max(0, clock[1] * 1000 + math.floor(clock[2] / 1000) - there[1]))}
`,
)

export type Pushed = { readonly at: number; readonly body: string; readonly ageMs: number }

/** Null: it is the document of that number, or there is none. */
export async function pushed(run: Run, key: string, at: number): Promise<Pushed | null> {
  const reply = readAnswer('pushed', answerOfPushed, await run(pushedScript, [key], [at]))
  if (reply.length === 0) return null
  const [number, body, ageMs] = reply
  return { at: number, body, ageMs }
}
