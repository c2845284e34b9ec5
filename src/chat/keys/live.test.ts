// The keys of a running server, on real files; the time is the test's.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { capturedLog } from '../../../test/support/captured-log.js'
import type { Timers } from '../../clock/timers.js'
import { openSqlite } from '../../files/sqlite.js'
import type { FoundKey, RelayKey } from '../ports.js'
import { type KeysDatabase, openKeys, type StoredKey } from './database.js'
import { digestOf, isKeyText, newKeyText } from './key-text.js'
import { LiveKeys } from './live.js'
import { dateOf, dayOf } from './token-uses.js'

const DAY_MS = 86_400_000
/** An hour before midnight in UTC. */
const START_MS = Date.UTC(2026, 10, 30, 23)

let folder = ''
let path = ''
const closers: (() => void)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-keys-'))
  path = join(folder, 'inner', 'keys.db')
})
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
  rmSync(folder, { recursive: true })
})

function stored(name: string, text: string, more: Partial<StoredKey> = {}): StoredKey {
  return {
    id: `id-${name}`,
    name,
    digest: digestOf(text),
    createdAtMs: START_MS,
    expiresAtMs: null,
    revokedAtMs: null,
    limit: null,
    live: null,
    tokensPerDay: null,
    models: null,
    ...more,
  }
}

/** What a command does, in its own connection. */
function command(work: (database: KeysDatabase) => unknown): void {
  const database = openKeys(path, true)
  work(database)
  database.close()
}

/** Locks the database until its standard input ends. */
const HOLD = `
  const database = new (require('libsql'))(process.argv[1])
  database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  console.log('held')
  process.stdin.on('end', () => process.exit()).resume()
`

/** A server whose clock does not move until it is moved. */
function server(file = path) {
  let atMs = START_MS
  const waiting = new Map<() => void, number>()
  const timers: Timers = {
    after: (ms, run) => {
      const due = atMs + ms
      waiting.set(run, due)
      return () => waiting.delete(run)
    },
  }
  const { log, lines } = capturedLog()
  const seen = { revoked: 0, spent: 0 }
  const keys = new LiveKeys({
    path: file,
    clock: { nowMs: () => atMs, monotonicMs: () => atMs },
    timers,
    log,
    onRevoked: () => seen.revoked++,
    onSpent: () => seen.spent++,
  })
  closers.push(() => keys.close())
  const pass = async (ms: number): Promise<void> => {
    atMs += ms
    for (const [run, due] of [...waiting]) {
      if (due > atMs) continue
      waiting.delete(run)
      run()
    }
    // What a timer began ends in this turn: the library is loaded.
    await new Promise(resolve => setImmediate(resolve))
  }
  return { keys, pass, seen, lines, timers: () => waiting.size }
}

const kind = ({ kind }: FoundKey): string => kind
function keyIn(found: FoundKey): RelayKey {
  if (found.kind !== 'found') throw new Error(`no key: ${found.kind}`)
  return found.key
}

describe('a key', () => {
  test('is long and random, found by its whole text alone, and only its SHA-256 is stored', async () => {
    const text = newKeyText()
    expect(text).toMatch(/^g6_[\w-]{43}$/)
    expect(newKeyText()).not.toBe(text)
    expect([text, 'sk-x', 'G6_x', ''].map(isKeyText)).toEqual([true, false, false, false])
    command(database =>
      database.add(stored('app', text, { models: ['a', 'b'], limit: { count: 3, windowSec: 9 } })),
    )
    const { keys } = server()
    expect(keyIn(await keys.find(text))).toMatchObject({
      name: 'app',
      models: ['a', 'b'],
      limit: { count: 3, windowSec: 9 },
    })
    const others = [`${text}x`, text.slice(0, -1), text.toUpperCase(), 'g6_', `g6_${'x'.repeat(100_000)}`]
    expect((await Promise.all(others.map(other => keys.find(other)))).map(kind)).toEqual(
      Array(5).fill('unknown'),
    )
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const raw = openSqlite(path, 0).query<{ readonly digest: string }>('SELECT digest FROM keys').first()
    expect(raw?.digest).toMatch(/^[0-9a-f]{64}$/)
  })
  test('expires at its time', async () => {
    command(database => database.add(stored('app', 'g6_a', { expiresAtMs: START_MS + 5_000 })))
    const { keys, pass } = server()
    expect(kind(await keys.find('g6_a'))).toBe('found')
    await pass(4_999)
    expect([kind(await keys.find('g6_a')), keys.isInForce('id-app')]).toEqual(['found', true])
    await pass(1)
    expect([kind(await keys.find('g6_a')), keys.isInForce('id-app')]).toEqual(['expired', false])
    expect(keys.names).toEqual([])
  })
  test('is seen within 2 s when a command adds or revokes it; the first one too', async () => {
    const { keys, pass, seen, timers } = server()
    expect([kind(await keys.find('g6_a')), keys.names, timers()]).toEqual(['unknown', [], 0])
    command(database => database.add(stored('app', 'g6_a')))
    await pass(1_000)
    expect([kind(await keys.find('g6_a')), timers()]).toEqual(['found', 1])
    command(database => database.add(stored('second', 'g6_b')))
    await pass(1_000)
    expect([kind(await keys.find('g6_b')), keys.names]).toEqual(['found', ['app', 'second']])
    command(database => expect(database.revoke('app', START_MS)).toBe('revoked'))
    // Nobody asks: the timer sees it, and its connections are notified.
    await pass(1_000)
    expect([seen.revoked, keys.isInForce('id-app'), keys.isInForce('id-second')]).toEqual([1, false, true])
    expect(kind(await keys.find('g6_a'))).toBe('unknown')
    rmSync(path)
    await pass(1_000)
    expect([kind(await keys.find('g6_b')), seen.revoked, timers()]).toEqual(['unknown', 2, 0])
  })
  test('of a taken name, or of one that was revoked, is refused by the database', () => {
    command(database => {
      database.add(stored('app', 'g6_a'))
      expect(() => database.add(stored('app', 'g6_b', { id: 'x' }))).toThrow(
        'a key named app exists; choose another',
      )
      expect([database.revoke('app', 1), database.revoke('app', 2), database.revoke('no', 1)]).toEqual([
        'revoked',
        'revoked before',
        'unknown',
      ])
      expect(() => database.add(stored('app', 'g6_b', { id: 'x' }))).toThrow('existed and was revoked')
    })
  })
})

describe('a database that cannot be used', () => {
  test('damaged: nobody passes, and it says what to do; once it is good again, they do', async () => {
    command(database => database.add(stored('app', 'g6_a')))
    rmSync(path)
    writeFileSync(path, 'this is no database, and quite a bit longer than its header', { mode: 0o600 })
    const { keys, pass, lines } = server()
    expect([kind(await keys.find('g6_a')), keys.names]).toEqual(['unavailable', null])
    await pass(1_000)
    expect(kind(await keys.find('g6_a'))).toBe('unavailable')
    const errors = lines().filter(({ level }) => level === 50)
    expect(errors).toHaveLength(1)
    expect(errors[0]?.why).toBe(
      `the database of keys ${path} (G6_KEYS_DB) is damaged; restore a copy, or move it away and make new keys`,
    )
    rmSync(path)
    command(database => database.add(stored('app', 'g6_a')))
    await pass(1_000)
    expect(kind(await keys.find('g6_a'))).toBe('found')
  })
  test('locked by another program: nobody passes, until it is free', async () => {
    command(database => database.add(stored('app', 'g6_a')))
    // A copy that no connection of this process has open.
    const copy = join(folder, 'copy.db')
    copyFileSync(path, copy)
    const other = spawn(process.execPath, ['-e', HOLD, copy], { stdio: ['pipe', 'pipe', 'inherit'] })
    closers.push(() => other.kill())
    await once(other.stdout, 'data')
    const { keys, pass, lines } = server(copy)
    expect([kind(await keys.find('g6_a')), keys.names]).toEqual(['unavailable', null])
    expect(lines().at(-1)?.why).toContain('is locked by another program')
    other.stdin.end()
    await once(other, 'close')
    await pass(1_000)
    expect(kind(await keys.find('g6_a'))).toBe('found')
  })
  test('lost while it runs: known keys pass for less than 2 s, and connections stay', async () => {
    command(database => database.add(stored('app', 'g6_a')))
    const { keys, pass, seen } = server()
    expect(kind(await keys.find('g6_a'))).toBe('found')
    rmSync(path)
    writeFileSync(path, 'x'.repeat(5_000))
    await pass(1_000)
    expect(kind(await keys.find('g6_a'))).toBe('found')
    await pass(1_000)
    expect([kind(await keys.find('g6_a')), keys.isInForce('id-app'), seen.revoked]).toEqual([
      'unavailable',
      true,
      0,
    ])
  })
  test.each([
    ['of another program', 'CREATE TABLE other (x)', 'is no database of keys'],
    ['of a later version', 'PRAGMA user_version = 9', 'was made by a later version'],
  ])('%s: is left alone', async (_, sql, why) => {
    command(() => {})
    rmSync(path)
    const other = openSqlite(path, 0)
    other.exec(sql)
    other.close()
    const { keys, lines } = server()
    expect(kind(await keys.find('g6_a'))).toBe('unavailable')
    expect(lines().at(-1)?.why).toContain(why)
    if (sql.startsWith('PRAGMA')) expect(() => openKeys(path, true)).toThrow(why)
  })
})

describe('tokens', () => {
  const budget = async () => {
    command(database => database.add(stored('app', 'g6_a', { tokensPerDay: 100 })))
    const here = server()
    const key = keyIn(await here.keys.find('g6_a'))
    return { ...here, key }
  }
  test('are counted at once, written within a second, and known again after a restart', async () => {
    const { keys, pass, key, seen } = await budget()
    keys.spent(key, { in: 30, out: 20, estimated: false })
    keys.spent(key, { in: 1, out: 2, estimated: true })
    expect(keys.used(key)).toEqual({ tokens: 53, untilResetMs: 3_600_000 })
    await pass(1_000)
    expect(keys.used(key).tokens).toBe(53)
    command(database =>
      expect(database.usage(0)).toEqual([
        { keyId: 'id-app', day: dayOf(START_MS), in: 31, out: 22, estimated: 3, answers: 2 },
      ]),
    )
    keys.spent(key, { in: 4, out: 0, estimated: false })
    keys.close()
    const again = server()
    await again.keys.start()
    expect(again.keys.used(key).tokens).toBe(57)
    expect(seen.spent).toBe(3)
  })
  test('begin anew at midnight in UTC', async () => {
    const { keys, pass, key } = await budget()
    expect([dateOf(dayOf(START_MS)), dateOf(dayOf(START_MS + DAY_MS))]).toEqual(['2026-11-30', '2026-12-01'])
    keys.spent(key, { in: 99, out: 99, estimated: false })
    await pass(3_599_999)
    expect(keys.used(key)).toEqual({ tokens: 198, untilResetMs: 1 })
    await pass(1)
    expect(keys.used(key)).toEqual({ tokens: 0, untilResetMs: DAY_MS })
    command(database => expect(database.usage(0)).toHaveLength(1))
  })
  test('are kept for 400 days', async () => {
    const { keys, pass, key } = await budget()
    const use = { keyId: 'id-app', in: 1, out: 1, estimated: 0, answers: 1 }
    const today = dayOf(START_MS)
    command(database => database.addUsage([401, 400].map(ago => ({ ...use, day: today - ago }))))
    command(database => expect(database.usage(0).map(({ day }) => today - day)).toEqual([401, 400]))
    keys.spent(key, { in: 1, out: 1, estimated: false })
    await pass(1_000)
    command(database => expect(database.usage(0).map(({ day }) => today - day)).toEqual([400, 0]))
  })
  test('of two servers with one database are one budget', async () => {
    const one = await budget()
    const two = server()
    await two.keys.start()
    one.keys.spent(one.key, { in: 10, out: 0, estimated: false })
    two.keys.spent(one.key, { in: 0, out: 5, estimated: false })
    for (let i = 0; i < 2; i++) for (const each of [one, two]) await each.pass(1_000)
    expect([one.keys.used(one.key).tokens, two.keys.used(one.key).tokens]).toEqual([15, 15])
  })
  test('that cannot be written yet are counted, and written later; an absurd number is none', async () => {
    const { keys, pass, key, lines } = await budget()
    const other = openSqlite(path, 0)
    other.exec('BEGIN IMMEDIATE')
    keys.spent(key, { in: Number.NaN, out: 7, estimated: false })
    keys.spent(key, { in: -5, out: Number.POSITIVE_INFINITY, estimated: false })
    await pass(1_000)
    await pass(1_000)
    expect([keys.used(key).tokens, kind(await keys.find('g6_a'))]).toEqual([7, 'found'])
    expect(lines().map(({ msg }) => msg)).toEqual([
      'the tokens of keys cannot be written now; they are counted here, and written later',
    ])
    other.exec('ROLLBACK')
    other.close()
    await pass(1_000)
    command(database => expect(database.usage(0)).toMatchObject([{ in: 0, out: 7 }]))
  })
})
