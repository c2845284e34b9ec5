import { expect, test } from 'vitest'
import type { MemberData } from '../protocol/fleet.js'
import { fleetText } from './fleet-text.js'

const member = (node: string, role: MemberData['role']): MemberData => ({
  ...{ node, role, version: '1.2.3', fresh: true, draining: false, epoch: 'e1', generation: 7 },
  ...{ readers: 12, chat: 1, lag_ms: 0.4, rss: 90 * 1024 ** 2, engine_ms: 2, started: 0 },
})

const common = { name: 'g6', node: 'b:2.x', seat: 'following', term: 5 } as const

test('a server is a line, the one that answered has a star, and the first line says who publishes', () => {
  const nodes = [member('a:1.x', 'leading'), { ...member('b:2.x', 'following'), fresh: false }]
  expect(fleetText({ ...common, degraded: [], nodes }).split('\n')).toEqual([
    'fleet g6: 2 servers, a:1.x publishes',
    'node     role       source     board  readers  answers  late  redis  memory  version',
    'a:1.x    leading    fresh      e1-7        12        1  0 ms   2 ms   90 MB  1.2.3',
    'b:2.x *  following  not fresh  e1-7        12        1  0 ms   2 ms   90 MB  1.2.3',
    '',
  ])
})

test('a server that does not beat is silent, and never the publisher', () => {
  const [killed, next] = [member('a:1.x', 'leading'), member('b:2.x', 'leading')]
  const shown = (silentMs: number, ...others: MemberData[]) =>
    fleetText({ ...common, degraded: [], nodes: [{ ...killed, silent_ms: silentMs }, ...others] }).split('\n')
  expect(shown(3_000)[0]).toBe('fleet g6: 1 server, a:1.x publishes')
  expect(shown(3_001)[0]).toBe('fleet g6: 1 server, nobody publishes')
  const [head, , first] = shown(9_000, { ...next, silent_ms: 900 })
  expect(head).toBe('fleet g6: 2 servers, b:2.x publishes')
  expect(first).toMatch(/^a:1.x +silent +fresh/)
})

test('without a publisher, and without Redis, it says so; nothing in it controls the terminal', () => {
  const nodes = [{ ...member('a\u001b]52;c', 'adrift'), draining: true }]
  const text = fleetText({ ...common, degraded: ['engine'], nodes })
  expect(text).toMatch(/^fleet g6: 1 server, nobody publishes; degraded: engine\n/)
  expect(text).toContain('adrift, stopping')
  expect(text).not.toMatch(/(?!\n)\p{Cc}/u)
})
