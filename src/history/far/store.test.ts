import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { farCalls } from './calls.js'
import type { FarValues, MinuteBatch, Opened, StoreState } from './messages.js'

/** Files are synced, which is not what is tested. */
const memoryDisk = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(memoryDisk, 'g6-store-'))
  path = join(folder, 'deep', 'history.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const HOUR = 60
const FIRST = 30_000_000

const batch = (minute: number, ids: readonly string[], n = minute): MinuteBatch => ({
  minute,
  ids,
  numbers: Float64Array.from(ids.flatMap((_, i) => [n + i - 1, n + i + 1, n + i, 60])),
})

/** The border: the answer to a call has the type of that call. */
function open(maxBytes = 256 * 1024 ** 2) {
  const call = farCalls({ path, maxBytes })
  return {
    open: (fromMinute = FIRST + 1_000_000) => call({ do: 'open', fromMinute }) as Promise<Opened>,
    write: (minutes: readonly MinuteBatch[], oldest: number | null = null) =>
      call({ do: 'write', minutes, verdicts: [], oldest }) as Promise<StoreState>,
    last: async (id: string, fromMinute: number, steps: number) => {
      const read = (await call({ do: 'read', ids: [id], fromMinute, stepMinutes: 1, steps })) as FarValues[]
      return [...(read[0]?.last ?? [])]
    },
    close: () => call({ do: 'close' }),
  }
}

test('hours are packed, and give back what was in their minutes', async () => {
  const store = open()
  await store.open()
  for (let minute = FIRST; minute < FIRST + 3 * HOUR; minute++) await store.write([batch(minute, ['a', 'b'])])
  expect(await store.last('b', FIRST, 3 * HOUR)).toEqual(
    Array.from({ length: 3 * HOUR }, (_, i) => FIRST + i + 1),
  )
  expect(await store.last('c', FIRST, 3)).toEqual([])
  // A minute of an hour that is packed.
  await store.write([batch(FIRST + 5, ['a'], 7)])
  for (const minute of [0, 1, 2]) await store.write([batch(FIRST + 3 * HOUR + minute, ['a'])])
  expect((await store.last('a', FIRST + 4, 3)).slice(1)).toEqual([7, FIRST + 6])
  await store.close()
  const counted = new Sqlite(path)
  expect(counted.prepare('SELECT count(*) AS n FROM minutes').get()).toMatchObject({ n: 3 })
  counted.close()
})

test('a file that grows over its limit loses the oldest hours, and ends smaller', async () => {
  const limit = 4 * 1024 ** 2
  const store = open(limit)
  await store.open()
  const ids = Array.from({ length: 200 }, (_, i) => `series ${i}`)
  let state: StoreState = { oldestMinute: null, bytes: 0 }
  for (let minute = FIRST; minute < FIRST + 24 * HOUR; minute++)
    state = await store.write([batch(minute, ids)])
  expect(state.bytes).toBeLessThanOrEqual(limit)
  expect(state.oldestMinute).toBeGreaterThan(FIRST)
  expect(await store.last('series 7', FIRST + 24 * HOUR - 2, 2)).toEqual([
    FIRST + 24 * HOUR + 5,
    FIRST + 24 * HOUR + 6,
  ])
  await store.close()
})

test('a series that comes back as the old minutes are removed keeps its name', async () => {
  const store = open()
  await store.open()
  await store.write([batch(FIRST, ['old', 'other'])])
  const later = FIRST + 100 * HOUR
  await store.write([batch(later, ['other'])])
  await store.write([batch(later + 1, ['old', 'other'])], later - HOUR)
  await store.write([batch(later + 2, ['old', 'new'])])
  expect(await store.last('old', later, 3)).toEqual([Number.NaN, later + 1, later + 2])
  expect(await store.last('new', later, 3)).toEqual([Number.NaN, Number.NaN, later + 3])
  await store.close()
  const again = open()
  expect((await again.open(later)).recent.at(-1)?.ids).toEqual(['old', 'new'])
  await again.close()
})

describe('a file', () => {
  test('has one server at a time; another one is refused, and may have it afterwards', async () => {
    const first = open()
    await first.open()
    const second = open()
    await expect(second.open()).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining('give each server a file of its own'),
    })
    await first.close()
    await second.open()
    await second.close()
  })

  test('that is no history is not touched', async () => {
    for (const text of ['not a database', 'SQLite format 3\0 but of another program'.padEnd(200)]) {
      path = join(folder, `other-${text.length}`)
      writeFileSync(path, text)
      await expect(open().open()).rejects.toMatchObject({ code: 'foreign' })
      expect(readFileSync(path, 'utf8')).toBe(text)
    }
    path = join(folder, 'database')
    const other = new Sqlite(path)
    other.exec('CREATE TABLE mine (n INTEGER)')
    other.close()
    await expect(open().open()).rejects.toMatchObject({ code: 'foreign' })
  })

  test('of a later version is refused', async () => {
    const store = open()
    await store.open()
    await store.close()
    const later = new Sqlite(path)
    later.exec('PRAGMA user_version = 2')
    later.close()
    await expect(open().open()).rejects.toMatchObject({ code: 'newer' })
  })

  test('that is damaged is kept under another name, once, and a new one is begun', async () => {
    for (let i = 0; i < 2; i++) {
      const store = open()
      await store.open()
      for (let minute = FIRST; minute < FIRST + 200; minute++) await store.write([batch(minute, ['a', 'b'])])
      await store.close()
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.fill(0x55, 200))
      const again = open()
      const opened = await again.open()
      expect(opened.asideAt).toBe(`${path}.damaged`)
      expect(opened.oldestMinute).toBeNull()
      await again.write([batch(FIRST, ['a'])])
      expect(await again.last('a', FIRST, 1)).toEqual([FIRST])
      await again.close()
      expect(readFileSync(`${path}.damaged`).equals(bytes)).toBe(true)
      rmSync(path)
    }
  })

  test('that is cut while it is written is replaced by a new one', async () => {
    const store = open()
    await store.open()
    for (let minute = FIRST; minute < FIRST + 300; minute++)
      await store.write([
        batch(
          minute,
          Array.from({ length: 40 }, (_, i) => `${i}`),
        ),
      ])
    await store.close()
    await store.open()
    truncateSync(path, 30_000)
    const failed = await store
      .last('7', FIRST, 300)
      .then(() => store.write([batch(FIRST + 300, ['7'])]))
      .then(() => null)
      .catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'damaged' })
    expect(existsSync(`${path}.damaged`)).toBe(true)
    await store.open()
    await store.write([batch(FIRST, ['7'])])
    await store.close()
  })

  test('that is deleted while it is written is noticed with the next minute', async () => {
    const store = open()
    await store.open()
    unlinkSync(path)
    await expect(store.write([batch(FIRST, ['a'])])).rejects.toMatchObject({ code: 'vanished' })
    await store.open()
    await store.write([batch(FIRST, ['a'])])
    expect(await store.last('a', FIRST, 1)).toEqual([FIRST])
    await store.close()
  })
})
