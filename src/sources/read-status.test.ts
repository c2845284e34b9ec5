import { execFileSync } from 'node:child_process'
import { appendFile, type FileHandle, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Reading } from '../snapshot/reading.js'
import { type FileMark, type ReadEdge, type ReadOptions, readStatus } from './read-status.js'

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-read-'))
  path = join(folder, 'status.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function reading(options: Partial<ReadOptions> = {}) {
  const look = await readStatus({ path, maxBytes: 1_000, nowMs: () => 42, ...options })
  if (look.reading === null) throw new Error('it was not read')
  return look.reading
}

async function readingOf(content: string | Buffer, options: Partial<ReadOptions> = {}) {
  await writeFile(path, content)
  return reading(options)
}

const failing = (code: string): ReadEdge => ({
  open: () => Promise.reject(Object.assign(new Error('secret path'), { code })),
})

/** An edge whose file has these contents in turn. */
function saying(...contents: string[]): ReadEdge & { opened: () => number } {
  let opened = 0
  return {
    opened: () => opened,
    open: async real => {
      await writeFile(real, contents[Math.min(opened, contents.length - 1)] ?? '')
      opened++
      return (await import('node:fs/promises')).open(real, 'r')
    },
  }
}

describe('reading a status', () => {
  test.each([
    ['a truncated document', '{"a": 1', 'not_json', 'it ends in the middle of a value'],
    [
      'half a character',
      Buffer.from('{"a": "₹').subarray(0, -1),
      'not_json',
      'it ends in the middle of a character',
    ],
    ['nothing', '', 'not_json', 'it is empty'],
    ['words', '{"a": oops}', 'not_json', 'it stops being JSON at line 1, column 7'],
    ['a missing comma', '{\n  "a": 1 "b"', 'not_json', 'it stops being JSON at line 2, column 10'],
    ['null', 'null', 'not_object', 'it is null; a status is a JSON object or a list'],
    ['a number', '5', 'not_object', 'it is a number; a status is a JSON object or a list'],
    [
      'too much',
      `{"a": "${'x'.repeat(1_000)}"}`,
      'too_large',
      'it is larger than 1000 bytes (G6_STATUS_MAX_BYTES)',
    ],
  ])('%s is an error of its kind', async (_, content, error, message) => {
    expect(await readingOf(content)).toEqual({ ok: false, error, message, readAtMs: 42 })
  })

  test('bytes that are no UTF-8 are not JSON', async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    expect(await readingOf(bytes)).toMatchObject({
      ok: false,
      error: 'not_json',
      message: 'it is not UTF-8 at line 1, column 3; write UTF-8, or UTF-16 with a byte-order mark',
    })
  })

  test('a byte-order mark is fine', async () => {
    expect(await readingOf('\ufeff{"a": 1}')).toMatchObject({ ok: true, status: { a: 1 } })
  })

  test('a message never quotes the content', async () => {
    const reading = await readingOf('{"password": hunter2}')
    expect(JSON.stringify(reading)).not.toContain('hunter')
  })

  test.each([
    ['ENOENT', 'missing'],
    ['EACCES', 'forbidden'],
    ['EPERM', 'forbidden'],
    ['EIO', 'io'],
    ['EMFILE', 'io'],
  ])('%s of the file system is %s', async (code, error) => {
    const reading_ = await reading({ edge: failing(code) })
    expect(reading_).toMatchObject({ ok: false, error })
    expect(JSON.stringify(reading_)).not.toContain('secret path')
  })

  test('a folder in its place is an error, not a crash', async () => {
    await mkdir(path)
    expect(await reading()).toMatchObject({ ok: false, error: 'io', message: 'it is not a regular file' })
  })

  test('a pipe without a writer does not block it', async () => {
    execFileSync('mkfifo', [path])
    expect(await reading()).toMatchObject({ ok: false, error: 'io' })
  })

  test('a file system that never answers is a timeout', async () => {
    const edge: ReadEdge = { open: () => new Promise(() => {}) }
    expect(await reading({ edge, timeoutMs: 10 })).toMatchObject({ ok: false, error: 'timeout' })
  })

  test('a half-written file is read three times before it is an error', async () => {
    const finished = saying('{"a":', '{"a": 1', '{"a": 1}')
    expect(await reading({ edge: finished })).toMatchObject({ ok: true, status: { a: 1 } })
    expect(finished.opened()).toBe(3)
    const never = saying('{"a":')
    expect(await reading({ edge: never })).toMatchObject({ ok: false, error: 'not_json' })
    expect(never.opened()).toBe(3)
  })

  test('an unchanged file is not read again, good or bad', async () => {
    for (const content of ['{"a": 1}', '{"a":']) {
      await writeFile(path, content)
      const first = await readStatus({ path, maxBytes: 1_000, nowMs: () => 0 })
      expect(first.reading).not.toBeNull()
      const again = await readStatus({ path, maxBytes: 1_000, nowMs: () => 0, unless: first.mark })
      expect(again).toEqual({ reading: null, mark: first.mark })
    }
  })
})

test('a file that grows while it is read is read again, as a whole', async () => {
  await writeFile(path, '{"a": 1}')
  let opened = 0
  const edge: ReadEdge = {
    open: async real => {
      opened++
      const file = await open(real, 'r')
      const grows = opened === 1
      const read = async (...where: Parameters<FileHandle['read']>) => {
        if (grows) await appendFile(real, ' ')
        return file.read(...where)
      }
      const made = { stat: file.stat.bind(file), close: file.close.bind(file), read }
      return made as unknown as FileHandle
    },
  }
  expect(await reading({ edge })).toMatchObject({ ok: true, status: { a: 1 }, sizeBytes: 9 })
  expect(opened).toBe(2)
})

describe('documents of real writers', () => {
  const written = (name: string): Promise<Buffer> =>
    readFile(new URL(`../../test/fixtures/cases/writers/${name}`, import.meta.url))
  const readingOfWriter = async (name: string): Promise<Reading> =>
    readingOf(await written(name), { maxBytes: 1_000_000 })

  test('numbers that JSON lacks are missing, the rest is there, and the first is named', async () => {
    const reading = await readingOfWriter('b1-nan.json')
    expect(reading).toMatchObject({
      ok: true,
      status: {
        indices: { NIFTY: { ltp: 24512.3, change: null }, BANKNIFTY: { change: -0.08 } },
        analytics: { pcr: null, max_pain: { NIFTY: 24500 } },
      },
      warnings: [{ kind: 'not_finite', path: 'indices.NIFTY.change', what: 'Infinity', count: 2 }],
    })
  })

  test('an integer that loses digits is named, and large numbers that lose none are not', async () => {
    expect(await readingOfWriter('b8-numbers.json')).toMatchObject({
      ok: true,
      status: { cycle: 9007199254740992, indices: { A: { ltp: 1e21 } } },
      warnings: [{ kind: 'inexact', path: 'cycle', count: 1 }],
    })
  })

  test.each(['b7-utf8-bom.json', 'b7-utf16le-bom.json'])('%s is read, without a warning', async name => {
    const reading = await readingOfWriter(name)
    expect(reading).toMatchObject({ ok: true, status: { app: { version: '1.4.2' } } })
    expect(reading).not.toHaveProperty('warnings')
  })

  test('the rest of a longer document is an error with its position', async () => {
    expect(await readingOfWriter('b3-leftover-brace.json')).toMatchObject({
      ok: false,
      error: 'not_json',
      message: expect.stringMatching(/^there is more after its end, from line \d+, column 2 on/),
    })
  })
})

describe('the mark of what was read', () => {
  test('is not trusted while a write could leave the same times: the bytes are compared', async () => {
    // A file system whose clock does not move: every write of the same size looks like the one before.
    const still: ReadEdge = {
      open: async real => {
        const file = await open(real, 'r')
        const fixed = async () =>
          Object.assign(await file.stat({ bigint: true }), { mtimeNs: 5n, ctimeNs: 5n })
        return {
          stat: fixed,
          read: file.read.bind(file),
          close: file.close.bind(file),
        } as unknown as FileHandle
      },
    }
    const look = (nowMs: number, unless: FileMark | null) =>
      readStatus({ path, maxBytes: 1_000, nowMs: () => nowMs, edge: still, unless })
    await writeFile(path, '{"a": 1}')
    const first = await look(0, null)
    expect(await look(0, first.mark)).toEqual({ reading: null, mark: first.mark })
    await writeFile(path, '{"a": 2}')
    const second = await look(10, first.mark)
    expect(second.reading).toMatchObject({ ok: true, status: { a: 2 } })
    // Later no bytes are kept to compare with.
    const third = await look(1_000, second.mark)
    expect(third).toMatchObject({ reading: null, mark: { content: null } })
  })
})
