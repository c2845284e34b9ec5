// However the dashboard ends, it restores the terminal: the screen, the cursor, the keyboard, the mouse.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { CLI, endAllScreens, PtyScreen } from './support/pty.js'
import { removeStatusFiles, StatusFile } from './support/status-file.js'

afterEach(async () => {
  await endAllScreens()
  removeStatusFiles()
})

const quoted = (words: readonly string[]): string => words.map(word => `'${word}'`).join(' ')

/**
 * A shell that runs the dashboard and prints afterwards how it ended and the state of the terminal. The shell stays: a pty whose last
 * process ends may lose the last output.
 */
async function inShell(nodeArgs: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const status = new StatusFile()
  const command = quoted([process.execPath, ...nodeArgs, CLI, ...status.args])
  const script = `echo before; sh -c 'echo $$ > pid; exec "$@"' sh ${command}; echo "ended with $?"; stty -a; echo done; read _`
  const screen = new PtyScreen('sh', ['-c', script], { cols: 120, rows: 60, cwd: status.folder, env })
  await screen.shows('BANKNIFTY')
  return { screen, status }
}

function dashboardPid({ folder }: StatusFile): number {
  return Number(readFileSync(join(folder, 'pid'), 'utf8'))
}

async function expectAsFound(screen: PtyScreen, code: number): Promise<void> {
  await screen.shows('done')
  expect(screen.text).toContain(`ended with ${code}`)
  // The content from before is back on the screen.
  expect(screen.lines[0]).toBe('before')
  const { terminal, raw } = screen
  expect(terminal.buffer.active.type).toBe('normal')
  expect(terminal.modes.wraparoundMode).toBe(true)
  expect(terminal.modes.mouseTrackingMode).toBe('none')
  expect(terminal.modes.bracketedPasteMode).toBe(false)
  expect(raw.lastIndexOf('\u001b[?25h')).toBeGreaterThan(raw.lastIndexOf('\u001b[?25l'))
  expect(screen.text).toMatch(/(^|\s)icanon/)
  expect(screen.text).toMatch(/(^|\s)echo(\s|$)/)
}

/** Throws an uncaught error on a signal. */
const CRASH = ['--import', 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("went wrong")})']

describe('the terminal is as before', () => {
  test('after q', async () => {
    const { screen } = await inShell()
    screen.type('\t')
    await screen.shows('━━━━━━━━━━')
    screen.type('q')
    await expectAsFound(screen, 0)
  })

  test('after Ctrl+C', async () => {
    const { screen } = await inShell()
    screen.type('\u0003')
    await expectAsFound(screen, 0)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('after %s', async signal => {
    const { screen, status } = await inShell()
    process.kill(dashboardPid(status), signal)
    await expectAsFound(screen, 0)
  })

  test('after an uncaught error, which is printed afterwards', async () => {
    const { screen, status } = await inShell(CRASH)
    process.kill(dashboardPid(status), 'SIGUSR2')
    await expectAsFound(screen, 1)
    expect(screen.text).toContain('went wrong')
  })

  test('after an unhandled rejection', async () => {
    const rejects = CRASH.map(word =>
      word.replace('throw new Error', 'Promise.reject(new Error').replace('wrong")', 'wrong"))'),
    )
    const { screen, status } = await inShell(rejects)
    process.kill(dashboardPid(status), 'SIGUSR2')
    await expectAsFound(screen, 1)
    expect(screen.text).toContain('went wrong')
  })

  test('when it exits without a message', async () => {
    const { screen, status } = await inShell([
      '--import',
      'data:text/javascript,process.on("SIGUSR2",()=>process.exit(7))',
    ])
    process.kill(dashboardPid(status), 'SIGUSR2')
    await expectAsFound(screen, 7)
  })

  test('and the last frame stays where the alternate screen is off', async () => {
    const { screen } = await inShell([], { G6_SUMMARY_ALT_SCREEN: '0' })
    screen.type('q')
    await screen.shows('done')
    expect(screen.raw).not.toContain('?1049h')
    expect(screen.text).toContain('ended with 0')
  })
})

describe('log lines', () => {
  test('never appear in the picture and come out when it is gone', async () => {
    const { screen, status } = await inShell()
    status.writeText('not a document')
    await screen.shows('not json')
    expect(screen.raw).not.toContain('the status cannot be read')
    screen.type('q')
    await screen.shows('done')
    expect(screen.text).toContain('the status cannot be read')
  })

  test('come out when a signal ends it', async () => {
    const { screen, status } = await inShell()
    status.writeText('not a document')
    await screen.shows('not json')
    process.kill(dashboardPid(status), 'SIGTERM')
    await screen.shows('done')
    expect(screen.text).toContain('the status cannot be read')
    expect(screen.text).toContain('stopping')
  })

  test.each([
    ['its settings contradict each other', ['dashboard', '--serve'], 'has nothing to serve'],
    ['there is no such source', ['dashboard', '--source', 'status:nowhere'], 'nowhere'],
    ['the demo has no port', ['demo'], 'has nothing to serve'],
  ])('come out when it never takes the screen: %s', async (_why, args, error) => {
    const { folder } = new StatusFile()
    const command = quoted([process.execPath, CLI, ...args, '--no-write-panels'])
    const screen = new PtyScreen('sh', ['-c', `${command}; echo "ended with $?"; read _`], {
      cwd: folder,
      cols: 200,
      env: { G6_UNIFIED_HTTP: '0', G6_SSE_MAX_CONECTIONS: '5' },
    })
    await screen.shows('ended with 1')
    expect(screen.text).toContain(error)
    expect(screen.text).toContain('did you mean G6_SSE_MAX_CONNECTIONS?')
  })
})

describe('Ctrl+Z', () => {
  test('gives the terminal back to the shell, and fg restores the dashboard', async () => {
    const status = new StatusFile()
    const screen = new PtyScreen('bash', ['--norc', '-i'], {
      cols: 120,
      rows: 40,
      cwd: status.folder,
      env: { PS1: 'prompt> ', HISTFILE: '/dev/null' },
    })
    await screen.shows('prompt>')
    screen.type(`${quoted([process.execPath, CLI, ...status.args])}\r`)
    await screen.shows('BANKNIFTY')
    screen.type('\u001a')
    await screen.shows('Stopped')
    expect(screen.terminal.buffer.active.type).toBe('normal')
    screen.type('stty -a | tr " " "\\n" | grep -c -x -e echo -e icanon\r')
    await screen.until(text => /^2$/m.test(text), 'the terminal echoes again')
    status.change({ storage: { lag: 77.7 } })
    screen.resize(100, 30)
    screen.type('fg\r')
    await screen.shows('77.7')
    expect(screen.terminal.buffer.active.type).toBe('alternate')
    await screen.until(() => /q quit/.test(screen.lines[29] ?? ''), 'it fits the new size')
    screen.type('q')
    await screen.until(() => screen.terminal.buffer.active.type === 'normal', 'the shell is back')
    screen.type('exit\r')
    await screen.exit
  })

  test('has no effect where no shell could resume the dashboard', async () => {
    const status = new StatusFile()
    const screen = new PtyScreen(process.execPath, [CLI, ...status.args], { cwd: status.folder })
    await screen.shows('BANKNIFTY')
    screen.type('\u001a')
    await screen.until(() => screen.raw.split('\u001b[?1049h').length === 3, 'it takes the terminal again')
    await screen.shows('BANKNIFTY')
    screen.type('q')
    expect(await screen.exit).toBe(0)
  })
})
