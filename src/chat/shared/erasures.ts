// Requests to erase a person, in Redis: a stream that each server reads from its place on. It is no memory: each server has the requests in
// its own database too, and adds again what Redis lost.
import { z } from 'zod'
import { readAnswer } from '../../fleet/scripts/answer.js'
import type { Run } from '../../redis/link.js'
import { defineScript } from '../../redis/script.js'
import { type ErasureRequest, parseRequest, requestText } from '../audit/erasure-requests.js'

const KEPT_MS = 90 * 86_400_000
/** Of 350 bytes. */
const MOST = 10_000
const PAGE = 200

const keyOf = (fleet: string): string => `g6:{${fleet}}:erasures`

/** ARGV: after which entry; how many at most. */
export const readErasures = defineScript(
  'read-erasures',
  `
local texts, last = {}, ARGV[1]
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])) do
  last = entry[1]
  texts[#texts + 1] = entry[2][2]
end
return {redis.call('XLEN', KEYS[1]), last, texts}
`,
)

/** ARGV: how many are kept, and for how long; the requests. What is there is not added again. Walks the stream: requests are rare. */
export const addErasures = defineScript(
  'add-erasures',
  `
local there = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do there[entry[2][2]] = true end
local added = 0
for i = 3, #ARGV do
  if not there[ARGV[i]] then
    redis.call('XADD', KEYS[1], '*', 'request', ARGV[i])
    added = added + 1
  end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[1])
redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', math.max(0, now - ARGV[2])))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return added
`,
)

const page = z.tuple([z.int(), z.string(), z.array(z.string())])

export type ErasurePage = {
  /** In the stream. */
  readonly count: number
  readonly last: string
  readonly requests: readonly ErasureRequest[]
  readonly isWhole: boolean
}

export async function pageOfErasures(run: Run, fleet: string, after: string): Promise<ErasurePage> {
  const found = await run(readErasures, [keyOf(fleet)], [after, PAGE])
  const [count, last, texts] = readAnswer('read-erasures', page, found)
  // Another program may have written to this Redis: what is no request is left out.
  const requests = texts.map(parseRequest).filter(each => each !== null)
  return { count, last, requests, isWhole: texts.length < PAGE }
}

export async function putErasures(
  run: Run,
  fleet: string,
  requests: readonly ErasureRequest[],
): Promise<void> {
  await run(addErasures, [keyOf(fleet)], [MOST, KEPT_MS, ...requests.map(requestText)])
}
