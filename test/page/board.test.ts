// The board on the page: what the server shows, as it comes.
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { BoardServer } from '../support/board-server.js'
import { launchChromium } from '../support/chromium.js'
import { fixture, panelsOf } from '../terminal/support/scenes.js'
import { openPage, startPageServer } from './support/page-rig.js'

let browser: Browser
let server: BoardServer

beforeAll(async () => {
  browser = await launchChromium()
  // May install Chromium first.
}, 300_000)
afterAll(() => browser.close())
beforeEach(async () => {
  server = await startPageServer()
})
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  await server.close()
})

test('shows every panel of the board, in the server’s order', async () => {
  const panels = panelsOf(fixture('full'))
  server.publish(panels)
  const { page, faults } = await openPage(browser, server.url)
  await page
    .locator('[data-panel]')
    .nth(panels.length - 1)
    .waitFor()
  const titles = await page.locator('[data-panel] h2').allTextContents()
  expect(titles).toEqual(panels.map(({ title }) => title))
  expect(faults).toEqual([])
})
