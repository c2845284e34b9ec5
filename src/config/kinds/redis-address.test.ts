import { expect, test } from 'vitest'
import { loadConfig } from '../load.js'

const load = (env: Record<string, string>, file?: string) =>
  loadConfig({ env, ...(file === undefined ? {} : { readSecretFile: () => file }) })

test('the address of Redis comes from the setting or its file', () => {
  const url = 'redis://:secret@r1:6380/2'
  for (const result of [load({ G6_REDIS_URL: url }), load({ G6_REDIS_URL_FILE: '/run/url' }, `${url}\n`)])
    expect(result).toMatchObject({ ok: true, config: { redisUrl: url, fleet: 'g6' } })
  expect(load({})).toMatchObject({ ok: true, config: { redisUrl: null } })
})

test('an address that cannot be used is refused once, with the forms and without the password', () => {
  const result = load({ G6_REDIS_URL: 'redis://:secret@r1:99999' })
  expect(result.ok).toBe(false)
  const [error] = result.ok ? [] : result.errors
  expect(error?.message).toMatch(/^G6_REDIS_URL.*a port of 1 to 65535/)
  expect(error?.message.match(/allowed:/g)).toHaveLength(1)
  expect(error?.message).toContain('redis+sentinel://h1,h2/master')
  expect(error?.message).not.toContain('secret')
})

test('a name that could not be part of a key is refused, also where mistakes are excused', () => {
  for (const name of ['a b', 'a}b', 'x'.repeat(41)])
    expect(load({ G6_FLEET: name, G6_CONFIG_LENIENT: '1' }).ok).toBe(false)
})
