import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { PathWatch, type WatchFolder } from './path-watch.js'

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-watch-'))
  path = join(folder, 'status.json')
  await writeFile(path, '{}')
})
afterEach(() => rm(folder, { recursive: true }))

/** A watch whose events the test sends, on a clock that the test sets. */
function scripted() {
  const open = new Map<string, (name: string | null) => void>()
  let nowMs = 0
  let events = 0
  const watchFolder: WatchFolder = (watched, onEvent) => {
    open.set(watched, onEvent)
    return { on: () => {}, close: () => open.get(watched) === onEvent && open.delete(watched) }
  }
  const watch = new PathWatch(path, () => events++, watchFolder, {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
  })
  return {
    watch,
    open,
    send: (name: string, times = 1) => {
      for (let i = 0; i < times; i++) open.get(folder)?.(name)
    },
    pass: (ms: number) => {
      nowMs += ms
    },
    takeEvents: () => {
      const seen = events
      events = 0
      return seen
    },
  }
}

describe('a busy file in the same folder', () => {
  test('50 changes of it in a second are ignored', async () => {
    const { watch, send, takeEvents, pass } = scripted()
    await watch.check()
    for (let second = 0; second < 10; second++) {
      send('neighbour.log', 50)
      pass(1_000)
    }
    expect(takeEvents()).toBe(0)
    expect(watch.detection).toEqual({ by: 'events' })
    send('status.json')
    expect(takeEvents()).toBe(1)
  })

  test('a writer that replaces the status a thousand times a second does not count', async () => {
    const { watch, send, takeEvents } = scripted()
    await watch.check()
    for (let n = 0; n < 1_000; n++) {
      send('status.json.tmp', 4)
      send('status.json')
    }
    expect(takeEvents()).toBe(1_000)
    expect(watch.detection).toEqual({ by: 'events' })
  })

  test('more of them end the watch of the folder: the file itself is watched, and polled', async () => {
    const { watch, open, send, takeEvents } = scripted()
    await watch.check()
    send('neighbour.log', 60)
    expect(takeEvents()).toBe(1)
    expect(open.has(folder)).toBe(false)
    expect(open.has(path)).toBe(true)
    expect(watch.detection).toEqual({ by: 'polls', why: 'busy' })
    open.get(path)?.('status.json')
    expect(takeEvents()).toBe(1)
    expect(open.has(path)).toBe(true)
  })

  test('after a minute the folder is watched again', async () => {
    const { watch, open, send, pass } = scripted()
    await watch.check()
    send('neighbour.log', 60)
    pass(59_000)
    await watch.check()
    expect(open.has(folder)).toBe(false)
    pass(1_000)
    await watch.check()
    expect(open.has(folder)).toBe(true)
    expect(open.has(path)).toBe(false)
    expect(watch.detection).toEqual({ by: 'events' })
  })

  test('the status is seen at once next to a neighbour that changes all the time, changed in place or replaced', async () => {
    let events = 0
    const watch = new PathWatch(path, () => events++)
    let isWriting = true
    const neighbour = (async () => {
      while (isWriting) await writeFile(join(folder, 'neighbour.log'), 'x')
    })()
    try {
      await watch.check()
      await eventually(() => 'why' in watch.detection && watch.detection.why === 'busy', 'a muted folder')
      for (let round = 0; round < 5; round++) {
        const before = events
        await writeFile(path, `{"round":${round}}`)
        await eventually(() => events > before, 'an event of the write')
        const between = events
        await writeFile(join(folder, '.new'), `{"replaced":${round}}`)
        await rename(join(folder, '.new'), path)
        await eventually(() => events > between, 'an event of the replacement')
      }
      // No poll ran: a few events for each change, none for the neighbour.
      expect(events).toBeLessThan(100)
    } finally {
      isWriting = false
      await neighbour
      watch.close()
    }
  })
})
