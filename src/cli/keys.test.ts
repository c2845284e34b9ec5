import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openKeys } from '../chat/keys/database.js'
import { digestOf } from '../chat/keys/key-text.js'
import { dateOf, dayOf } from '../chat/keys/token-uses.js'
import { keysCommand } from './keys.js'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-keys-'))
  path = join(folder, 'data', 'keys.db')
  vi.stubEnv('G6_KEYS_DB', path)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

/** What it printed, and what it wrote to standard error. Rejects with the error. */
async function run(...argv: string[]): Promise<{ out: string; notes: string }> {
  const out: string[] = []
  const notes: string[] = []
  const keys = keysCommand(
    text => out.push(text),
    text => notes.push(text),
  )
  for (const each of keys.commands) each.exitOverride().configureOutput({ writeErr: () => {} })
  await new Command('g6')
    .exitOverride()
    .addCommand(keys)
    .parseAsync(['node', 'g6', 'keys', ...argv])
  return { out: out.join(''), notes: notes.join('') }
}
const json = async (...argv: string[]) =>
  (await run(...argv, '--json')).out
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))

describe('g6 keys', () => {
  test('add shows the key once, alone on standard output, in a file for its owner only', async () => {
    const { out, notes } = await run('add', '--name', 'app')
    expect(out).toMatch(/^g6_[\w-]{43}\n$/)
    expect(notes).toContain('the key app is not shown again')
    expect(notes).not.toContain(out.trim())
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const database = openKeys(path, false)
    expect(database.keys('in force')[0]?.digest).toEqual(digestOf(out.trim()))
    database.close()
    expect((await run('list')).out).not.toContain(out.trim().slice(3))
  })
  test('add takes every limit, and list shows it; revoke ends it', async () => {
    const [made] = await json(
      ...['add', '--name', 'app', '--limit', '60/30', '--live', '9', '--tokens', '2000000/day'],
      ...['--expires', '90d', '--models', 'fast, gpt-5'],
    )
    expect(made).toMatchObject({
      key: expect.stringMatching(/^g6_/),
      name: 'app',
      state: 'in force',
      limit: '60/30',
      live: 9,
      tokens_per_day: 2_000_000,
      models: ['fast', 'gpt-5'],
    })
    expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(90 * 86_400_000)
    await run('add', '--name', 'plain')
    const { key: _, ...shown } = made
    expect(await json('list')).toEqual([
      shown,
      expect.objectContaining({ name: 'plain', expires_at: null, limit: null, models: null }),
    ])
    const lines = (await run('list')).out.split('\n')
    expect(lines[0]).toMatch(
      /^name +state +created \(UTC\) +expires \(UTC\) +starts +live +tokens a day +models$/,
    )
    expect(lines[1]).toMatch(/^app +in force +20\S+ \S+ +20\S+ \S+ +60\/30 +9 +2000000 +fast,gpt-5$/)
    expect((await run('revoke', 'app')).out).toBe('app is revoked\n')
    expect((await run('revoke', '--name', 'app')).out).toBe('app was revoked before\n')
    expect(await json('list')).toMatchObject([{ name: 'app', state: 'revoked' }, { state: 'in force' }])
  })
  test('usage shows the tokens of each key, day by day', async () => {
    await run('add', '--name', 'app')
    const database = openKeys(path, false)
    const [key] = database.keys('all')
    const today = dayOf(Date.now())
    const use = { keyId: key?.id ?? '', in: 10, out: 5, estimated: 3, answers: 2 }
    database.addUsage([8, 6, 0].map(ago => ({ ...use, day: today - ago })))
    database.close()
    expect(await json('usage')).toEqual(
      [6, 0].map(ago => ({
        day: dateOf(today - ago),
        key: 'app',
        tokens_in: 10,
        tokens_out: 5,
        estimated: 3,
        answers: 2,
      })),
    )
    expect(await json('usage', '--days', '1', '--name', 'app')).toHaveLength(1)
    expect((await run('usage', '--days', '1')).out.split('\n')[1]).toMatch(/^20\S+ +app +10 +5 +3 +2$/)
  })
  test.each<[readonly string[], RegExp]>([
    [['add'], /required option '--name/],
    [['add', '--name', 'a b'], /allowed: up to 64 letters/],
    [['add', '--name', 'other'], /meaning of its own/],
    [['add', '--name', 'x', '--limit', 'many'], /allowed: N \(a minute\), N\/W/],
    [['add', '--name', 'x', '--tokens', '5/hour'], /tokens a day, as in 2000000\/day/],
    [['add', '--name', 'x', '--tokens', '0'], /allowed: a number from 1/],
    [['add', '--name', 'x', '--expires', 'soon'], /as in 90d, 12h/],
    [['add', '--name', 'x', '--expires', '1s'], /as in 90d, 12h/],
    [['add', '--name', 'x', '--models', 'a,,b'], /names of models/],
    [['add', '--name', 'x', '--live', '0'], /from 1 to 1000000/],
    [['list'], /there is no database of keys at .*keys\.db \(G6_KEYS_DB\); g6 keys add makes one/],
    [['revoke', 'x'], /there is no database of keys/],
  ])('%j is refused with what is allowed, and makes no database', async (argv, why) => {
    await expect(run(...argv)).rejects.toThrow(why)
    expect(existsSync(path)).toBe(false)
  })
  test('an unknown or taken name, or a database that is none, is an error that says what to do', async () => {
    await run('add', '--name', 'myapp')
    await expect(run('add', '--name', 'myapp')).rejects.toThrow(
      'a key named myapp exists; choose another name',
    )
    await expect(run('revoke', 'myap')).rejects.toThrow('there is no key named myap; perhaps myapp')
    await expect(run('usage', '--name', 'zzzzzz')).rejects.toThrow(
      'no key named zzzzzz; g6 keys list shows them',
    )
    await expect(run('revoke')).rejects.toThrow('no key given; allowed: g6 keys revoke NAME')
    writeFileSync(path, 'this is no database at all, but text of some length')
    rmSync(`${path}-wal`, { force: true })
    await expect(run('list')).rejects.toThrow(`${path} (G6_KEYS_DB) is damaged; restore a copy`)
  })
})
