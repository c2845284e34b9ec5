import { afterEach, describe, expect, test } from 'vitest'
import { boardMaker, textPanel } from '../../test/support/boards.js'
import { eventually } from '../../test/support/eventually.js'
import { join } from '../../test/support/hub-rig.js'
import { emulator, feed, screenText } from '../../test/terminal/support/emulator.js'
import { fakeDevice } from '../../test/terminal/support/fake-device.js'
import type { Environment } from '../config/layers.js'
import { loadConfig } from '../config/load.js'
import { silentLog } from '../log/log.js'
import { Program } from './program.js'
import { Screen } from './screen.js'
import { fileSourceOf } from './source.js'

const SIZE = { width: 160, height: 40 }
const ENTER = '\u001b[?1049h'
const LEAVE = '\u001b[?1049l'

const opened: { readonly screen: Screen; readonly program: Program }[] = []
afterEach(async () => {
  for (const { screen, program } of opened.splice(0)) {
    screen.restore()
    await program.stop()
  }
})

/** A screen on a terminal made of arrays, with a program behind it that has not started. */
function screenOn(env: Environment = {}, command: 'dashboard' | 'dashboard --serve' = 'dashboard') {
  const device = fakeDevice(SIZE)
  const errors: string[] = []
  const stderr = { isTTY: true, write: (text: string) => errors.push(text) > 0 }
  const screen = new Screen(stderr, { TERM: 'xterm-256color', LANG: 'C.UTF-8' }, () => device)
  const loaded = loadConfig({ env: { G6_UNIFIED_HTTP_PORT: '0', ...env } })
  if (!loaded.ok) throw new Error('the settings of the test are wrong')
  const outputs = (parts: Parameters<Screen['outputs']>[0]) => screen.outputs(parts)
  const program = new Program({ loaded, command, source: fileSourceOf, outputs, log: silentLog })
  opened.push({ screen, program })
  const written = () => device.written.join('')
  const shows = (text: string) =>
    eventually(
      () => written().includes(text),
      () => `${text} in ${written()}`,
    )
  const picture = async () => {
    const terminal = emulator(SIZE.width, SIZE.height)
    await feed(terminal, written())
    return screenText(terminal)
  }
  return { screen, program, device, errors, written, shows, picture }
}

const restorers = () => [process.listenerCount('exit'), process.listenerCount('uncaughtExceptionMonitor')]

describe('the terminal is restored', () => {
  test('before Node prints an error that nobody handles, with the log lines kept so far', async () => {
    const { screen, program, device, written, shows } = screenOn()
    screen.open(program)
    await shows(ENTER)
    screen.logDestination?.write('a line\n')
    // The types know no such call: only Node makes it.
    const node: NodeJS.EventEmitter = process
    node.emit('uncaughtExceptionMonitor', new Error('not handled'), 'uncaughtException')
    expect(written()).toContain(LEAVE)
    expect(written().endsWith('a line\n')).toBe(true)
    expect(device).toMatchObject({ raw: false, closed: true })
  })

  test('when the process exits', async () => {
    const { screen, program, written, shows } = screenOn()
    const before = process.listeners('exit')
    screen.open(program)
    await shows(ENTER)
    const [ours] = process.listeners('exit').filter(listener => !before.includes(listener))
    ours?.(0)
    expect(written()).toContain(LEAVE)
  })

  test('once, and without listeners left on the process', async () => {
    const before = restorers()
    const { screen, program, device, shows } = screenOn()
    screen.open(program)
    await shows(ENTER)
    expect(restorers()).toEqual(before.map(count => count + 1))
    screen.restore()
    const { length } = device.written
    screen.restore()
    expect(device.written).toHaveLength(length)
    expect(restorers()).toEqual(before)
  })

  test('not at all where no terminal was requested: log lines go to standard error', () => {
    const before = restorers()
    const { screen, program, device, errors } = screenOn({ G6_OUTPUT_SINKS: 'files' })
    screen.logDestination?.write('early\n')
    screen.open(program)
    screen.logDestination?.write('late\n')
    expect(errors.join('')).toContain('early\n')
    expect(errors.join('')).toContain('late\n')
    expect(device.written).toEqual([])
    expect(restorers()).toEqual(before)
  })
})

describe('the top bar', () => {
  test('counts the readers of the board', async () => {
    const { screen, program, shows, picture } = screenOn({}, 'dashboard --serve')
    program.hub.publishNow(boardMaker()(textPanel('header', 'a')), null)
    for (let i = 0; i < 3; i++) join(program.hub)
    screen.open(program)
    await shows(ENTER)
    expect(await picture()).toContain('3 readers')
  })

  test('shows no readers where nobody is served', async () => {
    const { screen, program, shows, picture } = screenOn()
    screen.open(program)
    await shows(ENTER)
    expect(await picture()).not.toContain('client')
  })
})
