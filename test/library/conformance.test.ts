// `g6-conformance` as a command: it passes a server of ours, and names the rule that a broken one breaks.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { createBoard, createHub, text } from '../../src/index.js'
import { endAll, g6 } from '../support/g6.js'

const MAIN = fileURLToPath(new URL('../../dist/program/g6-conformance.js', import.meta.url))
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  await endAll()
})

async function checked(...args: readonly string[]): Promise<{ code: unknown; lines: readonly string[] }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', piece => {
    out += String(piece)
  })
  const [code] = await once(child, 'close')
  return { code, lines: out.trimEnd().split('\n') }
}

/** A hub behind a server that changes what it answers. */
async function serve(
  respond: (
    handler: (q: IncomingMessage, s: ServerResponse) => void,
    q: IncomingMessage,
    s: ServerResponse,
  ) => void,
): Promise<string> {
  const hub = createHub({ gzip: false })
  const board = createBoard(hub)
  board.set('a', text('A', '0'))
  let n = 0
  const ticking = setInterval(() => board.set('a', text('A', String(++n))), 100)
  const server = createServer((request, response) => respond(hub.handler, request, response)).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  open.push(
    { close: () => new Promise(done => server.close(done).closeAllConnections()) },
    { close: () => hub.close(500) },
    { close: () => clearInterval(ticking) },
  )
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

/** Every text of the answer goes through this, the bytes of events too. */
function rewritten(response: ServerResponse, change: (text: string) => string): void {
  const socket = response.socket
  if (socket === null) return
  const write = socket.write.bind(socket) as (bytes: unknown, ...rest: unknown[]) => boolean
  socket.write = ((bytes: unknown, ...rest: unknown[]) =>
    write(
      Buffer.isBuffer(bytes) ? Buffer.from(change(bytes.toString())) : bytes,
      ...rest,
    )) as typeof socket.write
}

/** What must come does come, on a busy machine later. */
const PATIENT = ['--timeout', '60'] as const

test('the server of the package passes', async () => {
  const server = g6(['demo', '--port', '0', '--no-rich'], { G6_SSE_API_TOKEN: 'right' })
  const url = await server.url()
  const { code, lines } = await checked(url, '--token', 'right', ...PATIENT)
  expect(lines.filter(line => !/^(ok|skipped keepalive) /.test(line))).toEqual([
    '22 passed, 0 failed, 1 skipped',
  ])
  expect(code).toBe(0)
  const refused = await checked(url, ...PATIENT)
  expect(refused.code).toBe(1)
  expect(refused.lines[0]).toContain('the stream answers 401, not 200')
})

test('a library passes, with the wait for a comment', async () => {
  const { code, lines } = await checked(
    await serve((handler, request, response) => handler(request, response)),
    '--keepalive',
    ...PATIENT,
  )
  expect(lines.filter(line => !/^(ok|skipped gzip) /.test(line))).toEqual(['22 passed, 0 failed, 1 skipped'])
  expect(code).toBe(0)
})

test.each([
  [
    'whose hashes are wrong',
    ['hashes', 'updates'],
    (response: ServerResponse) =>
      rewritten(response, all =>
        all.replaceAll('"hash":"0', '"hash":"1').replaceAll(/"title":"A"/g, '"title":"B"'),
      ),
  ],
  [
    'that does not say hello first',
    ['hello-first'],
    (response: ServerResponse) => rewritten(response, all => all.replace('event: hello', 'event: hallo')),
  ],
] as const)('a server %s fails', async (_, names, breakIt) => {
  const url = await serve((handler, request, response) => {
    breakIt(response)
    handler(request, response)
  })
  const { code, lines } = await checked(url, '--timeout', '2')
  for (const name of names) expect(lines.find(line => line.includes(` ${name} `))).toMatch(/^FAILED/)
  expect(lines.at(-1)).toMatch(/^\d+ passed, [1-9]\d* failed/)
  expect(code).toBe(1)
})

test('a server that forgets Last-Event-ID fails', async () => {
  const url = await serve((handler, request, response) => {
    delete request.headers['last-event-id']
    handler(request, response)
  })
  const { code, lines } = await checked(url, ...PATIENT)
  const failed = lines.filter(line => line.startsWith('FAILED')).map(line => line.split(/ +/)[1])
  expect(failed).toEqual(['resume', 'resume-epoch', 'resume-malformed'])
  expect(code).toBe(1)
})
