// Signals that reach the program before it is ready.
import { execFileSync } from 'node:child_process'
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endAll, g6 } from './support/g6.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-signals-'))
})
afterEach(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

test('a SIGHUP during the first read of the settings ends nothing and reloads afterwards', async () => {
  // The settings file is a pipe: the program waits in it until the test writes.
  const config = join(folder, 'g6.toml')
  execFileSync('mkfifo', [config])
  const server = g6([
    'serve',
    '--config',
    config,
    '--port',
    '0',
    '--status-file',
    join(folder, 'status.json'),
  ])
  const first = await open(config, 'w')
  server.signal('SIGHUP')
  // The pending reload reads a usual file: a second opening of the pipe could meet the first reader.
  await writeFile(join(folder, 'next.toml'), 'log_level = "debug"\n')
  await rename(join(folder, 'next.toml'), config)
  await first.write('log_level = "info"\n')
  await first.close()
  await server.until(/settings read again/)
  await server.url()
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
})
