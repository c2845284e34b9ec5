// The settings are read again: a connection ends when its own credential would no longer let it in, and stays otherwise.
import { describe, expect, test } from 'vitest'
import type { ChatReader } from '../support/chat-reader.js'
import { ask, type ChatRig, chatRigForEach } from '../support/chat-rig.js'

const start = chatRigForEach()
const begun = (reader: ChatReader): boolean => reader.answer !== ''
const TOKEN = 'the-token-of-this-server'
const SCRIPT = { mock: { script: { tokens: 3, finish: 'stall' } } } as const

const WITH = {
  token: { 'x-api-token': TOKEN },
  'token as a bearer': { authorization: `Bearer ${TOKEN}` },
  person: { authorization: 'Bearer person:ann' },
  'person and token': { 'x-api-token': TOKEN, authorization: 'Bearer person:bob' },
  nothing: {},
} as const
type Who = keyof typeof WITH

/** A connection of each that is let in. */
async function connected(here: ChatRig, who: readonly Who[]): Promise<ReadonlyMap<Who, ChatReader>> {
  const readers = who.map(async name => [name, await ask(here, undefined, WITH[name]).until(begun)] as const)
  return new Map(await Promise.all(readers))
}

/** Who was ended, once all that have to be are. */
async function endedOf(
  readers: ReadonlyMap<Who, ChatReader>,
  wanted: readonly Who[],
): Promise<readonly Who[]> {
  await Promise.all(wanted.map(name => readers.get(name)?.end()))
  return [...readers].flatMap(([name, { isOver }]) => (isOver ? [name] : []))
}

const WITH_TOKEN: readonly Who[] = ['token', 'token as a bearer', 'person', 'person and token']

describe('a reload', () => {
  test.each<[string, Partial<{ sseApiToken: string; sseApiTokenPrevious: string | null }>, readonly Who[]]>([
    ['that changes nothing ends nobody', {}, []],
    [
      'that makes the token the previous one ends nobody',
      { sseApiToken: 'x'.repeat(20), sseApiTokenPrevious: TOKEN },
      [],
    ],
    [
      'that changes the token ends those who came by it',
      { sseApiToken: 'x'.repeat(20) },
      ['token', 'token as a bearer'],
    ],
  ])('%s', async (_, change, out) => {
    const here = await start({ ...SCRIPT, http: { sseApiToken: TOKEN } })
    const readers = await connected(here, WITH_TOKEN)
    here.rig.setConfig(change)
    here.rig.server.reload()
    expect(await endedOf(readers, out)).toEqual(out)
    expect((await fetch(`${here.rig.url}/livez`)).status).toBe(200)
    expect(await endedOf(readers, out)).toEqual(out)
  })
  test('that sets the first token ends callers without a credential', async () => {
    const here = await start(SCRIPT)
    const readers = await connected(here, ['nothing', 'person'])
    here.rig.setConfig({ sseApiToken: TOKEN })
    here.rig.server.reload()
    expect(await endedOf(readers, ['nothing'])).toEqual(['nothing'])
  })
  test('that forbids anonymous callers ends them, and no person', async () => {
    const here = await start({ ...SCRIPT, http: { sseApiToken: TOKEN } })
    const readers = await connected(here, WITH_TOKEN)
    here.setChat({ chatAnonymous: false })
    here.rig.server.reload()
    expect(await endedOf(readers, ['token', 'token as a bearer'])).toEqual(['token', 'token as a bearer'])
  })
  test('that changes how tokens are verified ends callers whose token is no longer valid', async () => {
    const here = await start({ ...SCRIPT, http: { sseApiToken: TOKEN } })
    const readers = await connected(here, WITH_TOKEN)
    const before = here.verified.length
    here.rig.server.reload()
    expect(here.verified.length, 'nobody is verified again while the rules are the same').toBe(before)
    here.jwt.rules = 'second'
    here.jwt.refused.add('person:bob')
    here.rig.server.reload()
    expect(await endedOf(readers, ['person and token'])).toEqual(['person and token'])
  })
})
