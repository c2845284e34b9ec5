// Several tabs of one browser: they share a stream, and hidden ones give it up.
import type { BrowserContext, Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { ORDINARY, retold } from './support/boards.js'
import {
  card,
  connectionIs,
  look,
  openPage,
  shows,
  startPageServer,
  withoutWorkers,
} from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()
beforeEach(() => {
  room.server.publish(ORDINARY)
})

const priced = (price: string) => retold(ORDINARY, 'indices', '24512.30', price)

async function tab(context: BrowserContext, path = '/'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(room.server.url + path)
  await card(page, 'indices').waitFor({ timeout: 30_000 })
  return page
}

const streamsAre = (count: number) => eventually(() => room.server.streams === count, `${count} open streams`)

/** In the page: a stream that nobody wants is given up after 1 s instead of 30. */
function givesUpSoon(): void {
  const post = MessagePort.prototype.postMessage
  MessagePort.prototype.postMessage = function (this: MessagePort, message: { keepMs?: number }) {
    const { keepMs } = message
    post.call(this, keepMs === undefined ? message : { ...message, keepMs: Math.min(keepMs, 2_500) })
  }
}

describe('tabs of one browser', () => {
  test('eight of them are live over HTTP/1.1, with one stream for all, whatever they show of it', async () => {
    // A small board: the tabs are what is tested.
    room.server.publish(ORDINARY.filter(({ key }) => key === 'indices'))
    const context = await room.browser.newContext()
    const paths = Array.from({ length: 8 }, (_, i) =>
      i % 2 === 0 ? '/?panels=indices' : '/?kiosk=1&panels=indices',
    )
    const pages = await Promise.all(paths.map(path => tab(context, path)))
    // A wall display shows the verdict, which it has with a connection only, and not the connection.
    const areLive = async () => {
      for (const page of pages) await page.locator('.overall:not([data-verdict=unknown])').waitFor()
    }
    await areLive()
    expect(room.server.streams).toBe(1)
    room.server.publish(priced('24999.99'))
    for (const page of pages) await shows(page, 'indices', '24999.99')
    // The one that came first goes; the others miss nothing.
    await pages.shift()?.close()
    room.server.publish(priced('25000.01'))
    for (const page of pages) await shows(page, 'indices', '25000.01')
    await areLive()
    expect(room.server.streams).toBe(1)
  })

  test('the stream is given up when all are hidden, and goes on where it was for the first one that is shown', async () => {
    const context = await room.browser.newContext()
    await context.addInitScript(givesUpSoon)
    const [one, other] = [await tab(context), await tab(context)]
    await look(one, true)
    // The other one is visible: the hidden one is kept up to date at no cost.
    room.server.publish(priced('24600.00'))
    await shows(one, 'indices', '24600.00')
    await look(other, true)
    await streamsAre(0)
    await one.waitForFunction(() => document.title.startsWith('? '))
    room.server.publish(priced('25000.00'))
    await look(other, false)
    await shows(other, 'indices', '25000.00')
    await connectionIs(other, 'live')
    await streamsAre(1)
    // A tab that stays visible keeps it.
    await other.waitForFunction(() => !document.title.startsWith('? '))
  })

  test('do not get the board of a tab with another token, or of one signed in when they are not', async () => {
    const tokens = { sseApiToken: 'the-token-of-the-tests', sseApiTokenPrevious: 'the-token-before-it' }
    const server = await startPageServer({ http: tokens })
    try {
      server.publish(ORDINARY)
      const context = await room.browser.newContext()
      const pages: Page[] = []
      for (const token of [tokens.sseApiToken, tokens.sseApiToken, tokens.sseApiTokenPrevious]) {
        const page = await context.newPage()
        await page.goto(server.url)
        await page.getByLabel('Token', { exact: true }).fill(token)
        await page.keyboard.press('Enter')
        await shows(page, 'indices', '24512.30')
        pages.push(page)
      }
      await eventually(() => server.streams === 2, 'a stream for each token')
      const stranger = await context.newPage()
      await stranger.goto(server.url)
      await stranger.getByText('This server requires a token').waitFor()
      server.publish(priced('24999.99'))
      for (const page of pages) await shows(page, 'indices', '24999.99')
      expect(await stranger.locator('[data-panel]').count()).toBe(0)
      expect(server.streams).toBe(2)
    } finally {
      for (const context of room.browser.contexts()) await context.close()
      await server.close()
    }
  })

  test('one that announces alerts keeps its stream while it is hidden', async () => {
    const context = await room.browser.newContext()
    await context.addInitScript(() => localStorage.setItem('g6-page.alerts.sound', 'true'))
    await context.addInitScript(withoutWorkers)
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(room.server.url)
    await connectionIs(page, 'live')
    await look(page, true)
    for (let sec = 0; sec < 60; sec += 10) {
      await page.clock.fastForward(10_000)
      room.server.publish(priced(`24${600 + sec}.00`))
      await shows(page, 'indices', `24${600 + sec}.00`)
    }
    expect(room.server.streams).toBe(1)
  })
})

describe('without shared workers', () => {
  test('each tab has its own stream, which it gives up when it was hidden for 30 s', async () => {
    const { page } = await room.open({ before: each => each.clock.install() }, withoutWorkers)
    await connectionIs(page, 'live')
    await look(page, true)
    await page.clock.fastForward(25_000)
    room.server.publish(priced('24600.00'))
    await shows(page, 'indices', '24600.00')
    expect(room.server.streams).toBe(1)
    await page.clock.fastForward(6_000)
    await streamsAre(0)
    room.server.publish(priced('25000.00'))
    await look(page, false)
    await shows(page, 'indices', '25000.00')
    await connectionIs(page, 'live')
  })

  test('nor with one that does not answer is the page left without a board', async () => {
    const { page } = await room.open({ before: each => each.clock.install() }, () => {
      const dead = class {
        readonly port = new MessageChannel().port1
      }
      Object.assign(globalThis, { SharedWorker: dead })
    })
    await page.locator('.waiting').waitFor()
    for (let sec = 0; sec < 12; sec++) await page.clock.fastForward(1_000)
    await shows(page, 'indices', '24512.30')
    await connectionIs(page, 'live')
  })
})

describe('a server without a sign of life', () => {
  // It sends nothing while the test takes its time.
  const quiet = pageRoom({ keepaliveMs: 600_000 })

  test('has no verdict; with the next byte it has one again', async () => {
    quiet.server.publish(ORDINARY)
    const { page } = await quiet.open({ before: each => each.clock.install() }, withoutWorkers)
    await connectionIs(page, 'live')
    await page.locator('.overall:not([data-verdict="unknown"])').waitFor()
    const icon = () => page.locator('link[rel=icon]').getAttribute('href')
    expect(await icon()).not.toContain('unknown')
    await page.clock.fastForward(12_000)
    await connectionIs(page, /no sign of life for \d+ s/)
    await page.locator('.overall[data-verdict="unknown"]', { hasText: 'it was' }).waitFor()
    await page.getByText(/No sign of life from the server since/).waitFor()
    await page.getByText(/What is shown is the last board known/).waitFor()
    expect(await page.title()).toMatch(/^\? /)
    expect(await icon()).toContain('unknown')
    quiet.server.publish(priced('25000.00'))
    await connectionIs(page, 'live')
    await page.locator('.overall:not([data-verdict="unknown"])').waitFor()
    expect(await page.title()).not.toMatch(/^\? /)
  })
})

test('a refusal is shown in the words of the server, with the time of the next attempt', async () => {
  const server = await startPageServer({ http: { sseMaxConnections: 1 } })
  try {
    server.publish(ORDINARY)
    const taken = await fetch(`${server.url}/summary/events`)
    const { page } = await openPage(room.browser, server.url)
    const notice = page.getByRole('status', { name: 'Notices' })
    await notice.getByText('The server has as many streams as it may have').waitFor()
    await notice.getByText(/Trying again in \d+ s\./).waitFor()
    await taken.body?.cancel()
    await connectionIs(page, 'live')
  } finally {
    for (const context of room.browser.contexts()) await context.close()
    await server.close()
  }
})
