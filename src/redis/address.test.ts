import { describe, expect, test } from 'vitest'
import { parseRedisAddress } from './address.js'

const nobody = { username: null, password: null }

describe('the address of a Redis', () => {
  test.each([
    ['redis://cache', { kind: 'single', at: { host: 'cache', port: 6379 }, tls: false, db: 0, ...nobody }],
    [
      'rediss://u%40x:p%3Aq@[::1]:7000/3',
      { kind: 'single', at: { host: '::1', port: 7000 }, tls: true, db: 3, username: 'u@x', password: 'p:q' },
    ],
    [
      'redis://:secret@10.0.0.1/',
      {
        kind: 'single',
        at: { host: '10.0.0.1', port: 6379 },
        tls: false,
        db: 0,
        username: null,
        password: 'secret',
      },
    ],
    ['unix:/run/redis.sock', { kind: 'unix', path: '/run/redis.sock', db: 0, ...nobody }],
    [
      'unix://me:word@/run/a%20b.sock?db=2',
      { kind: 'unix', path: '/run/a b.sock', db: 2, username: 'me', password: 'word' },
    ],
    [
      'redis+sentinel://s1,s2:26380/main/4',
      {
        kind: 'sentinel',
        hosts: [
          { host: 's1', port: 26_379 },
          { host: 's2', port: 26_380 },
        ],
        master: 'main',
        db: 4,
        ...nobody,
      },
    ],
    [
      'redis+cluster://c1,c2:7001',
      {
        kind: 'cluster',
        hosts: [
          { host: 'c1', port: 6379 },
          { host: 'c2', port: 7001 },
        ],
        db: 0,
        ...nobody,
      },
    ],
  ])('%s', (text, address) => {
    expect(parseRedisAddress(text)).toEqual({ ok: true, address })
  })

  test.each([
    ['', 'not the address of a Redis'],
    ['http://host', 'not the address of a Redis'],
    ['redis://user:secret@', 'not the address of a Redis'],
    ['redis://host:0', 'a port of 1 to 65535'],
    ['redis://host:99999', 'a port of 1 to 65535'],
    ['redis://host/name', 'the number of a database'],
    ['redis://a,b', 'several hosts need'],
    ['redis+sentinel://a,b', 'the name of the master'],
    ['redis+cluster://a/1', 'one database'],
    ['redis://u:%zz@host', 'two hex digits'],
    ['unix:relative.sock', 'not the address of a Redis'],
    [`redis+cluster://${Array(40).fill('a').join(',')}`, 'at most 32'],
  ])('%s is refused, without the password', (text, error) => {
    const parsed = parseRedisAddress(text)
    if (parsed.ok) throw new Error('it was accepted')
    expect(parsed.error).toContain(error)
    expect(parsed.error).not.toContain('secret')
  })
})
