import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { capturedLog } from '../../test/support/captured-log.js'
import type { Source } from '../engine/source.js'
import type { Reading } from '../snapshot/reading.js'
import { createFileSource, type FileSourceOptions } from './file.js'
import type { ReadEdge } from './read-status.js'

let folder = ''
let path = ''
const sources: Source[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-file-'))
  path = join(folder, 'status.json')
})
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
  await rm(folder, { recursive: true, force: true })
})

/** Readings as they come; `next` waits for one that has not been taken yet. */
function watching(options: Partial<FileSourceOptions> = {}) {
  const source = createFileSource({ path, maxBytes: 1_000_000, ...options })
  sources.push(source)
  const readings: Reading[] = []
  let wake: () => void = () => {}
  source.start(reading => {
    readings.push(reading)
    wake()
  })
  const until = async (wanted: (reading: Reading) => boolean): Promise<Reading> => {
    for (;;) {
      const at = readings.findIndex(wanted)
      if (at !== -1) return readings.splice(0, at + 1)[at] as Reading
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  return { source, readings, until, next: () => until(() => true) }
}

async function replace(content: string): Promise<void> {
  await writeFile(`${path}.tmp`, content)
  await rename(`${path}.tmp`, path)
}

const says = (n: number) => (reading: Reading) => reading.ok && reading.status.n === n
const fails = (error: string) => (reading: Reading) => !reading.ok && reading.error === error

describe('the file source', () => {
  test('gives the document that is there, with its size and times', async () => {
    await replace('{"n": 1}')
    const reading = await watching().next()
    expect(reading).toMatchObject({ ok: true, status: { n: 1 }, sizeBytes: 8 })
    if (reading.ok) expect(Math.abs(reading.readAtMs - reading.modifiedAtMs)).toBeLessThan(10_000)
  })

  test('notices a file that is renamed over it without waiting for the poll', async () => {
    await replace('{"n": 1}')
    const { until } = watching({ pollMs: 3_600_000 })
    await until(says(1))
    await replace('{"n": 2}')
    await until(says(2))
  })

  test('tells of a fault of one kind once, however often the file is written, and of its end', async () => {
    const { log, lines } = capturedLog()
    await replace('{"bad": ')
    const { source, readings, until } = watching({ log, pollMs: 3_600_000 })
    await until(fails('not_json'))
    await replace('{"worse": ')
    await source.refresh()
    expect(readings).toEqual([])
    await replace('{"n": 1}')
    await until(says(1))
    expect(lines().map(({ msg }) => msg)).toEqual([
      'the status cannot be read: it ends in the middle of a value',
      'the status can be read again',
    ])
  })

  test('notices a write in place', async () => {
    await replace('{"n": 1}')
    const { until } = watching({ pollMs: 3_600_000 })
    await until(says(1))
    await writeFile(path, '{"n": 2}')
    await until(says(2))
  })

  test('follows a link that is pointed elsewhere', async () => {
    await writeFile(join(folder, 'one.json'), '{"n": 1}')
    await writeFile(join(folder, 'two.json'), '{"n": 2}')
    await symlink('one.json', path)
    const { until } = watching()
    await until(says(1))
    await symlink('two.json', `${path}.new`)
    await rename(`${path}.new`, path)
    await until(says(2))
  })

  test('says missing once, and the document when it comes', async () => {
    const { until, next, readings } = watching({ pollMs: 20 })
    expect(await next()).toMatchObject({ ok: false, error: 'missing', message: 'there is no such file' })
    await replace('{"n": 1}')
    await until(says(1))
    expect(readings).toEqual([])
    await rm(path)
    await until(fails('missing'))
    await replace('{"n": 2}')
    await until(says(2))
  })

  test('survives that its folder goes and comes back', async () => {
    await replace('{"n": 1}')
    const { until } = watching({ pollMs: 20 })
    await until(says(1))
    await rm(folder, { recursive: true })
    await until(fails('missing'))
    await mkdir(folder)
    await replace('{"n": 2}')
    await until(says(2))
    // The new folder is watched again, not only polled.
    await replace('{"n": 3}')
    await until(says(3))
  })

  test('watches the new folder when another one takes its place', async () => {
    await replace('{"n": 1}')
    const { until } = watching({ pollMs: 20 })
    await until(says(1))
    const other = `${folder}-other`
    await mkdir(other)
    await writeFile(join(other, 'status.json'), '{"n": 2}')
    await rename(folder, `${folder}-old`)
    await rename(other, folder)
    await until(says(2))
    await rm(`${folder}-old`, { recursive: true })
    await replace('{"n": 3}')
    await until(says(3))
  })

  test('a read that hangs is given up, begins no second one, and does not hold up the end', async () => {
    let opened = 0
    const edge = {
      open: () => {
        opened++
        return new Promise<never>(() => {})
      },
    }
    const { source } = watching({ edge, pollMs: 5 })
    while (opened === 0) await new Promise(resolve => setImmediate(resolve))
    await source.close()
    expect(opened).toBe(1)
    // It is given up by itself after 5 s.
  }, 4_000)

  test('ends a storm of renames with the last content', async () => {
    await replace('{"n": 0}')
    const { until, readings } = watching()
    for (let n = 1; n <= 300; n++) await replace(`{"n": ${n}}`)
    await until(says(300))
    expect(readings).toEqual([])
  })

  test('lets no change wait because the poll has just looked and found nothing', async () => {
    await replace('{"n": 1}')
    let opened = 0
    const edge: ReadEdge = {
      open: (file, flags) => {
        opened++
        return open(file, flags)
      },
    }
    // Time stands still but for one step: a gap that has begun never ends.
    let nowMs = 0
    const clock = { nowMs: () => Date.now(), monotonicMs: () => nowMs }
    const { until } = watching({ edge, clock, pollMs: 20 })
    await until(says(1))
    const before = opened
    nowMs = 1_000
    await vi.waitUntil(() => opened > before, { timeout: 20_000 })
    await replace('{"n": 2}')
    await until(says(2))
  }, 30_000)

  test('does not read an unchanged file again', async () => {
    await replace('{"n": 1}')
    const { source, until, readings } = watching()
    await until(says(1))
    await source.refresh()
    await source.refresh()
    expect(readings).toEqual([])
  })

  test('calls nobody after it was closed', async () => {
    await replace('{"n": 1}')
    const { source, until, readings } = watching({ pollMs: 5 })
    await until(says(1))
    await source.close()
    await source.close()
    await replace('{"n": 2}')
    await source.refresh()
    expect(readings).toEqual([])
  })
})
