import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'libsql'
import { describe, expect, test } from 'vitest'
import { ALICE, auditTrail, BOB, end, NOW_MS, refused, start } from '../../../test/support/audit-trail.js'
import { draftOf } from './draft.js'
import { readHead } from './files.js'
import { openTrail } from './read.js'
import { openWriter } from './writer.js'

const trail = auditTrail()

describe('records', () => {
  test('are chained, numbered from 1, and verify', async () => {
    await trail.open()
    await trail.write([start('s1'), refused('10.0.0.9'), end('s1')])
    await trail.write([{ operation: 'auth.token_verified', person: ALICE, atMs: NOW_MS }])
    expect(trail.shownAll().map(({ seq, operation }) => [seq, operation])).toEqual([
      [1, 'stream.start'],
      [2, 'security.forbidden'],
      [3, 'stream.end'],
      [4, 'auth.token_verified'],
    ])
    expect(await trail.verify()).toEqual({ ok: true, records: 4, firstSeq: 1, lastSeq: 4, afterHead: 0 })
    expect((await readHead(trail.path))?.count).toBe(4)
    const reader = openTrail(trail.path)
    expect(reader.after(2, 1).map(({ seq }) => seq)).toEqual([3])
    reader.close()
  })

  test('say what a stream came to', async () => {
    await trail.open()
    await trail.write([start('s1'), end('s1')])
    const [first, last] = trail.shownAll()
    expect(first).toMatchObject({
      streamId: 's1',
      at: '2023-11-14T22:13:20.000Z',
      details: { upstream: 'http://rag' },
    })
    expect(last?.details).toMatchObject({
      reason: 'complete',
      tokens: 3,
      bytes: 12,
      firstTokenMs: 40,
      durationMs: 101,
      upstreams: ['http://rag'],
    })
    expect(last?.subject).toBe(first?.subject)
  })

  test('hold commitments only; the address of a refusal is kept, an email when that is set', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE), refused('10.0.0.9', ALICE)])
    const everything = () =>
      ['', '-wal', '.head']
        .map(end => (existsSync(trail.path + end) ? readFileSync(trail.path + end, 'latin1') : ''))
        .join('')
    for (const secret of ['question', 'alice', 'example.org', 'session-1', 'c-s1', 'r-s1', 't-alice']) {
      expect(everything().toLowerCase()).not.toContain(secret)
    }
    expect(everything()).toContain('10.0.0.9')
    await trail.write([start('s2', ALICE)], true)
    expect(everything()).toContain('Alice@Example.org')
  })

  test('of one person can be linked, those of two anonymous streams cannot', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE), start('s2', ALICE), start('s3'), start('s4'), start('s5', BOB)])
    const [a, b, c, d, e] = trail.shownAll().map(({ subject }) => subject)
    expect(a).toBe(b)
    expect(new Set([a, c, d, e]).size).toBe(4)
  })

  test('that cannot all be written are none of them written', async () => {
    await trail.open()
    const broken = { ...draftOf(start('s2'), { storeEmail: false }), operation: null as unknown as string }
    await expect(
      trail.writer?.append([draftOf(start('s1'), { storeEmail: false }), broken]),
    ).rejects.toThrow()
    await trail.write([start('s3')])
    expect(trail.shownAll().map(({ streamId }) => streamId)).toEqual(['s3'])
    expect(await trail.verify()).toMatchObject({ ok: true })
  })

  test('cannot be changed or deleted by a plain statement', async () => {
    await trail.open()
    await trail.write([start('s1')])
    const sqlite = new Sqlite(trail.path)
    expect(() => sqlite.exec("UPDATE records SET operation = 'x'")).toThrow('append-only')
    expect(() => sqlite.exec('DELETE FROM records')).toThrow('append-only')
    sqlite.close()
  })
})

describe('a start after a crash', () => {
  test('ends the streams that have no end, once', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE), start('s2'), end('s2')])
    await trail.close()
    expect((await trail.open()).crashed).toBe(1)
    const ends = trail.shownAll().filter(({ operation }) => operation === 'stream.end')
    expect(ends.map(({ streamId, details }) => [streamId, (details as { reason: string }).reason])).toEqual([
      ['s2', 'complete'],
      ['s1', 'crashed'],
    ])
    expect(ends[1]?.subject).toBe(trail.shownAll()[0]?.subject)
    await trail.close()
    expect((await trail.open()).crashed).toBe(0)
    expect(await trail.verify()).toMatchObject({ ok: true })
  })

  test('between batch and head finds the chain whole', async () => {
    await trail.open()
    await trail.write([start('s1')])
    const before = readFileSync(`${trail.path}.head`)
    await trail.write([end('s1')])
    await trail.close()
    writeFileSync(`${trail.path}.head`, before)
    expect(await trail.verify()).toMatchObject({ ok: true, afterHead: 1 })
    expect((await trail.open()).headMismatch).toBe(false)
    expect(await trail.verify()).toMatchObject({ ok: true, afterHead: 0 })
  })
})

describe('two at once', () => {
  test('two servers cannot write one trail', async () => {
    await trail.open()
    await expect(openWriter({ path: trail.path, key: null, asServer: true })).rejects.toMatchObject({
      code: 'in_use',
    })
  })

  test('nor through a link to it, and the second leaves no file next to the link', async () => {
    await trail.open()
    const folder = join(dirname(trail.path), 'other')
    mkdirSync(folder)
    const link = join(folder, 'linked.db')
    symlinkSync(trail.path, link)
    await expect(openWriter({ path: link, key: null, asServer: true })).rejects.toMatchObject({
      code: 'in_use',
    })
    expect(readdirSync(folder)).toEqual(['linked.db'])
  })

  test('a command may erase while a server writes; both keep one chain', async () => {
    await trail.open()
    await trail.write([start('s1', ALICE)])
    const { writer: other, opened } = await openWriter({ path: trail.path, key: null, asServer: false })
    expect(opened).toMatchObject({ crashed: 0, headMismatch: false })
    await other.erase([{ kind: 'name', text: 'alice' }], NOW_MS)
    await trail.write([end('s1', ALICE)])
    await other.close()
    expect(await trail.verify()).toMatchObject({ ok: true, records: 3 })
    expect((await readHead(trail.path))?.count).toBe(3)
  })
})
