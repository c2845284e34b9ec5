// Documents that real commands print, and what becomes of commands that do not end.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LineLog } from '../../src/log/silent.js'
import { createExecSource, type ExecSourceOptions, execRefusal } from '../../src/sources/exec.js'
import { eventually } from '../support/eventually.js'
import { Readings } from '../support/readings.js'

const cleaning: (() => unknown)[] = []
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-exec-'))
})
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
  rmSync(folder, { recursive: true })
})

type Command = readonly [string, ...string[]]

function running(
  command: Command,
  spec: { timeoutMs?: number; everyMs?: number; maxBytes?: number; env?: string[]; cwd?: string } = {},
  options: Partial<ExecSourceOptions> = {},
): Readings {
  const source = createExecSource(
    { kind: 'exec', command, everyMs: 60_000, timeoutMs: 20_000, env: [], ...spec },
    { maxBytes: 100_000, killAfterMs: 100, ...options },
  )
  cleaning.push(() => source.close())
  return new Readings(source)
}

/** Only to say what a test command does: the source itself has no shell. */
const sh = (script: string, ...args: readonly string[]): Command => ['/bin/sh', '-c', script, 'sh', ...args]

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie has ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The process ids in a file that a command writes. */
async function pidsIn(path: string, count: number): Promise<readonly number[]> {
  return eventually(() => {
    const pids = existsSync(path) ? readFileSync(path, 'utf8').trim().split(/\s+/).map(Number) : []
    return pids.length === count && pids.every(pid => pid > 0) ? pids : null
  }, 'the processes')
}

describe('a command', () => {
  test('gets its words as they are, its folder, and few variables', async () => {
    const script = `printf '{"word":"%s","at":"%s","env":"%s"}' "$1" "$PWD" "$(env | cut -d= -f1 | sort | tr '\\n' ' ')"`
    const env = { PATH: process.env.PATH, HOME: '/h', LANG: 'C', MINE: 'm', SECRET: 's' }
    const readings = running(sh(script, '$HOME; rm -rf *'), { cwd: folder, env: ['MINE'] }, { env })
    const { status } = await readings.good()
    expect(status).toMatchObject({ word: '$HOME; rm -rf *', at: folder })
    expect(status.env).toMatch(/HOME LANG MINE .*PATH/)
    expect(status.env).not.toContain('SECRET')
    expect(readings.source.name).toBe('/bin/sh')
  })

  test('runs again and again, one at a time, and the same output confirms it', async () => {
    const file = join(folder, 'runs')
    const readings = running(sh(`echo x >> ${file}; echo '{"a":1}'`), { everyMs: 1 })
    const first = await readings.good()
    expect((await readings.good()).status).toBe(first.status)
    await Promise.all([readings.source.refresh(), readings.source.refresh()])
    await readings.source.close()
    expect(readFileSync(file, 'utf8').match(/x/g)?.length).toBe(readings.all.length)
  })

  test.each<readonly [string, Command, string, RegExp]>([
    ['that does not exist', ['/nowhere/kubectl', 'get'], 'missing', /^kubectl: the command or its folder/],
    ['that may not be run', ['/etc/passwd'], 'forbidden', /^passwd: /],
    ['with a NUL', ['/bin/echo', 'a\0b'], 'io', /cannot be run/],
    ['that fails', sh('echo "{}"; exit 3'), 'io', /^sh ended with exit code 3$/],
    ['that is killed', sh('kill -9 $$'), 'io', /^sh ended with SIGKILL$/],
    ['that prints nothing', ['/bin/true'], 'not_json', /empty/],
    ['that prints no JSON', ['/bin/echo', 'hello'], 'not_json', /stops being JSON/],
    ['that prints half a character', sh(`printf '{"a":"\\303'`), 'not_json', /middle of a character/],
    [
      'that prints without end',
      ['/bin/cat', '/dev/zero'],
      'too_large',
      /^cat prints more than 100000 bytes$/,
    ],
  ])('%s is a fault in words', async (_, command, error, message) => {
    expect(await running(command).bad()).toMatchObject({ error, message: expect.stringMatching(message) })
  })

  test('says why on standard error: in the log, once, and not on the board', async () => {
    const lines: object[] = []
    const log = {
      debug() {},
      info() {},
      warn: (facts: object) => void lines.push(facts),
      error() {},
    } as LineLog
    const readings = running(
      sh('echo a >&2; printf "no \\033[1mroute\\n" >&2; exit 1'),
      { everyMs: 1 },
      { log },
    )
    expect((await readings.bad()).message).toBe('sh ended with exit code 1')
    await readings.source.refresh()
    expect(lines.map(line => ('errors' in line ? line.errors : ''))).toEqual([
      expect.stringMatching(/^no .*route$/),
      '',
    ])
    expect(JSON.stringify(lines)).not.toContain('\\u001b')
  })
})

describe('a command that does not end', () => {
  test.each([
    ['ignores SIGTERM', (file: string) => `trap '' TERM; echo $$ > ${file}; while :; do sleep 1; done`, 1],
    ['has children', (file: string) => `sleep 600 & echo $$ $! > ${file}; wait`, 2],
  ])('and %s is killed at its time limit, with its group', async (_, script, count) => {
    const file = join(folder, 'pids')
    const readings = running(sh(script(file)), { timeoutMs: 300 })
    const pids = await pidsIn(file, count)
    expect(await readings.bad()).toMatchObject({
      error: 'timeout',
      message: 'it has not ended within 300 ms',
    })
    await eventually(() => pids.every(pid => !isAlive(pid)), 'nothing of it runs')
  })

  test('is killed when the source is closed, and a second close waits too', async () => {
    const file = join(folder, 'pids')
    const readings = running(sh(`trap '' TERM; sleep 600 & echo $$ $! > ${file}; wait`))
    const pids = await pidsIn(file, 2)
    await Promise.all([readings.source.close(), readings.source.close()])
    await eventually(() => pids.every(pid => !isAlive(pid)), 'nothing of it runs')
    expect(readings.all).toEqual([])
  })

  test('a child that keeps the output open does not keep the document back', async () => {
    const file = join(folder, 'pids')
    const readings = running(sh(`sleep 600 & echo $! > ${file}; echo '{"a":1}'`))
    expect((await readings.good()).status).toEqual({ a: 1 })
    const pids = await pidsIn(file, 1)
    await eventually(() => pids.every(pid => !isAlive(pid)), 'nothing of it runs')
  })

  test('nor does one that has left the group', async () => {
    const file = join(folder, 'pids')
    const readings = running(sh(`setsid sleep 600 & echo $! > ${file}; echo '{"a":1}'`))
    expect((await readings.good()).status).toEqual({ a: 1 })
    for (const pid of await pidsIn(file, 1)) process.kill(pid, 'SIGKILL')
  })
})

test('commands of a board file run only when that is allowed, and others may not write the file', () => {
  const file = join(folder, 'board.toml')
  writeFileSync(file, '')
  chmodSync(file, 0o644)
  expect(execRefusal(file, true)).toBeNull()
  expect(execRefusal(file, false)).toMatch(/only with G6_ALLOW_EXEC=1/)
  for (const mode of [0o664, 0o646, 0o666]) {
    chmodSync(file, mode)
    expect(execRefusal(file, true)).toMatch(/others than its owner may write it; allowed after chmod go-w/)
  }
})
