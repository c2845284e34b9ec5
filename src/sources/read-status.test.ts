import { execFileSync } from 'node:child_process'
import { appendFile, type FileHandle, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ReadEdge, type ReadOptions, readStatus } from './read-status.js'

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-read-'))
  path = join(folder, 'status.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function reading(options: Partial<ReadOptions> = {}) {
  const look = await readStatus({ path, maxBytes: 1_000, nowMs: () => 42, ...options })
  if (look === 'unchanged') throw new Error('it was not read')
  return look.reading
}

async function readingOf(content: string | Buffer, options: Partial<ReadOptions> = {}) {
  await writeFile(path, content)
  return reading(options)
}

const failing = (code: string): ReadEdge => ({
  open: () => Promise.reject(Object.assign(new Error('secret path'), { code })),
})

/** An edge whose file says each of these in turn. */
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
    ['nothing', '', 'not_json', 'it is empty'],
    ['words', '{"a": oops}', 'not_json', 'it is not JSON'],
    ['a missing comma', '{\n  "a": 1 "b"', 'not_json', 'it stops being JSON at line 2, column 10'],
    ['a list', '[1]', 'not_object', 'it is an array; a status is a JSON object'],
    ['null', 'null', 'not_object', 'it is null; a status is a JSON object'],
    ['a number', '5', 'not_object', 'it is a number; a status is a JSON object'],
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
    expect(await readingOf(bytes)).toMatchObject({ ok: false, error: 'not_json', message: 'it is not UTF-8' })
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

  test('a pipe nobody writes to does not hold it up', async () => {
    execFileSync('mkfifo', [path])
    expect(await reading()).toMatchObject({ ok: false, error: 'io' })
  })

  test('a file system that never answers is given up', async () => {
    const edge: ReadEdge = { open: () => new Promise(() => {}) }
    expect(await reading({ edge, timeoutMs: 10 })).toMatchObject({ ok: false, error: 'timeout' })
  })

  test('a half-written file is tried three times before it counts', async () => {
    const finished = saying('{"a":', '{"a": 1', '{"a": 1}')
    expect(await reading({ edge: finished })).toMatchObject({ ok: true, status: { a: 1 } })
    expect(finished.opened()).toBe(3)
    const never = saying('{"a":')
    expect(await reading({ edge: never })).toMatchObject({ ok: false, error: 'not_json' })
    expect(never.opened()).toBe(3)
  })

  test('what was read before is not read again, good or bad', async () => {
    for (const content of ['{"a": 1}', '{"a":']) {
      await writeFile(path, content)
      const first = await readStatus({ path, maxBytes: 1_000, nowMs: () => 0 })
      if (first === 'unchanged') throw new Error('it was not read')
      expect(await readStatus({ path, maxBytes: 1_000, nowMs: () => 0, unless: first.mark })).toBe(
        'unchanged',
      )
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
