import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Environment } from '../config/layers.js'
import { loadConfig } from '../config/load.js'
import type { Listening } from '../http/listeners.js'
import { silentLog } from '../log/log.js'
import { createFileSource } from '../sources/file.js'
import { Program } from './program.js'
import { runProgram } from './run.js'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** A server without a status, on a free port, with a fake process. */
async function served(more: Environment = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'g6-run-'))
  folders.push(folder)
  const path = join(folder, 'status.json')
  const env = { G6_UNIFIED_HTTP_PORT: '0', G6_SUMMARY_STATUS_FILE: path, G6_UNIFIED_METRICS: '0', ...more }
  const load = (changed: Environment = {}) => {
    const loaded = loadConfig({ env: { ...env, ...changed } })
    if (!loaded.ok) throw new Error('the settings of the test are wrong')
    return loaded
  }
  const loaded = load()
  const exits: number[] = []
  const edge = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) })
  const source = createFileSource({ path, maxBytes: 1024 ** 2 })
  const program = new Program({ loaded, command: 'serve', source, log: silentLog })
  return { edge, exits, load, run: { program, log: silentLog, load: () => loaded, edge } }
}

/** Runs it until its ports are open. */
async function listening(run: Parameters<typeof runProgram>[0]) {
  let code: Promise<number> = Promise.resolve(-1)
  const open = await new Promise<readonly Listening[]>(resolve => {
    code = runProgram({ ...run, onListening: resolve })
  })
  return { code, open }
}

test('a signal ends a program that serves, and its port with it', async () => {
  const { edge, exits, run } = await served()
  const { code, open } = await listening(run)
  const [unified] = open
  edge.emit('SIGTERM')
  expect(await code).toBe(0)
  expect(exits).toEqual([])
  await expect(opened(unified?.url)).rejects.toThrow('ECONNREFUSED')
})

test('a signal that comes while the ports are being opened leaves nothing open', async () => {
  const { edge, exits, run } = await served()
  const before = openPorts()
  const listening: unknown[] = []
  const code = runProgram({ ...run, onListening: open => listening.push(open) })
  edge.emit('SIGTERM')
  expect(await code).toBe(0)
  expect(listening).toEqual([])
  expect(exits).toEqual([])
  expect(openPorts()).toBe(before)
  expect(edge.eventNames()).toEqual([])
})

test('a second signal restores the terminal and ends it now, with 130', async () => {
  const { edge, exits, run } = await served()
  const restore = vi.fn()
  const { code } = await listening({ ...run, restore })
  edge.emit('SIGTERM')
  expect([exits, restore.mock.calls]).toEqual([[], []])
  edge.emit('SIGINT')
  expect(exits).toEqual([130])
  expect(restore).toHaveBeenCalledTimes(1)
  await code
})

test.each(['uncaughtException', 'unhandledRejection'])(
  'an %s restores the terminal and ends it in order, with 1; another one ends it now',
  async event => {
    const { edge, exits, run } = await served()
    const restore = vi.fn()
    const { code } = await listening({ ...run, restore })
    edge.emit(event, new Error('went wrong'))
    expect(restore).toHaveBeenCalledTimes(1)
    expect(exits).toEqual([])
    edge.emit(event, new Error('and again'))
    expect(exits).toEqual([1])
    expect(await code).toBe(1)
  },
)

test('SIGHUP takes the settings as they are now', async () => {
  const { edge, load, run } = await served()
  const next = vi.fn(() => load({ G6_DQ_WARN_THRESHOLD: '77' }))
  const { code } = await listening({ ...run, load: next })
  expect(run.program.thresholds['dq.warn']).not.toBe(77)
  edge.emit('SIGHUP')
  expect(run.program.thresholds['dq.warn']).toBe(77)
  expect(next).toHaveBeenCalledTimes(1)
  edge.emit('SIGTERM')
  expect(await code).toBe(0)
})

test('a port that cannot be opened is an error, and nothing of the program stays', async () => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const { edge, run } = await served({ G6_UNIFIED_HTTP_PORT: String(port) })
  const stop = vi.spyOn(run.program, 'stop')
  await expect(runProgram(run)).rejects.toThrow(`:${port}: the port is in use`)
  expect(stop).toHaveBeenCalledTimes(1)
  expect(edge.eventNames()).toEqual([])
  await new Promise(resolve => taken.close(resolve))
})

const openPorts = (): number =>
  process.getActiveResourcesInfo().filter(resource => resource === 'TCPServerWrap').length

function opened(url = ''): Promise<void> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}
