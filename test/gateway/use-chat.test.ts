// The AI SDK's `useChat`, unchanged, in a React page in a browser, with the app's own route behind this server: an answer outlives a
// reload, is seen in a second tab, and ends where it is made when somebody stops it.
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ChatApp, startChatApp } from '../support/chat-app.js'
import { type ChatRig, startChatRig, until } from '../support/chat-rig.js'
import { launchChromium } from '../support/chromium.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { bundled, reactPagePlugin } from '../support/react-page.js'

let browser: Browser
let app: ChatApp
let rig: ChatRig
let proxy: FaultProxy
/** Two tabs of Anna's, one of Bert's; each case opens a chat of its own in them. */
let first: Page
let second: Page
let berts: Page
let asked: number
const faults: string[] = []

beforeAll(async () => {
  const entry = fileURLToPath(new URL('page/main.tsx', import.meta.url))
  const script = bundled(entry)
  browser = await launchChromium()
  app = await startChatApp()
  const table = { path: '/api/chat', upstream: app.url, streamId: 'body.id' }
  const route = { ...table, owner: ['cookie:session'], forward: ['cookie'] }
  const served = reactPagePlugin(await script, id => ({ id, messages: app.stored(id) }))
  rig = await startChatRig({
    chat: { relayRoutes: [route], chatDisconnectGraceMs: 60_000 },
    parts: { plugins: [served] },
  })
  proxy = await startFaultProxy(rig.rig.port)
  first = await tabOf('anna')
  second = await first.context().newPage()
  berts = await tabOf('bert')
  for (const page of [first, second, berts]) page.on('pageerror', error => faults.push(String(error)))
  // May install Chromium first.
}, 300_000)
afterAll(async () => {
  await browser.close()
  await proxy.close()
  await rig.close()
  await app.close()
})
beforeEach(async () => {
  asked = app.asked()
  rig.records.length = 0
  faults.length = 0
})

async function tabOf(session: string): Promise<Page> {
  const context = await browser.newContext()
  await context.addCookies([{ name: 'session', value: session, url: rig.rig.url }])
  return context.newPage()
}

const open = (page: Page, chat: string) => page.goto(`${rig.rig.url}/app?chat=${chat}`)

async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel('Question').fill(question)
  await page.getByLabel('Question').press('Enter')
}

const shows = (page: Page, ...texts: string[]) =>
  expect.poll(() => page.getByRole('article').allTextContents()).toEqual(texts)
const is = (page: Page, status: string) =>
  expect.poll(() => page.getByRole('status').textContent()).toBe(status)
const answerId = (page: Page) => page.locator('[data-role=assistant]').last().getAttribute('id')
const ends = () => rig.records.flatMap(each => (each.operation === 'stream.end' ? [each.reason] : []))

test('asks, and shows the answer as it comes; another question gets another answer', async () => {
  await open(first, 'ask')
  await ask(first, 'who?')
  await app.say('Hel')
  await shows(first, 'who?', 'Hel')
  await is(first, 'streaming')
  await app.say('lo')
  await app.done()
  await is(first, 'ready')
  await shows(first, 'who?', 'Hello')
  await ask(first, 'and?')
  await app.say('Bye')
  await app.done()
  await shows(first, 'who?', 'Hello', 'and?', 'Bye')
  await is(first, 'ready')
  expect([ends(), app.asked() - asked, faults]).toEqual([['complete', 'complete'], 2, []])
})

test('after a reload in the middle the whole answer is there once, as the same message', async () => {
  await open(first, 'reload')
  await ask(first, 'who?')
  await app.say('Hel')
  await shows(first, 'who?', 'Hel')
  const id = await answerId(first)
  await first.reload()
  await shows(first, 'who?', 'Hel')
  await is(first, 'streaming')
  await app.say('lo')
  await first.reload()
  // Not before the page is back: to one that asks after the end, the answer comes from the app.
  await shows(first, 'who?', 'Hello')
  await app.say(' you')
  await app.done()
  await shows(first, 'who?', 'Hello you')
  await is(first, 'ready')
  expect([await answerId(first), ends(), app.asked() - asked]).toEqual([id, ['complete'], 1])
  // What has ended comes from the app: the relay says that nothing is running.
  const resumed = first.waitForResponse(/\/api\/chat\/reload\/stream$/)
  await first.reload()
  expect((await resumed).status()).toBe(204)
  await shows(first, 'who?', 'Hello you')
  await is(first, 'ready')
  expect([await answerId(first), app.asked() - asked, faults]).toEqual([id, 1, []])
})

test('a second tab shows the same answer, and keeps it when the first one leaves', async () => {
  await open(first, 'tabs')
  await ask(first, 'who?')
  await app.say('Hel')
  await shows(first, 'who?', 'Hel')
  await open(second, 'tabs')
  await shows(second, 'who?', 'Hel')
  await app.say('lo')
  await Promise.all([shows(first, 'who?', 'Hello'), shows(second, 'who?', 'Hello')])
  expect(await answerId(second)).toBe(await answerId(first))
  await first.goto('about:blank')
  await app.say(' you')
  await app.done()
  await shows(second, 'who?', 'Hello you')
  await is(second, 'ready')
  expect([ends(), app.asked() - asked, faults]).toEqual([['complete'], 1, []])
})

test('stop in one tab stops the model, and the other tab; the next question is answered', async () => {
  await open(first, 'stop')
  await ask(first, 'who?')
  await app.say('Hel')
  await open(second, 'stop')
  await shows(second, 'who?', 'Hel')
  const before = app.stopped()
  await second.getByRole('button', { name: 'Stop' }).click()
  await until(() => app.stopped() > before, 'the model is stopped')
  await is(second, 'ready')
  // Half an answer must not look whole.
  await is(first, 'error')
  await shows(first, 'who?', 'Hel')
  expect(ends()).toEqual(['client_stop'])
  await ask(second, 'again?')
  await app.say('Yes')
  await app.done()
  await shows(second, 'who?', 'Hel', 'again?', 'Yes')
  await is(second, 'ready')
  expect([ends(), app.asked() - asked, faults]).toEqual([['client_stop', 'complete'], 2, []])
})

/** What happens to a running answer, in any order. A connection is cut after so many bytes, or the page is loaded again. */
const step = fc.oneof(
  fc.record({ say: fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }) }),
  fc.record({ cutAfter: fc.nat({ max: 300 }) }),
  fc.constant('reload' as const),
)

/** On new connections: the page itself comes whole. */
async function loadAgain(page: Page): Promise<void> {
  proxy.cut()
  await page.reload()
}

test('whatever is cut or loaded again, the whole answer is there in the end, once, and the app was asked once', async () => {
  const page = await tabOf('carla')
  let number = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 6 }), async steps => {
      const chat = `cuts-${number++}`
      const before = app.asked()
      let reply = 'A'
      await page.goto(`${proxy.url}/app?chat=${chat}`)
      await ask(page, 'who?')
      await app.say(reply)
      await shows(page, 'who?', reply)
      for (const each of steps) {
        if (each === 'reload') await loadAgain(page)
        else if ('say' in each) {
          reply += each.say
          await app.say(each.say)
        } else proxy.cutAfter(each.cutAfter)
      }
      // A page whose connection was cut shows an error, and is loaded again by the person.
      await loadAgain(page)
      await shows(page, 'who?', reply)
      await app.say('.')
      await app.done()
      await shows(page, 'who?', `${reply}.`)
      await is(page, 'ready')
      expect(app.asked() - before).toBe(1)
    }),
    {
      endOnFailure: true,
      numRuns: Number(process.env.FAULT_RUNS ?? 3),
      ...(process.env.FAULT_SEED === undefined ? {} : { seed: Number(process.env.FAULT_SEED) }),
    },
  )
  expect(ends().every(reason => reason === 'complete')).toBe(true)
  await page.context().close()
}, 600_000)

test("another session neither sees nor stops it, though it knows the chat's id", async () => {
  await open(first, 'mine')
  await ask(first, 'who?')
  await app.say('Hel')
  await shows(first, 'who?', 'Hel')
  const resumed = berts.waitForResponse(/\/mine\/stream$/)
  await open(berts, 'mine')
  // The page of this app tells everybody what it has stored, which is the question.
  expect((await resumed).status()).toBe(204)
  await is(berts, 'ready')
  await shows(berts, 'who?')
  const stopped = berts.waitForResponse(response => response.request().method() === 'DELETE')
  await berts.getByRole('button', { name: 'Stop' }).click()
  expect((await stopped).status()).toBe(404)
  const url = `${rig.rig.url}/api/chat/mine/stream`
  const answers = await Promise.all(['GET', 'DELETE'].map(method => fetch(url, { method })))
  expect(answers.map(({ status }) => status)).toEqual([404, 404])
  await app.say('lo')
  await app.done()
  await shows(first, 'who?', 'Hello')
  expect([ends(), app.asked() - asked, faults]).toEqual([['complete'], 1, []])
})
