// A page of another site, in a real browser: what it can send to a server on this machine takes no place there.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { pagePlugin } from '../../src/http/routes/built-files.js'
import { launchChromium } from '../support/chromium.js'
import { type Rig, startRig } from '../support/http-rig.js'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** An empty page on a port of its own. */
async function startSite(): Promise<number> {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>a</title>'),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
  return (server.address() as AddressInfo).port
}

const start = async (): Promise<Rig> => {
  const limits = { sseMaxConnections: 2, sseIpConnectRate: { count: 20, windowSec: 60 } }
  const rig = await startRig(limits, { plugins: [pagePlugin()] })
  closers.push(() => rig.close())
  return rig
}

/**
 * Everything a page can ask for without permission; resolves when all of it has ended, with how many requests the browser lost:
 * on a busy machine it may use a connection that the server has just closed.
 */
async function attack(url: string): Promise<number> {
  let lost = 0
  const asked = (path: string, init: RequestInit): Promise<unknown> =>
    fetch(`${url}${path}`, init).catch(() => lost++)
  const ended = (source: EventTarget): Promise<unknown> =>
    new Promise(resolve => {
      for (const name of ['error', 'load']) source.addEventListener(name, resolve, { once: true })
    })
  const element = (name: 'img' | 'script' | 'iframe', src: string): Promise<unknown> => {
    const made = document.createElement(name)
    const done = ended(made)
    made.src = src
    document.body.append(made)
    return done
  }
  const streams = ['/summary/events', '/summary/stream']
  await Promise.all([
    ...Array.from({ length: 70 }, (_, i) =>
      asked(`${streams[i % 2]}?i=${i}`, { mode: 'no-cors', cache: 'no-store' }),
    ),
    ...streams.flatMap(path => [
      ended(new EventSource(`${url}${path}`)),
      element('img', `${url}${path}`),
      element('script', `${url}${path}`),
      element('iframe', `${url}${path}`),
    ]),
    element('script', `${url}/summary/resync`),
    asked('/summary/ticket', { method: 'POST', mode: 'no-cors' }),
  ])
  return lost
}

test.each([
  ['another port of this host', '127.0.0.1'],
  ['another host', 'localhost'],
])('a page of %s takes no place from the page of the owner', async (_, host) => {
  const rig = await start()
  const evil = await browser.newPage()
  closers.push(() => evil.close())
  await evil.goto(`http://${host}:${await startSite()}/`)
  const lost = await evil.evaluate(attack, rig.url)
  expect([...new Set(rig.rejected)]).toEqual(['origin'])
  expect(rig.rejected.length).toBeGreaterThanOrEqual(70 + 8 - lost)
  expect(lost).toBeLessThan(10)
  expect(rig.hub.joined).toEqual([])
  // A link of that page opens the owner's page, which has its stream.
  await evil.evaluate(url => {
    location.href = url
  }, `${rig.url}/`)
  await rig.hub.until(() => rig.hub.joined.length === 1)
  expect(new Set(rig.rejected)).toEqual(new Set(['origin']))
})
