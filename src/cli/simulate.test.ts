import { EventEmitter } from 'node:events'
import { existsSync, watch } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { simulateCommand } from './simulate.js'

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-simulate-'))
  path = join(folder, 'status.json')
})
afterEach(() => rm(folder, { recursive: true }))

async function run(...args: readonly string[]): Promise<void> {
  await simulateCommand()
    .exitOverride()
    .parseAsync(['--status-file', path, ...args], { from: 'user' })
}

async function complaint(...args: readonly string[]): Promise<string> {
  let printed = ''
  const command = simulateCommand()
    .exitOverride()
    .configureOutput({
      writeErr: text => {
        printed += text
      },
    })
  await expect(command.parseAsync(args, { from: 'user' })).rejects.toMatchObject({
    code: 'commander.invalidArgument',
  })
  return printed.trim()
}

test('writes the given number of documents with the given content', async () => {
  await run(
    ...['--cycles', '2', '--refresh', '0.01', '--indices', 'NIFTY, GOLD', '--interval', '15'],
    ...['--open-market', '--with-analytics', '--seed', '5', '--scenario', 'calm', '--shape', 'nested'],
  )
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
    indices: { NIFTY: {}, GOLD: {} },
    loop: { target_interval: 15 },
    market: { status: 'OPEN' },
    analytics: { max_pain: { NIFTY: expect.any(Number), GOLD: expect.any(Number) } },
  })
})

test('without options it writes the four indices, in the fullest shape', async () => {
  await run('--cycles', '1')
  const document = JSON.parse(await readFile(path, 'utf8'))
  expect(Object.keys(document.indices)).toEqual(['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX'])
  expect(document).toMatchObject({ interval: 60, cycle: {}, events: [] })
  expect(document).not.toHaveProperty('analytics')
})

describe('a value that cannot be used is named, with what is allowed', () => {
  test.each([
    ['--refresh', '0', 'a number from 0.01 to 3600'],
    ['--refresh', 'fast', 'a number from 0.01 to 3600'],
    ['--interval', '-1', 'a number from 1 to 86400'],
    ['--cycles', '1.5', 'a whole number from 0 up'],
    ['--seed', '-1', 'a whole number from 0 to 4294967295'],
    ['--seed', ' ', 'a whole number'],
    ['--indices', 'NIFTY,,SENSEX', 'names separated by commas'],
    ['--indices', '__proto__', 'names separated by commas'],
    ['--indices', 'constructor', 'names separated by commas'],
    ['--indices', 'NIFTY,NIFTY', 'every name once'],
    ['--status-file', ' ', 'the path of a file'],
    ['--scenario', 'wild', 'calm, busy, alerts, faults'],
    ['--shape', 'round', 'nested, flat, both'],
  ])('%s %s', async (option, value, allowed) => {
    const printed = await complaint(option, value)
    expect(printed).toContain(option)
    expect(printed).toContain(`'${value}'`)
    expect(printed).toContain(allowed)
  })
})

test('accepts no more indices than a snapshot keeps', async () => {
  const names = Array.from({ length: 2001 }, (_, i) => `A${i}`)
  expect(await complaint('--indices', names.join())).toContain('up to 2000 names')
})

test.each(['SIGINT', 'SIGTERM'])('%s ends it, with the file whole and no listener left', async name => {
  const signals = new EventEmitter()
  const written = new Promise<void>(resolve => {
    const watcher = watch(folder, () => {
      if (!existsSync(path)) return
      watcher.close()
      resolve()
    })
  })
  const running = simulateCommand(signals).parseAsync(['--status-file', path], { from: 'user' })
  await written
  signals.emit(name)
  await running
  expect(JSON.parse(await readFile(path, 'utf8'))).toHaveProperty('timestamp')
  expect(signals.eventNames()).toEqual([])
})

test('an error names the file that cannot be written', async () => {
  await expect(run('--status-file', folder)).rejects.toThrow(
    `the status file ${folder} cannot be written: EISDIR`,
  )
})
