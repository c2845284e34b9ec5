import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { contractTests } from './contract.js'

const SCRIPT = fileURLToPath(new URL('python/service.py', import.meta.url))
const closers: (() => void)[] = []
afterAll(() => {
  for (const close of closers.splice(0)) close()
})

/** The service around the Python client, as a process. */
async function startService() {
  const child = spawn('python3', ['-u', SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] })
  const close = (): void => void child.kill('SIGKILL')
  closers.push(close)
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { url, close, ended: once(child, 'exit') }
}

contractTests(startService)

test('the service says what it can do, refuses what it does not know, and ends when asked to', async () => {
  const { url, ended } = await startService()
  const { capabilities } = (await (await fetch(url)).json()) as { capabilities: string[] }
  expect(capabilities.sort()).toEqual(
    [
      'bom',
      'comments',
      'headers',
      'last-event-id',
      'post',
      'read-timeout',
      'report',
      'restart',
      'server-directed-shutdown-request',
    ].sort(),
  )
  const asked = (path: string, body: string) => fetch(`${url}${path}`, { method: 'POST', body })
  expect((await asked('/', '{}')).status).toBe(400)
  expect((await asked('/', 'no JSON')).status).toBe(400)
  expect((await asked('/', `{"streamUrl":"ftp://x","callbackUrl":"${url}"}`)).status).toBe(400)
  expect((await asked('/streams/9', '{"command":"restart"}')).status).toBe(404)
  const given = { streamUrl: `${url}/nowhere`, callbackUrl: `${url}/nowhere` }
  const address = (await asked('/', JSON.stringify(given))).headers.get('location') ?? ''
  expect((await asked(address, '{"command":"dance"}')).status).toBe(400)
  expect((await fetch(`${url}${address}`, { method: 'DELETE' })).status).toBe(204)
  expect((await fetch(`${url}${address}`, { method: 'DELETE' })).status).toBe(404)
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(204)
  expect(await ended).toEqual([0, null])
})
