import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FleetDocument, MemberData } from '../protocol/fleet.js'
import { rounded, serversPanels } from './servers-panels.js'

const MEMBER: MemberData = {
  node: 'web1:9329.5f0c11aa',
  version: '0.1.0',
  role: 'leading',
  fresh: true,
  draining: false,
  epoch: 'e1',
  generation: 8,
  readers: 210,
  chat: 3,
  lag_ms: 1,
  rss: 98 * 1024 ** 2,
  engine_ms: 1,
  started: 1,
}
const of = (...nodes: MemberData[]): FleetDocument => ({
  ...{ name: 'g6', node: 'n', seat: 'leading', term: 1, degraded: [], nodes },
})
const linesOf = (document: FleetDocument) =>
  Object.fromEntries(serversPanels(document).map(({ key, tone, lines }) => [key, { tone, lines }]))

describe('the panels of a fleet', () => {
  test('say who publishes, what each server does, and how Redis is', () => {
    const follower: MemberData = {
      ...MEMBER,
      node: 'web2:9329.09b2d7e4',
      role: 'following',
      version: '0.2.0',
    }
    expect(linesOf(of(MEMBER, follower))).toEqual({
      publisher: { tone: 'ok', lines: ['fleet: g6', 'publisher: web1:9329.5f0c11aa', 'source: fresh'] },
      readers: { tone: 'ok', lines: ['readers: 420', 'answers: 6'] },
      engine: { tone: 'ok', lines: ['state: answers', 'slowest answer: < 100 ms'] },
      nodes: {
        tone: 'ok',
        lines: [
          'node                role       source  board     readers  answers      late     redis    memory  version',
          'web1:9329.5f0c11aa  leading    fresh   the same      210        3  < 100 ms  < 100 ms  ≤ 100 MB  0.1.0',
          'web2:9329.09b2d7e4  following  fresh   the same      210        3  < 100 ms  < 100 ms  ≤ 100 MB  0.2.0',
        ],
      },
      versions: { tone: 'ok', lines: ['0.1.0: 1 server', '0.2.0: 1 server'] },
    })
  })

  test('show a server that does not beat as silent, and never as the publisher', () => {
    const next: MemberData = { ...MEMBER, node: 'web2:9329.09b2d7e4', silent_ms: 800 }
    const { publisher, nodes } = linesOf(of({ ...MEMBER, silent_ms: 3_001 }, next))
    expect(publisher).toEqual({
      tone: 'ok',
      lines: ['fleet: g6', 'publisher: web2:9329.09b2d7e4', 'source: fresh'],
    })
    expect(nodes?.lines[1]).toMatch(/^web1:9329.5f0c11aa +silent ! /)
    expect(linesOf(of({ ...MEMBER, silent_ms: 3_001 })).publisher?.lines[1]).toBe('publisher: nobody !!')
  })

  test('mark what is wrong', () => {
    const nobody = linesOf(of({ ...MEMBER, role: 'following' }))
    expect(nobody.publisher).toEqual({
      tone: 'error',
      lines: ['fleet: g6', 'publisher: nobody !!', 'source: —'],
    })
    const two = linesOf(of(MEMBER, { ...MEMBER, node: 'b', epoch: 'e2', fresh: false }))
    expect(two.publisher?.lines.at(-1)).toBe('publishers: 2 !!')
    expect(two.nodes?.lines[2]).toMatch(/another !/)
    const gone = linesOf({ ...of({ ...MEMBER, role: 'alone' }), degraded: ['engine'] })
    expect(gone.engine).toEqual({ tone: 'error', lines: ['state: gone !!', 'slowest answer: —'] })
    expect(linesOf(of({ ...MEMBER, engine_ms: 1_500, lag_ms: 150 })).nodes?.lines[1]).toMatch(
      /≥ 100 ms !.*≥ 1 s !!/,
    )
  })

  test('of many servers the first hundred have a row', () => {
    const many = Array.from({ length: 120 }, (_, i) => ({
      ...MEMBER,
      node: `n${i}`,
      role: 'following' as const,
    }))
    expect(linesOf(of(...many)).nodes?.lines.slice(-1)).toEqual(['20 more servers not shown'])
  })

  test('do not change with what changes at every beat', () => {
    const small = fc.record({
      lag_ms: fc.integer({ min: 0, max: 99 }),
      engine_ms: fc.integer({ min: 0, max: 99 }),
      generation: fc.integer({ min: 1, max: 1e9 }),
      silent_ms: fc.integer({ min: 0, max: 3_000 }),
      rss: fc.integer({ min: 51 * 1024 ** 2, max: 100 * 1024 ** 2 }),
      readers: fc.integer({ min: 12_001, max: 12_400 }),
    })
    fc.assert(
      fc.property(small, more => {
        expect(serversPanels(of({ ...MEMBER, ...more }))).toEqual(
          serversPanels(of({ ...MEMBER, readers: 12_000 })),
        )
      }),
    )
  })

  test('a rounded number is within 5 % of the exact one, and two digits long', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e7 }), count => {
        expect(Math.abs(rounded(count) - count)).toBeLessThanOrEqual(count / 20)
        expect(`${rounded(count)}`.replace(/0+$/, '').length).toBeLessThanOrEqual(2)
      }),
    )
  })
})
