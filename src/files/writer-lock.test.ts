import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createWriterLock, type Holder } from './writer-lock.js'

let folder: string
let path: string
let nowMs: number
let child: ChildProcess | null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-lock-'))
  path = join(folder, 'panels', '.writer.lock')
  nowMs = Date.now()
  child = null
})
afterEach(async () => {
  if (child?.kill('SIGKILL')) await once(child, 'exit')
  rmSync(folder, { recursive: true })
})

const lock = () => createWriterLock(path, () => nowMs)
const written = () => JSON.parse(readFileSync(path, 'utf8')) as Holder

/** What another process would have written. */
async function heldBy(changes: Partial<Holder>): Promise<Holder> {
  await lock().take()
  const holder = { ...written(), id: 'another', since: '2026-01-02T03:04:05.678Z', ...changes }
  writeFileSync(path, JSON.stringify(holder))
  utimesSync(path, nowMs / 1000, nowMs / 1000)
  return holder
}

/** A process that runs, with its start time. */
async function running(): Promise<Pick<Holder, 'pid' | 'start'>> {
  child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return { pid, start: text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '' }
}

test('the first to come may write, again and again, makes the folder, and leaves nothing at its end', async () => {
  const ours = lock()
  expect(await ours.take()).toBeNull()
  expect(written()).toMatchObject({ pid: process.pid })
  expect(await ours.take()).toBeNull()
  expect(await lock().take()).toBeNull()
  await ours.release()
  expect(readdirSync(join(folder, 'panels'))).toEqual([])
})

test('a folder that was removed or emptied meanwhile gets its file again', async () => {
  const ours = lock()
  await ours.take()
  rmSync(join(folder, 'panels'), { recursive: true })
  nowMs += 4_000
  expect(await ours.take()).toBeNull()
  expect(existsSync(path)).toBe(true)
})

describe('a process that runs', () => {
  test('keeps it, however long it has not touched it, until it ends', async () => {
    const holder = await heldBy(await running())
    nowMs += 3_600_000
    expect(await lock().take()).toEqual(holder)
    expect(written()).toEqual(holder)
    child?.kill('SIGKILL')
    if (child !== null) await once(child, 'exit')
    child = null
    expect(await lock().take()).toBeNull()
    expect(written().pid).toBe(process.pid)
    expect(readdirSync(join(folder, 'panels'))).toEqual(['.writer.lock'])
  })

  test('with the number of one that ended is another process', async () => {
    await heldBy({ ...(await running()), start: '1' })
    expect(await lock().take()).toBeNull()
  })

  test('is not robbed by another’s end', async () => {
    const holder = await heldBy(await running())
    await lock().release()
    expect(written()).toEqual(holder)
  })
})

describe('a process elsewhere', () => {
  test.each([
    ['in another container or on another machine', { place: 'another' }],
    ['where nothing is known of its start', { start: null }],
  ])('%s keeps it while it touches it', async (_, changes) => {
    await heldBy({ pid: 4_194_303, ...changes })
    nowMs += 14_000
    expect(await lock().take()).toMatchObject({ id: 'another' })
    nowMs += 2_000
    expect(await lock().take()).toBeNull()
  })

  test('sees ours touched', async () => {
    const ours = lock()
    await ours.take()
    nowMs += 60_000
    await ours.take()
    const { mtimeMs } = await import('node:fs').then(({ statSync }) => statSync(path))
    expect(Math.abs(mtimeMs - nowMs)).toBeLessThan(1_000)
  })
})

test('a file that no process of ours wrote counts as held while it is fresh', async () => {
  mkdirSync(join(folder, 'panels'))
  writeFileSync(path, 'no JSON')
  expect(await lock().take()).toMatchObject({ host: 'unknown' })
  nowMs += 60_000
  expect(await lock().take()).toBeNull()
})

test('a link in its place is not followed', async () => {
  mkdirSync(join(folder, 'panels'))
  const target = join(folder, 'target')
  writeFileSync(target, 'precious')
  symlinkSync(target, path)
  await expect(lock().take()).rejects.toMatchObject({ code: 'ELOOP' })
  expect(readFileSync(target, 'utf8')).toBe('precious')
})

test('of many that find a stale file at once, one may write', async () => {
  await heldBy({ pid: 4_194_303, start: '1' })
  const modules: typeof import('./writer-lock.js')[] = []
  for (let i = 0; i < 12; i++) {
    // Each is a process of its own, as far as the lock knows.
    vi.resetModules()
    modules.push(await import('./writer-lock.js'))
  }
  const locks = modules.map(({ createWriterLock: create }) => create(path))
  const holders = await Promise.all(locks.map(each => each.take()))
  expect(holders.filter(holder => holder === null).length).toBeLessThanOrEqual(2)
  // A moment later all agree.
  const after = await Promise.all(locks.map(each => each.take()))
  expect(after.filter(holder => holder === null)).toHaveLength(1)
})
