// The nginx snippet as it ships, in Debian's nginx, in front of the relay: nginx buffers nothing, heartbeats pass, and a silent
// answer is not cut. Times are scaled: nginx waits 3 s instead of 60, the relay writes every 0.25 s instead of 15.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { ChatReader } from '../support/chat-reader.js'
import { type ChatRig, type ChatRigOptions, PREFIX, startChatRig, until } from '../support/chat-rig.js'
import { freePort } from '../support/free-port.js'
import { startHandUpstream } from '../support/hand-upstream.js'

const SNIPPET = fileURLToPath(new URL('../../deploy/nginx/chat.conf', import.meta.url))

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function startNginx(backendPort: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'g6-nginx-'))
  ends.push(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const snippet = (await readFile(SNIPPET, 'utf8'))
    .replace('127.0.0.1:9329', `127.0.0.1:${backendPort}`)
    .replace('proxy_read_timeout 60s', 'proxy_read_timeout 3s')
  expect(snippet).toContain('proxy_read_timeout 3s')
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`,
  )
  const conf = `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
events { worker_connections 64; }
http { access_log off; ${temp.join(' ')}
server { listen 127.0.0.1:${port}; server_name localhost; ${snippet} } }`
  await writeFile(join(folder, 'nginx.conf'), conf)
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
  ends.push(() => {
    child.kill('SIGTERM')
    return ended
  })
  const url = `http://127.0.0.1:${port}`
  await until(
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    'nginx listens',
  )
  return url
}

async function start(options: ChatRigOptions): Promise<{ rig: ChatRig; url: string }> {
  const rig = await startChatRig({ ...options, chat: { chatHeartbeatMs: 250 } })
  ends.push(() => rig.close())
  return { rig, url: `${await startNginx(rig.rig.port)}${PREFIX}` }
}

test('tokens come one by one, heartbeats pass, and a silent answer outlives the read timeout', async () => {
  const upstream = await startHandUpstream()
  ends.push(() => upstream.close())
  const { url } = await start({ backends: () => [upstream.url] })
  const reader = new ChatReader(`${url}/chat-stream`, { method: 'POST', body: { query: 'a' } })
  // The upstream sends each only when the one before it has come: nothing on the way waits for more.
  for (const token of ['a', 'b', 'c']) {
    await upstream.say(token)
    await reader.until(({ answer }) => answer.endsWith(token))
  }
  expect(reader.headers['content-type']).toContain('text/event-stream')
  const silentSinceMs = performance.now()
  const heartbeats = () => reader.events.filter(({ type }) => type === 'heartbeat').length
  await reader.until(() => heartbeats() >= 3 && performance.now() - silentSinceMs > 6_000)
  const stopped = await new ChatReader(`${url}/chat-stream/${reader.streamId}`, { method: 'DELETE' }).end()
  expect(stopped.status).toBe(202)
  await reader.end()
  expect(reader.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'client_stop' } }])
})

test('the relay notices a client that leaves', async () => {
  const { rig, url } = await start({ mock: { script: { tokens: 3, finish: 'stall' } } })
  const reader = await new ChatReader(`${url}/chat-stream?query=a&on_disconnect=cancel`).until(
    ({ answer }) => answer !== '',
  )
  reader.cut()
  await rig.mock.requests[0]?.closed
  expect(rig.told.ends).toEqual(['idle'])
})
