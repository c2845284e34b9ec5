// The unit as it ships: systemd's own tools accept it, it is sandboxed, it stops later than the program, and its commands run.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const UNIT = file('deploy/systemd/g6-stream.service')
const TOKEN = 'token-of-this-test-0123456789'

/** Every value of a key, in order. */
const values = (key: string): readonly string[] =>
  [...readFileSync(UNIT, 'utf8').matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)
const value = (key: string): string => values(key).at(-1) ?? ''

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-unit-'))
  mkdirSync(join(folder, 'bin'))
  const script = `#!/bin/sh\nexec '${process.execPath}' '${file('dist/program/g6.js')}' "$@"\n`
  writeFileSync(join(folder, 'bin/g6'), script)
  chmodSync(join(folder, 'bin/g6'), 0o755)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('for systemd', () => {
  /** The unit with a command that exists, since verify looks for it. */
  const installed = (): string => {
    const path = join(folder, 'g6-stream.service')
    const text = readFileSync(UNIT, 'utf8').replaceAll(/^(ExecStart(?:Pre)?=)g6 /gm, `$1${folder}/bin/g6 `)
    writeFileSync(path, text)
    return path
  }

  test('it has no fault', () => {
    // verify prints its findings, and does not always fail then.
    const printed = execFileSync(
      'sh',
      ['-c', 'systemd-analyze verify --man=no "$1" 2>&1', '-', installed()],
      {
        encoding: 'utf8',
      },
    )
    expect(printed.split('\n').filter(line => line.includes('g6-stream'))).toEqual([])
  })

  test('the unit for each port has no fault, and only the port differs', () => {
    const template = file('deploy/systemd/g6-stream@.service')
    const text = readFileSync(template, 'utf8')
    const path = join(folder, 'g6-stream@9331.service')
    writeFileSync(path, text.replaceAll(/^(ExecStart(?:Pre)?=)g6 /gm, `$1${folder}/bin/g6 `))
    const printed = execFileSync('sh', ['-c', 'systemd-analyze verify --man=no "$1" 2>&1', '-', path], {
      encoding: 'utf8',
    })
    expect(printed.split('\n').filter(line => line.includes('g6-stream'))).toEqual([])
    const settings = (unit: string): readonly string[] =>
      unit.split('\n').filter(line => /^[A-Z]\w+=/.test(line))
    const single = settings(readFileSync(UNIT, 'utf8'))
    const ofPort = settings(text).filter(line => !single.includes(line))
    expect(ofPort.map(line => line.split('=')[0])).toEqual([
      'Description',
      'ExecStart',
      'StateDirectory',
      'WorkingDirectory',
    ])
    for (const line of ofPort) expect(line).toContain('%i')
  })

  test('its socket has no fault', () => {
    installed()
    const path = join(folder, 'g6-stream.socket')
    copyFileSync(file('deploy/systemd/g6-stream.socket'), path)
    const printed = execFileSync('sh', ['-c', 'systemd-analyze verify --man=no "$1" 2>&1', '-', path], {
      encoding: 'utf8',
    })
    expect(printed.split('\n').filter(line => line.includes('g6-stream'))).toEqual([])
  })

  test('it is sandboxed', () => {
    const args = ['security', '--offline=true', '--threshold=20', '--no-pager', installed()]
    const printed = execFileSync('systemd-analyze', args, { encoding: 'utf8' })
    expect(Number(/exposure level for \S+: ([\d.]+)/.exec(printed)?.[1])).toBeLessThanOrEqual(2)
  })
})

test('systemd waits longer than the program takes to stop', () => {
  const graceMs = Number(/G6_SHUTDOWN_GRACE_MS=(\d+)/.exec(values('Environment').join('\n'))?.[1])
  expect(graceMs).toBeGreaterThanOrEqual(1_000)
  expect(Number(value('TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(graceMs + 3_000)
  expect(value('KillSignal')).toBe('SIGTERM')
})

test('it may open a file for each of 10 000 readers', () => {
  expect(Number(value('LimitNOFILE'))).toBeGreaterThan(10_000 + 1_000)
})

test('every secret it names is a setting, and comes as a file', () => {
  const text = readFileSync(UNIT, 'utf8')
  const credentials = [...text.matchAll(/LoadCredential=([\w-]+):/g)].map(([, name]) => name)
  const used = [...text.matchAll(/Environment=(\w+)_FILE=%d\/([\w-]+)/g)]
  expect(used.map(([, , name]) => name)).toEqual(credentials)
  const page = readFileSync(file('docs/reference/settings.md'), 'utf8')
  for (const [, name] of used) expect(page).toContain(`\`${name}_FILE\``)
})

describe('its commands', () => {
  const running: ChildProcess[] = []
  afterEach(async () => {
    for (const child of running.splice(0)) {
      const ended = new Promise(resolve => child.once('close', resolve))
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await ended
      }
    }
  })

  /** As systemd runs it: with its environment only, with %d and %S replaced, in its folder. */
  function start(
    key: string,
    settings: string,
    more: Readonly<Record<string, string>> = {},
  ): { child: ChildProcess; printed: () => string } {
    const [credentials, state] = [join(folder, 'credentials'), join(folder, 'state')]
    for (const each of [credentials, state]) mkdirSync(each, { recursive: true })
    writeFileSync(join(credentials, 'token'), `${TOKEN}\n`)
    writeFileSync(join(folder, 'g6.toml'), settings)
    const put = (text: string): string =>
      text.replace('%d', credentials).replace('%S/g6-stream', state).replace('/etc/g6-stream', folder)
    const environment = values('Environment').map(each => put(each).split(/=(.*)/s).slice(0, 2))
    const env = { PATH: `${folder}/bin:/usr/bin:/bin`, ...Object.fromEntries(environment), ...more }
    const [command = '', ...args] = put(value(key)).split(' ')
    const child = spawn(command, args, { cwd: put(value('WorkingDirectory')), env, stdio: 'pipe' })
    running.push(child)
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
    }
    return { child, printed: () => text }
  }
  const exitOf = (child: ChildProcess): Promise<number | null> =>
    new Promise(resolve => child.once('close', code => resolve(code)))
  const settings = (): string => readFileSync(file('deploy/systemd/g6.toml'), 'utf8')

  test('the shipped settings are usable; wrong ones keep it from starting', async () => {
    const good = start('ExecStartPre', settings())
    expect(await exitOf(good.child)).toBe(0)
    expect(good.printed()).toBe('settings are usable\n')
    const bad = start('ExecStartPre', `${settings()}\nsse_max_conections = 5\n`)
    expect(await exitOf(bad.child)).toBe(1)
    expect(bad.printed()).toContain('sse_max_conections')
  })

  test('it serves with its token, and stops in order on the signal of systemd', async () => {
    const { child, printed } = start('ExecStart', `${settings()}\nunified_http_port = 0\n`)
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr?.on('data', () => {
        const found = /"url":"(http:[^"]+)"/.exec(printed())?.[1]
        if (found !== undefined) resolve(found)
      })
      child.once('close', () => reject(new Error(`it ended: ${printed()}`)))
    })
    expect((await fetch(`${url}/summary/health`)).status).toBe(401)
    expect((await fetch(`${url}/summary/health`, { headers: { 'X-API-Token': TOKEN } })).status).toBe(200)
    const ended = exitOf(child)
    child.kill(value('KillSignal') as NodeJS.Signals)
    expect(await ended).toBe(0)
  })

  test('it serves on the socket that systemd opened', async () => {
    const text = readFileSync(file('deploy/systemd/g6-stream.socket'), 'utf8')
    const [path, name] = [join(folder, 'g6.sock'), /^FileDescriptorName=(.*)$/m.exec(text)?.[1] ?? '']
    const command = [join(folder, 'bin/g6'), 'serve', '--status-file', file('test/fixtures/status-full.json')]
    const child = spawn(
      'systemd-socket-activate',
      [
        ...[
          '-l',
          path,
          `--fdname=${name}`,
          '-E',
          `G6_PANELS_DIR=${folder}/panels`,
          '-E',
          'G6_HTTP_HOST=192.0.2.1',
        ],
        ...command,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    running.push(child)
    let printed = ''
    child.stderr.setEncoding('utf8')
    for await (const part of child.stderr.iterator({ destroyOnReturn: false })) {
      printed += String(part)
      if (printed.includes('Listening on')) break
    }
    // The first connection starts the server.
    const status = await new Promise<number>((resolve, reject) => {
      const options = {
        socketPath: path,
        path: '/summary/health',
        agent: false,
        headers: { Host: 'localhost' },
      }
      http
        .get(options, response => {
          response.resume().once('end', () => resolve(response.statusCode ?? 0))
        })
        .once('error', reject)
    })
    expect(status).toBe(200)
    child.stderr.resume()
    const ended = exitOf(child)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  test('it reports that it is ready, that it is alive, and that it stops', async () => {
    expect([value('Type'), value('NotifyAccess')]).toEqual(['notify', 'all'])
    const path = join(folder, 'notify')
    const manager = spawn('python3', ['-c', NOTIFY_SOCKET, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    running.push(manager)
    let heard = ''
    const hears = (word: string): Promise<void> =>
      new Promise(resolve => {
        const look = (): void => {
          if (!heard.includes(word)) return
          manager.stdout?.off('data', look)
          resolve()
        }
        manager.stdout?.on('data', look)
        look()
      })
    manager.stdout?.setEncoding('utf8').on('data', (text: string) => {
      heard += text
    })
    await hears('open')
    const { child } = start('ExecStart', `${settings()}\nunified_http_port = 0\n`, {
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: '200000',
    })
    await hears('READY=1')
    await hears('WATCHDOG=1')
    const ended = exitOf(child)
    child.kill('SIGTERM')
    await hears('STOPPING=1')
    expect(await ended).toBe(0)
  })
})

/** systemd's end of the socket: prints each message, and closes the files that come with one, for which the sender waits. */
const NOTIFY_SOCKET = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('open', flush=True)
while True:
    text, files, _, _ = socket.recv_fds(s, 4096, 4)
    for f in files: os.close(f)
    print(text.decode(), flush=True)
`
