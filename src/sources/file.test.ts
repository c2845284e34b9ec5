import { EventEmitter } from 'node:events'
import { watch } from 'node:fs'
import { mkdir, mkdtemp, open, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { capturedLog } from '../../test/support/captured-log.js'
import type { Source } from '../engine/source.js'
import type { Reading } from '../snapshot/reading.js'
import { createFileSource, type FileSourceOptions } from './file.js'
import type { WatchFolder } from './path-watch.js'
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

/** Collects readings; `next` waits for the next one. */
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

const NO_POLL = { fastPollMs: 3_600_000, slowPollMs: 3_600_000 } as const

async function replace(content: string | Buffer): Promise<void> {
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
    const { until } = watching({ ...NO_POLL })
    await until(says(1))
    await replace('{"n": 2}')
    await until(says(2))
  })

  test('reports a fault of one kind once, however often the file is written, and its end', async () => {
    const { log, lines } = capturedLog()
    await replace('{"bad": ')
    const { source, readings, until } = watching({ log, ...NO_POLL })
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
    const { until } = watching({ ...NO_POLL })
    await until(says(1))
    await writeFile(path, '{"n": 2}')
    await until(says(2))
  })

  test('follows a link that gets another target', async () => {
    await writeFile(join(folder, 'one.json'), '{"n": 1}')
    await writeFile(join(folder, 'two.json'), '{"n": 2}')
    await symlink('one.json', path)
    const { until } = watching()
    await until(says(1))
    await symlink('two.json', `${path}.new`)
    await rename(`${path}.new`, path)
    await until(says(2))
  })

  test('reports missing once, and the document when it appears', async () => {
    const { until, next, readings } = watching({ fastPollMs: 20, slowPollMs: 20 })
    expect(await next()).toMatchObject({ ok: false, error: 'missing', message: 'there is no such file' })
    await replace('{"n": 1}')
    await until(says(1))
    expect(readings).toEqual([])
    await rm(path)
    await until(fails('missing'))
    await replace('{"n": 2}')
    await until(says(2))
  })

  test('survives that its folder is removed and created again', async () => {
    await replace('{"n": 1}')
    const { until } = watching({ fastPollMs: 20, slowPollMs: 20 })
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
    const { until } = watching({ fastPollMs: 20, slowPollMs: 20 })
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

  test('a hanging read times out, starts no second one, and does not delay close()', async () => {
    let opened = 0
    const edge = {
      open: () => {
        opened++
        return new Promise<never>(() => {})
      },
    }
    const { source } = watching({ edge, fastPollMs: 5, slowPollMs: 5 })
    while (opened === 0) await new Promise(resolve => setImmediate(resolve))
    await source.close()
    expect(opened).toBe(1)
    // It times out after 5 s.
  }, 4_000)

  test('ends a storm of renames with the last content', async () => {
    await replace('{"n": 0}')
    const { until, readings } = watching()
    for (let n = 1; n <= 300; n++) await replace(`{"n": ${n}}`)
    await until(says(300))
    expect(readings).toEqual([])
  })

  test('delays no change because a poll has just found nothing', async () => {
    await replace('{"n": 1}')
    let opened = 0
    const edge: ReadEdge = {
      open: (file, flags) => {
        opened++
        return open(file, flags)
      },
    }
    // Time moves only once: a gap that has begun never ends.
    let nowMs = 0
    const clock = { nowMs: () => Date.now(), monotonicMs: () => nowMs }
    const { until } = watching({ edge, clock, fastPollMs: 20, slowPollMs: 20 })
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

  test('reports nothing after it was closed', async () => {
    await replace('{"n": 1}')
    const { source, until, readings } = watching({ fastPollMs: 5, slowPollMs: 5 })
    await until(says(1))
    await source.close()
    await source.close()
    await replace('{"n": 2}')
    await source.refresh()
    expect(readings).toEqual([])
  })
})

describe('a file that is not replaced but written in place', () => {
  const NEVER_WATCHED = () => Object.assign(new EventEmitter(), { close: () => {} })
  /** Time that moves only when the test moves it. */
  function handClock() {
    let monotonicMs = 1_000_000
    return {
      clock: { nowMs: () => Date.now(), monotonicMs: () => monotonicMs },
      pass: (ms: number) => {
        monotonicMs += ms
      },
    }
  }

  test('keeps its last good document while broken for less than the grace period, without a reading or a log line', async () => {
    const { log, lines } = capturedLog()
    const { clock, pass } = handClock()
    await replace('{"n": 1}')
    const { source, until, readings } = watching({ log, clock, ...NO_POLL, watchFolder: NEVER_WATCHED })
    await until(says(1))
    for (let n = 2; n <= 4; n++) {
      for (const half of ['', '{"n": ']) {
        await writeFile(path, half)
        await source.refresh()
        pass(150)
      }
      expect(readings).toEqual([])
      await writeFile(path, `{"n": ${n}}`)
      await source.refresh()
      await until(says(n))
      pass(700)
    }
    expect(readings).toEqual([])
    expect(lines()).toEqual([])
  })

  test('is also kept while it is missing or unreadable for a moment', async () => {
    const { clock, pass } = handClock()
    await replace('{"n": 1}')
    const { source, until, readings } = watching({ clock, ...NO_POLL, watchFolder: NEVER_WATCHED })
    await until(says(1))
    await rm(path)
    await source.refresh()
    pass(999)
    await source.refresh()
    expect(readings).toEqual([])
    pass(1)
    await source.refresh()
    await until(fails('missing'))
  })

  test('is an error with one log line when it stays broken', async () => {
    const { log, lines } = capturedLog()
    await replace('{"n": 1}')
    const { until, readings } = watching({ log, graceMs: () => 50, ...NO_POLL })
    await until(says(1))
    await writeFile(path, '')
    await until(fails('not_json'))
    expect(readings).toEqual([])
    expect(lines().map(({ msg }) => msg)).toEqual(['the status cannot be read: it is empty'])
  })

  test('is waited for at the start when it is being written, and reported at once when it is old', async () => {
    await writeFile(path, '')
    const { until, readings } = watching({ ...NO_POLL, graceMs: () => 3_600_000 })
    await writeFile(path, '{"n": 1}')
    await until(says(1))
    expect(readings).toEqual([])
    await writeFile(path, '')
    const longAgo = new Date(Date.now() - 86_400_000)
    await utimes(path, longAgo, longAgo)
    await watching({ ...NO_POLL, graceMs: () => 3_600_000 }).until(fails('not_json'))
  })

  test('reports its current fault, not the first one, and logs each text once', async () => {
    const { log, lines } = capturedLog()
    await replace('{"n": 1}')
    const { until } = watching({ log, graceMs: () => 30, ...NO_POLL })
    const broken = (text: RegExp) => (reading: Reading) => !reading.ok && text.test(reading.message)
    await until(says(1))
    for (const round of ['first', 'second']) {
      await replace('')
      await until(broken(/^it is empty$/))
      await replace(Buffer.from('{"n": 2}', 'utf16le'))
      await until(broken(/^it is UTF-16 LE/))
      await replace(`{"n": @${round}}`)
      await until(broken(/^it stops being JSON at line 1, column 7$/))
    }
    expect(lines()).toHaveLength(3)
    await replace('{"n": 2}')
    await until(says(2))
    await replace('')
    await until(broken(/^it is empty$/))
    expect(lines()).toHaveLength(5)
  })

  test('is read again when only ctime changed: same size, mtime set back', async () => {
    await replace('{"n": 1}')
    const { mtime, atime } = await stat(path)
    const { source, until } = watching({ ...NO_POLL, watchFolder: NEVER_WATCHED })
    await until(says(1))
    await writeFile(path, '{"n": 2}')
    await utimes(path, atime, mtime)
    await source.refresh()
    await until(says(2))
  })
})

describe('the watch', () => {
  test('notices that a link of the path is swapped, as Kubernetes does it', async () => {
    await mkdir(join(folder, '..v1'))
    await writeFile(join(folder, '..v1', 'status.json'), '{"n": 1}')
    await symlink('..v1', join(folder, '..data'))
    await symlink('..data/status.json', path)
    const { until } = watching(NO_POLL)
    await until(says(1))
    for (const [n, name] of [
      [2, '..v2'],
      [3, '..v3'],
    ] as const) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'status.json'), `{"n": ${n}}`)
      await symlink(name, join(folder, '..data_tmp'))
      await rename(join(folder, '..data_tmp'), join(folder, '..data'))
      await until(says(n))
    }
    // The target of a link is watched too.
    await writeFile(join(folder, '..v3', 'status.json'), '{"n": 4}')
    await until(says(4))
  })

  test('notices that a link to a folder of the path has another target', async () => {
    for (const n of [1, 2]) {
      await mkdir(join(folder, `release-${n}`))
      await writeFile(join(folder, `release-${n}`, 'status.json'), `{"n": ${n}}`)
    }
    await symlink('release-1', join(folder, 'current'))
    const { until } = watching({ ...NO_POLL, path: join(folder, 'current', 'status.json') })
    await until(says(1))
    await symlink(join(folder, 'release-2'), join(folder, 'next'))
    await rename(join(folder, 'next'), join(folder, 'current'))
    await until(says(2))
  })

  test('notices without a poll that its folder was replaced', async () => {
    const inner = join(folder, 'inner')
    const file = join(inner, 'status.json')
    await mkdir(inner)
    await writeFile(file, '{"n": 1}')
    const { until } = watching({ ...NO_POLL, path: file })
    await until(says(1))
    await mkdir(`${inner}-new`)
    await writeFile(join(`${inner}-new`, 'status.json'), '{"n": 2}')
    await rename(inner, `${inner}-old`)
    await rename(`${inner}-new`, inner)
    await until(says(2))
    await writeFile(file, '{"n": 3}')
    await until(says(3))
  })

  test.each([
    [
      'ENOSPC',
      'the folder cannot be watched (ENOSPC): all watches are used; raise fs.inotify.max_user_watches',
    ],
    [
      'EMFILE',
      'the folder cannot be watched (EMFILE): no watch is left; raise fs.inotify.max_user_instances',
    ],
    ['EACCES', 'the folder cannot be watched (EACCES)'],
  ])(
    'that the system refuses with %s is replaced by a fast poll, with one line, and tried again',
    async (code, why) => {
      const { log, lines } = capturedLog()
      let refusals = 5
      const watchFolder: WatchFolder = (watched, onEvent) => {
        if (refusals === 0) return watch(watched, (_, name) => onEvent(name))
        refusals--
        throw Object.assign(new Error('refused'), { code })
      }
      await replace('{"n": 1}')
      const { until } = watching({ log, watchFolder, fastPollMs: 10, slowPollMs: 3_600_000 })
      await until(says(1))
      await replace('{"n": 2}')
      await until(says(2))
      await vi.waitUntil(() => lines().length === 2, { timeout: 10_000 })
      expect(lines().map(({ msg }) => msg)).toEqual([
        `the status file is polled every 10 ms: ${why}`,
        'the system reports changes of the status file again',
      ])
      await replace('{"n": 3}')
      await until(says(3))
    },
  )

  test('that misses a change is replaced by fast polls', async () => {
    const { log, lines } = capturedLog()
    await replace('{"n": 1}')
    const watchFolder: WatchFolder = () => Object.assign(new EventEmitter(), { close: () => {} })
    // Only the fast poll is in time for a later change.
    const { until } = watching({ log, watchFolder, fastPollMs: 5, slowPollMs: 300 })
    await until(says(1))
    let n = 1
    const change = async () => {
      await replace(`{"n": ${++n}}`)
      await until(says(n))
    }
    // A change while the watch is being opened counts as seen.
    while (lines().length === 0) await change()
    const startMs = performance.now()
    for (let i = 0; i < 10; i++) await change()
    expect(performance.now() - startMs).toBeLessThan(10 * 300)
    expect(lines().map(({ msg }) => msg)).toEqual([
      'the status file is polled every 5 ms: the system has not reported a change of the file',
    ])
  })

  test('of a folder with a busy neighbour begins again when the neighbour has been quiet, also for an unchanged file', async () => {
    const { log, lines } = capturedLog()
    await replace('{"n": 1}')
    const open = new Map<string, (name: string | null) => void>()
    const watchFolder: WatchFolder = (watched, onEvent) => {
      open.set(watched, onEvent)
      return Object.assign(new EventEmitter(), { close: () => open.delete(watched) })
    }
    let addedMs = 0
    const clock = { nowMs: Date.now, monotonicMs: () => performance.now() + addedMs }
    const { until } = watching({ log, watchFolder, clock, fastPollMs: 5, slowPollMs: 5 })
    await until(says(1))
    for (let i = 0; i < 60; i++) open.get(folder)?.('neighbour.log')
    expect(open.has(folder)).toBe(false)
    await vi.waitUntil(() => lines().length === 1, { timeout: 10_000 })
    addedMs += 60_000
    await vi.waitUntil(() => open.has(folder), { timeout: 10_000 })
  })
})
