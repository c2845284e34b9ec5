// resumableFetch in a page of a real browser, under the SDK of OpenAI: cuts inside an event, a reload in the middle, an abort.
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { launchChromium } from '../support/chromium.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { type PassUpstream, startPassUpstream } from '../support/pass-upstream.js'
import { bundled, reactPagePlugin } from '../support/react-page.js'

let browser: Browser
let upstream: PassUpstream
let rig: ChatRig
let proxy: FaultProxy
let page: Page
beforeAll(async () => {
  const script = bundled(fileURLToPath(new URL('page/fetch.ts', import.meta.url)))
  browser = await launchChromium()
  upstream = await startPassUpstream()
  rig = await startChatRig({
    chat: { relayUpstream: upstream.url, chatDisconnectGraceMs: 60_000 },
    parts: { plugins: [reactPagePlugin(await script, () => null)] },
  })
  proxy = await startFaultProxy(rig.rig.port)
  // May install Chromium first.
}, 300_000)
afterAll(async () => {
  await browser.close()
  await proxy.close()
  await rig.close()
  await upstream.close()
})
beforeEach(async () => {
  page = await (await browser.newContext()).newPage()
  await page.goto(`${proxy.url}/app?chat=x`)
})

const ask = () => page.evaluate(() => (globalThis as unknown as { ask(): void }).ask())
const shown = () => page.locator('#page').textContent()
const shows = (text: string) => expect.poll(shown).toBe(text)
const ends = (how: string | RegExp) =>
  expect.poll(() => page.locator('#page').getAttribute('data-end')).toMatch(how)
const token = (text: string): string =>
  `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]}\n\n`
const LAST = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

test('cut again and again, before the head and inside an event, by FIN and RST, each byte comes once', async () => {
  const asked = upstream.asked()
  const cuts = [0, 900, 1_200, 700, 1_500, 850, 0, 990].map((afterBytes, i) => ({
    afterBytes,
    isReset: i % 2 === 0,
  }))
  proxy.cut()
  proxy.cutEach(() => cuts.shift() ?? null)
  await ask()
  const words = Array.from({ length: 40 }, (_, i) => `wörd ${i} 🦜 `)
  const { response } = (await upstream.next()).stream()
  response.end(words.map(token).join('') + LAST)
  await ends('whole')
  expect(await shown()).toBe(words.join(''))
  expect([cuts, upstream.asked()]).toEqual([[], asked + 1])
})

test('after a reload in the middle the answer is there from its beginning, and goes on', async () => {
  await ask()
  const call = (await upstream.next()).stream().say(token('Hel'))
  await shows('Hel')
  const asked = upstream.asked()
  await page.reload()
  await shows('Hel')
  call.say(token('lo'))
  await shows('Hello')
  call.say(LAST).response.end()
  await ends('whole')
  await page.reload()
  await ends('whole')
  expect([await shown(), upstream.asked()]).toEqual(['Hello', asked])
})

test('an abort stops the answer on the server, and the upstream', async () => {
  await ask()
  const call = (await upstream.next()).stream().say(token('Hel'))
  await shows('Hel')
  await page.evaluate(() => (globalThis as unknown as { halt(): void }).halt())
  await call.closed
  await until(() => rig.observed.ends.at(-1) === 'client_stop', 'stopped')
  await ends('aborted')
  expect(await shown()).toBe('Hel')
})

test('half an answer is an error in the page', async () => {
  await ask()
  const call = (await upstream.next()).stream().say(token('Hel'))
  await shows('Hel')
  call.response.destroy()
  await ends(/Error/)
  expect(await shown()).toBe('Hel')
})
