import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
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

/** A server without a status, on a free port, and the process it believes to be in. */
async function served() {
  const folder = await mkdtemp(join(tmpdir(), 'g6-run-'))
  folders.push(folder)
  const path = join(folder, 'status.json')
  const env = { G6_UNIFIED_HTTP_PORT: '0', G6_SUMMARY_STATUS_FILE: path, G6_UNIFIED_METRICS: '0' }
  const loaded = loadConfig({ env })
  if (!loaded.ok) throw new Error('the settings of the test are wrong')
  const exits: number[] = []
  const edge = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) })
  const source = createFileSource({ path, maxBytes: 1024 ** 2 })
  const program = new Program({ loaded, command: 'serve', source, log: silentLog })
  return { edge, exits, run: { program, log: silentLog, load: () => loaded, edge } }
}

test('a signal ends a program that serves, and its port with it', async () => {
  const { edge, exits, run } = await served()
  let code: Promise<number> | undefined
  const [unified] = await new Promise<readonly Listening[]>(resolve => {
    code = runProgram({ ...run, onListening: resolve })
  })
  edge.emit('SIGTERM')
  expect(await code).toBe(0)
  expect(exits).toEqual([])
  await expect(opened(unified?.url)).rejects.toThrow('ECONNREFUSED')
})

test('a signal that comes while the ports are being opened leaves nothing open', async () => {
  const { edge, exits, run } = await served()
  const before = openPorts()
  const said: unknown[] = []
  const code = runProgram({ ...run, onListening: open => said.push(open) })
  edge.emit('SIGTERM')
  expect(await code).toBe(0)
  expect(said).toEqual([])
  expect(exits).toEqual([])
  expect(openPorts()).toBe(before)
  expect(edge.eventNames()).toEqual([])
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
