// `g6 verdict`, as a monitoring system calls it: real processes, real servers.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from './support/eventually.js'
import { freePort } from './support/free-port.js'
import { endAll, g6 } from './support/g6.js'

const TOKEN = 'a-token-of-this-test'
const closers: (() => unknown)[] = []
afterEach(async () => {
  await endAll()
  for (const close of closers.splice(0).reverse()) await close()
})

async function asked(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const run = g6(['verdict', ...args], env)
  const code = await run.exit
  return { code, ...run.output() }
}

async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('says in one line how a server is, and what an operator must do to get it', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'g6-verdict-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const status = join(folder, 'status.json')
  writeFileSync(status, JSON.stringify({ health: { Provider: 'down', collector: 'running' } }))
  const server = g6(['serve', '--port', '0', '--status-file', status, '--no-write-panels'], {
    G6_SSE_API_TOKEN: TOKEN,
  })
  const url = await server.url()
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the first board')
  const [bad, byPort, noToken] = await Promise.all([
    asked([url], { G6_SSE_API_TOKEN: TOKEN }),
    asked(['--port', new URL(url).port], { G6_SSE_API_TOKEN: TOKEN }),
    asked([url]),
  ])
  expect(bad).toEqual({ code: 2, out: 'CRITICAL - Provider: down\n', err: '' })
  expect(byPort).toEqual(bad)
  expect(noToken.code).toBe(3)
  expect(noToken.out).toMatch(/^UNKNOWN - http:\S+ needs its token: set G6_SSE_API_TOKEN_FILE/)
})

test('is unknown, within its time limit, when there is no answer or no verdict in it', {
  timeout: 120_000,
}, async () => {
  const silent = await answering(() => {})
  const other = await answering((_, response) => void response.end('<html>'))
  const [gone, late, html, credentials, wrong] = await Promise.all([
    asked([`http://127.0.0.1:${await freePort()}`]),
    asked([silent, '--timeout', '0.3']),
    asked([other]),
    asked(['http://user:secret@127.0.0.1:1']),
    asked([other, '--timeout', 'soon']),
  ])
  for (const { code } of [gone, late, html, credentials, wrong]) expect(code).toBe(3)
  expect(gone.out).toMatch(/^UNKNOWN - http:\S+ cannot be asked: .*ECONNREFUSED/)
  expect(late.out).toMatch(/^UNKNOWN - http:\S+ has not answered within 0.3 s\n$/)
  expect(html.out).toMatch(/^UNKNOWN - http:\S+ answers with something that is not JSON\n$/)
  expect(credentials.out).toMatch(
    /^UNKNOWN - the address of http:\S+ must not have a user or a password in it\n$/,
  )
  expect(credentials.out + credentials.err).not.toContain('secret')
  expect(wrong.err).toContain('allowed: a number from 0.1 to 600')
})
