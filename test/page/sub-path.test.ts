// The page and the chat page below a path, behind a proxy that takes the path away: as with nginx's
// `location /g6/ { proxy_pass http://127.0.0.1:9329/; }`.
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { chatPagePlugin } from '../../src/http/routes/chat-page.js'
import { startRig } from '../support/http-rig.js'
import { ORDINARY } from './support/boards.js'
import { connectionIs, openPage, shows } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const TOKEN = 'a-token-of-the-tests'
const room = pageRoom({ http: { sseApiToken: TOKEN } })

type Proxy = { readonly url: string; readonly missed: string[]; close(): void }

/** Passes `/g6/…` on as `/…`; `missed` are the requests outside of it. */
async function startProxy(target: () => number): Promise<Proxy> {
  const missed: string[] = []
  const server = createServer((request, response) => {
    const { url = '', method, headers } = request
    if (!url.startsWith('/g6/')) {
      if (url !== '/favicon.ico') missed.push(url)
      response.writeHead(404).end()
      return
    }
    const passed = httpRequest({ port: target(), path: url.slice(3), method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/g6/`,
    missed,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('the page signs in, follows the board, and opens the raw stream below a path', async () => {
  room.server.publish(ORDINARY)
  const proxy = await startProxy(() => room.server.port)
  try {
    const { page, faults } = await openPage(room.browser, proxy.url)
    await page.getByLabel('Token', { exact: true }).fill(TOKEN)
    await page.keyboard.press('Enter')
    await shows(page, 'indices', '24512.30')
    await connectionIs(page, 'live')
    await page.locator('footer', { hasText: '98.4 %' }).waitFor()
    await page.getByRole('button', { name: 'Menu' }).click()
    const link = page.getByRole('menuitem', { name: 'Raw stream' })
    expect(await link.evaluate(each => (each as HTMLAnchorElement).href)).toBe(`${proxy.url}summary/events`)
    const opened = page.context().waitForEvent('page')
    await link.click()
    const stream = await opened
    await stream.waitForURL(url => url.href.startsWith(`${proxy.url}summary/events?ticket=`), {
      waitUntil: 'commit',
    })
    await stream.close()
    // A server at another path of this origin has a token of its own.
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual(['g6-token/g6/'])
    expect(proxy.missed).toEqual([])
    expect(faults).toEqual([])
  } finally {
    for (const context of room.browser.contexts()) await context.close()
    proxy.close()
  }
})

test('the chat page asks below the path', async () => {
  const chat = chatPagePlugin({
    isInUse: () => true,
    prefix: '/api/v2/bali-zero',
    facts: () => ({
      backend: 'bali-zero',
      rate: { count: 20, windowSec: 60 },
      holdsMs: 300_000,
      examples: [],
    }),
  })
  const rig = await startRig({}, { plugins: [chat] })
  const proxy = await startProxy(() => rig.port)
  try {
    const { page, requests } = await openPage(room.browser, `${proxy.url}chat`)
    await page.getByLabel('Your question').fill('how')
    const asked = page.waitForRequest(`${proxy.url}api/v2/bali-zero/chat-stream`)
    await page.keyboard.press('Enter')
    await asked
    expect(requests.filter(url => !url.startsWith(proxy.url) && !url.startsWith('data:'))).toEqual([])
    expect(proxy.missed).toEqual([])
  } finally {
    for (const context of room.browser.contexts()) await context.close()
    proxy.close()
    await rig.close()
  }
})

test('what the server prints has its public address; without one, addresses are relative', async () => {
  for (const publicUrl of [null, 'https://example.org/g6']) {
    const rig = await startRig({ publicUrl })
    const described = (await (await fetch(`${rig.url}/openapi.json`)).json()) as { servers: unknown }
    expect(described.servers).toEqual([{ url: publicUrl ?? '.' }])
    await rig.close()
  }
})
