// Whatever is in the arguments, the settings or the data: no byte that controls a terminal or misleads a person is printed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runCommand } from './commands.js'

/** Colours, the clipboard (OSC 52), a title, C1 forms of them, DEL, text that runs backwards. */
const HOSTILE = '\u001b[31mred\u001b]52;c;AAAA\u0007\u009b2J\u009d0;x\u009c\u007f\u202egnp\u2066\u200e\r'
const RISKY = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

let folder: string
let printed: string
/** Of that, what went to standard output. */
let out: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-bytes-'))
  printed = ''
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation(text => {
      printed += String(text)
      if (stream === process.stdout) out += String(text)
      return true
    })
  }
  vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('the command ends')
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = undefined
  rmSync(folder, { recursive: true })
})

async function run(...args: readonly string[]): Promise<string> {
  printed = ''
  out = ''
  await runCommand(args)
  return printed
}
const clean = (text: string): string => {
  expect(text.replaceAll('\n', '').match(RISKY)?.[0], text).toBeUndefined()
  return text
}

const NESTED: Readonly<Record<string, readonly string[]>> = {
  audit: ['tail', 'verify', 'export', 'erase', 'head'],
  bench: ['cycle', 'sse', 'chat', 'gateway', 'fanout', 'parse'],
  check: ['flags', 'release'],
  config: ['check'],
}

describe('arguments:', () => {
  test('every command prints a wrong option or argument harmlessly', async () => {
    const names = (await run('--help')).match(/(?<=^ {2})[a-z-]+(?= )/gm) ?? []
    expect(names).toContain('serve')
    const paths = names
      .filter(name => name !== 'help')
      .flatMap(name => [[name], ...(NESTED[name] ?? []).map(inner => [name, inner])])
    for (const path of paths) {
      const complaint = clean(await run(...path, `--${HOSTILE}`))
      expect(complaint, path.join(' ')).not.toBe('')
    }
    clean(await run(HOSTILE))
  })

  test.each([
    ['snapshot', '--status-file', HOSTILE],
    ['snapshot', '--source', `file:${HOSTILE}`],
    ['snapshot', '--source', `status:http://${HOSTILE}/events`],
    ['snapshot', '--source', HOSTILE],
    ['snapshot', '--json', '--status-file', HOSTILE],
    ['serve', '--port', '0', '--source', HOSTILE],
    ['dashboard', '--no-rich', HOSTILE],
    ['dashboard', '--json', HOSTILE],
    ['config', '--config', HOSTILE],
    ['config', '--status-file', HOSTILE],
    ['config', '--json', '--status-file', HOSTILE],
    ['config', '--group', HOSTILE],
    ['config', 'check', '--status-file', HOSTILE],
    ['check', 'flags', '--root', HOSTILE],
    ['check', 'flags', '--flag', HOSTILE],
    ['simulate', '--status-file', `/proc/none/${HOSTILE}`, '--cycles', '1'],
    ['simulate', '--indices', HOSTILE],
    ['mock-upstream', '--host', HOSTILE, '--port', '0'],
    ['audit', 'verify', '--head', HOSTILE],
    ['bench', 'sse', '--url', `http://${HOSTILE}/`, '--duration', '0.1', '--clients', '1'],
  ])('g6 %s %s', async (...args) => {
    vi.stubEnv('G6_SUMMARY_MAX_CYCLES', '1')
    vi.stubEnv('G6_NO_WRITE_PANELS', '1')
    expect(clean(await run(...args))).not.toBe('')
  })
})

test('settings of the environment and of a file, and a file that is no TOML', async () => {
  for (const name of [
    'G6_AUDIT_DB',
    'G6_HTTP_PORT',
    'G6_LOG_LEVEL',
    'G6_OUTPUT_SINKS',
    'G6_NO_SUCH_SETTING',
  ]) {
    vi.stubEnv(name, HOSTILE)
  }
  for (const args of [
    ['config'],
    ['config', '--json'],
    ['config', 'check'],
    ['audit', 'tail'],
    ['snapshot'],
  ]) {
    expect(clean(await run(...args))).not.toBe('')
  }
  vi.unstubAllEnvs()
  for (const toml of [
    `status_file = ${JSON.stringify(HOSTILE)}\n`,
    `${HOSTILE} = 1\n`,
    `no_such = "\u009b2J\u202e"\n`,
  ]) {
    const file = join(folder, 'g6.toml')
    writeFileSync(file, toml)
    for (const args of [['config'], ['config', 'check']]) {
      expect(clean(await run(...args, '--config', file))).not.toBe('')
    }
  }
})

test('a status with such names and texts, and JSON of it keeps its meaning', async () => {
  const file = join(folder, 'status.json')
  const status = {
    app: { version: HOSTILE },
    indices: { [HOSTILE]: { ltp: 1, status: HOSTILE } },
    alerts: [{ level: 'warn', component: HOSTILE, message: HOSTILE }],
    links: { [HOSTILE]: HOSTILE },
  }
  writeFileSync(file, JSON.stringify(status))
  expect(clean(await run('snapshot', '--status-file', file))).toContain('[Indices]')
  clean(await run('snapshot', '--json', '--status-file', file))
  expect(JSON.parse(out)).toHaveProperty('panels')
  writeFileSync(file, HOSTILE)
  clean(await run('snapshot', '--status-file', file))
  clean(await run('snapshot', '--json', '--status-file', file))
})

/** Processes that a parent reads: their output is a protocol, and goes to no terminal. */
const CHILDREN = [
  'bench/chat/peer.ts',
  'bench/fanout/storm-client.ts',
  'bench/fanout/control-link.ts',
  'bench/fanout/scrape-client.ts',
  'bench/fanout/connections.ts',
  'bench/fanout/servers/control.ts',
  'bench/fanout/servers/graphql-sse.ts',
  'tools/bench/idle/port.ts',
  'tools/bench/soak/server.ts',
]
/** `main.ts` prints before the commands are loaded, and only an error code. */
const SEAMS = ['src/cli/main.ts', 'src/log/print.ts']

test('no command writes to the process’s streams by another way', () => {
  const files = execFileSync('git', ['ls-files', 'src', 'bench', 'tools'], { encoding: 'utf8' }).split('\n')
  const found = files.filter(
    file =>
      /(?<!\.test)\.ts$/.test(file) &&
      /process\.std(out|err)\.write\(|console\.(log|error|warn|info)\(/.test(readFileSync(file, 'utf8')),
  )
  expect(found.filter(file => !CHILDREN.includes(file)).sort()).toEqual(SEAMS)
})
