import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ALICE, auditTrail, BOB, end, NOW_MS, refused, start } from '../../../test/support/audit-trail.js'
import { recordsOf } from './read.js'

const trail = auditTrail()

describe('erasure', () => {
  test.each([
    ['key', { kind: 'person', text: 'iss|alice' }],
    ['subject claim', { kind: 'name', text: 'alice' }],
    ['email, however it is spelled', { kind: 'name', text: ' alice@EXAMPLE.org' }],
  ] as const)('by %s leaves rows nobody can link, and a chain that verifies', async (_, name) => {
    await trail.open()
    await trail.write([start('s1', ALICE), refused('10.0.0.9', ALICE), start('s2', BOB)], true)
    expect(recordsOf(trail.path, trail.keyOf(), [name])).toMatchObject([
      { seq: 1, kept: { email: 'Alice@Example.org' } },
      { seq: 2, kept: { address: '10.0.0.9', email: 'Alice@Example.org' } },
    ])
    expect(await trail.writer?.erase([name], NOW_MS)).toEqual({ subjects: 1, records: 2 })
    expect(recordsOf(trail.path, trail.keyOf(), [name])).toEqual([])
    expect(trail.shownAll().map(({ operation }) => operation)).toEqual([
      'stream.start',
      'security.forbidden',
      'stream.start',
      'audit.erase',
    ])
    expect(await trail.verify()).toMatchObject({ ok: true, records: 4 })
    const bytes = readFileSync(trail.path, 'latin1') + readFileSync(`${trail.path}-wal`, 'latin1')
    expect(bytes).not.toContain('Alice@Example.org')
    expect(bytes).not.toContain('10.0.0.9')
  })

  test('is not undone by what the person does next', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE)])
    await trail.writer?.erase([{ kind: 'name', text: 'alice' }], NOW_MS)
    await trail.write([end('s1', ALICE), start('s2', ALICE)])
    const found = recordsOf(trail.path, trail.keyOf(), [{ kind: 'name', text: 'alice' }])
    expect(found.map(({ streamId }) => streamId)).toEqual(['s2'])
    expect(await trail.verify()).toMatchObject({ ok: true })
  })

  test('of somebody unknown changes nothing', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE)])
    expect(await trail.writer?.erase([{ kind: 'name', text: 'nobody' }], NOW_MS)).toEqual({
      subjects: 0,
      records: 0,
    })
    expect(trail.shownAll()).toHaveLength(1)
  })
})
