import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownDraft } from './draft.js'
import { parseHead, readHead } from './files.js'
import { openWriter } from './writer.js'

let folder: string
let path: string
let nowMs: number
beforeEach(() => {
  nowMs = 7
  folder = mkdtempSync(join(tmpdir(), 'g6-audit-writer-'))
  path = join(folder, 'audit.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = () => openWriter({ path, key: null, asServer: true }, () => nowMs)
const draft = ownDraft('audit.left_out', 7, {})

/** Puts a folder in the place of the head, so that it cannot be written. */
function blockHead(): () => void {
  const place = `${path}.head`
  rmSync(place, { force: true })
  mkdirSync(join(place, 'occupied'), { recursive: true })
  return () => {
    rmdirSync(join(place, 'occupied'))
    rmdirSync(place)
  }
}

test('a writer that could not be opened holds nothing: the next try opens it', async () => {
  const unblock = blockHead()
  await expect(open()).rejects.toThrow()
  unblock()
  const { writer } = await open()
  await writer.close()
})

test('a head that cannot be written is reported, and the records are safe; the next batch writes it', async () => {
  const { writer } = await open()
  expect(await writer.append([draft])).toEqual({ headFault: null })
  const unblock = blockHead()
  const { headFault } = await writer.append([draft])
  expect(headFault).toMatch(/^E[A-Z]+$/)
  unblock()
  expect(await writer.append([draft])).toEqual({ headFault: null })
  expect((await readHead(path))?.count).toBe(3)
  await writer.close()
})

test('of two batches at once the second’s head is begun when the first’s is on the disk, so that the newest stays', async () => {
  const onDisk: number[] = []
  const { writer } = await openWriter({ path, key: null, asServer: true }, () => {
    const head = existsSync(`${path}.head`) ? parseHead(readFileSync(`${path}.head`, 'utf8')) : null
    onDisk.push(head?.count ?? -1)
    return nowMs
  })
  onDisk.length = 0
  // The first knows of both: they are stored at once.
  await Promise.all([writer.append([draft]), writer.append([draft])])
  expect(onDisk).toEqual([0, 2])
  expect((await readHead(path))?.count).toBe(2)
  await writer.close()
})

test('a closed writer has written the head of its last batch, and lets another server write', async () => {
  const first = await open()
  const appended = first.writer.append([draft, draft])
  await first.writer.close()
  expect((await readHead(path))?.count).toBe(2)
  await appended
  const second = await open()
  expect(second.opened.headMismatch).toBe(false)
  await second.writer.close()
})

test('the head is written after a sweep that removed something, and after an erasure', async () => {
  const { writer } = await open()
  const ann = { kind: 'person', text: 'iss|ann' } as const
  await writer.append([draft, { ...draft, subject: [ann] }])
  nowMs = 8
  await writer.erase([ann], 8)
  expect(await readHead(path)).toMatchObject({ count: 3, atMs: 8 })
  nowMs = 9
  expect((await writer.sweep(0, 9)).records).toBe(0)
  expect(await readHead(path)).toMatchObject({ atMs: 8 })
  expect((await writer.sweep(8, 9)).records).toBe(2)
  expect(await readHead(path)).toMatchObject({ count: 3, atMs: 9 })
  await writer.close()
})
