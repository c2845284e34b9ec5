import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Log } from '../log/log.js'
import { failsIn, IndicesLog } from './indices-log.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-log-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('the newest line of each index counts, whatever text precedes it', () => {
  const text = [
    'NIFTY TOTAL LEGS: 212 | FAILS: 3 | STATUS: OK',
    '2025-11-20 10:41:02 INFO BANKNIFTY TOTAL LEGS: 180 | FAILS: 7 | STATUS: WARN',
    'something else entirely',
    'NIFTY TOTAL LEGS: 212 | FAILS: 1 | STATUS: OK',
  ].join('\n')
  expect(failsIn(text)).toEqual({ NIFTY: 1, BANKNIFTY: 7 })
  expect(failsIn('')).toEqual({})
})

test('a line cut by reading only the end gives no wrong index', async () => {
  const path = join(folder, 'indices.log')
  const cut = 'BANKNIFTY TOTAL LEGS: 1 | FAILS: 9 | STATUS: OK\n'
  const rest = `${'x'.repeat(98)}\n`.repeat(700)
  // The part that is read begins with NIFTY.
  const kept = cut.length - 'BANK'.length
  await writeFile(path, `${cut}${rest.slice(rest.length - (65_536 - kept))}`)
  const log = new IndicesLog(path)
  await log.refresh()
  expect(log.fails).toBeNull()
})

test('only the end of a long log is read, and the same object stays while nothing changes', async () => {
  const path = join(folder, 'indices.log')
  const noise = `${'x'.repeat(99)}\n`.repeat(2_000)
  await writeFile(
    path,
    `SENSEX TOTAL LEGS: 1 | FAILS: 1 | STATUS: OK\n${noise}NIFTY TOTAL LEGS: 2 | FAILS: 2 | STATUS: OK\n`,
  )
  const log = new IndicesLog(path)
  expect(log.fails).toBeNull()
  await log.refresh()
  const first = log.fails
  expect(first).toEqual({ NIFTY: 2 })
  await log.refresh()
  expect(log.fails).toBe(first)
  // Another line without news.
  await appendFile(path, 'NIFTY TOTAL LEGS: 3 | FAILS: 2 | STATUS: OK\n')
  await log.refresh()
  expect(log.fails).toBe(first)
})

test('a pipe without a writer does not block it', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const log = new IndicesLog(path)
  await log.refresh()
  expect(log.fails).toBeNull()
})

test('an unreadable log is reported once and adds nothing', async () => {
  const warn = vi.fn()
  const log = new IndicesLog(join(folder, 'none.log'), { warn } as unknown as Log)
  await log.refresh()
  await log.refresh()
  expect(warn).toHaveBeenCalledTimes(1)
  expect(log.fails).toBeNull()
})
