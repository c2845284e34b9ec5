// A token that expires while its caller reads: the connection ends with it, the answer goes on.
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createIdentity } from '../../src/chat/identity.js'
import type { Clock } from '../../src/clock/clock.js'
import { silentLog } from '../../src/log/log.js'
import type { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, chatRigForEach, resume } from '../support/chat-rig.js'
import { NO_KEYS, SECRET } from '../support/identity-settings.js'

const start = chatRigForEach()
const begun = ({ answer }: ChatReader): boolean => answer !== ''
const HALF_WAY = { script: { tokens: 3, finish: 'stall' } } as const
/** An allowed difference to the issuer's clock, and the time in which a connection must have ended. */
const LATEST_SEC = 30

/** A relay whose time of day a test advances, and tokens that are valid for a minute. */
async function startWithJwt(mock: Parameters<typeof start>[0] = { mock: HALF_WAY }) {
  let passedMs = 0
  const clock: Clock = { nowMs: () => Date.now() + passedMs, monotonicMs: () => performance.now() }
  const settings = { ...NO_KEYS, chatJwtSecret: SECRET }
  const identity = createIdentity({ settings: () => settings, log: silentLog, clock })
  const here = await start({ ...mock, clock, identity })
  const tokenOf = async (sub: string, validSec: number) => ({
    authorization: `Bearer ${await new SignJWT({ sub, exp: Math.floor(clock.nowMs() / 1000) + validSec })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(SECRET))}`,
  })
  const pass = (sec: number): void => {
    passedMs += sec * 1000
  }
  return { here, tokenOf, pass }
}

const expired = (reader: ChatReader) => {
  expect(reader.terminals).toEqual([])
  expect(reader.comments).toContain('auth_expired')
  expect(reader.isComplete).toBe(true)
}

describe('a token that expires', () => {
  test('ends the connection that it let in, begun by POST or resumed, and no other', async () => {
    const { here, tokenOf, pass } = await startWithJwt()
    const ann = await tokenOf('ann', 60)
    const first = await ask(here, undefined, ann).until(begun)
    const again = await resume(here, first.streamId, 0, ann).until(begun)
    const longer = await resume(here, first.streamId, 0, await tokenOf('ann', 3_600)).until(begun)
    const nobody = await ask(here).until(begun)
    pass(60 + LATEST_SEC)
    for (const reader of [first, again]) expired(await reader.end())
    expect([longer.isOver, nobody.isOver]).toEqual([false, false])
    expect(here.relay.stats().activeStreams).toBe(2)
    const late = await resume(here, first.streamId, first.lastSequence, ann).end()
    expect([late.status, late.json.code]).toEqual([401, 'token_wrong'])
    // With a new token she reads on.
    const back = await resume(here, first.streamId, 0, await tokenOf('ann', 60)).until(begun)
    expect(back.numbered[0]?.sequence).toBe(1)
  })
  test('ends it as well where the server has a token of its own', async () => {
    const { here, tokenOf, pass } = await startWithJwt({
      mock: HALF_WAY,
      http: { sseApiToken: 'the-token-of-this-server' },
    })
    const reader = await ask(here, undefined, await tokenOf('ann', 60)).until(begun)
    const server = await ask(here, undefined, { 'x-api-token': 'the-token-of-this-server' }).until(begun)
    pass(60 + LATEST_SEC)
    expired(await reader.end())
    expect(server.isOver).toBe(false)
  })
  test('ends nothing before its time, and the allowed difference of clocks', async () => {
    const { here, tokenOf, pass } = await startWithJwt({ mock: { script: { tokens: 60, gapMs: 50 } } })
    const reader = await ask(here, undefined, await tokenOf('ann', 60)).until(begun)
    pass(60)
    await reader.end()
    expect(reader.terminals.map(({ type }) => type)).toEqual(['done'])
  })
  test('refuses a whole answer that it did not live to see', async () => {
    const { here, tokenOf } = await startWithJwt()
    // Four seconds ago: valid for one more, with the allowed difference.
    const reader: ChatReader = ask(here, undefined, await tokenOf('ann', -4), '/chat')
    await reader.end()
    expect([reader.status, reader.json.code]).toEqual([401, 'token_wrong'])
    expect(leases(here)).toBe(0)
  })
})

const leases = ({ limits }: ChatRig): number => limits.leased
