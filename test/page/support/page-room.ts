// Setup and cleanup of the page's tests: one browser and one page for a file, a server for each test, no other page left open.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { BoardServer } from '../../support/board-server.js'
import { launchChromium } from '../../support/chromium.js'
import { freePort } from '../../support/free-port.js'
import {
  type OpenOptions,
  openPage,
  type PageServerOptions,
  startPageServer,
  type Watched,
} from './page-rig.js'
import { UsualPage } from './usual-page.js'

export type PageRoom = {
  readonly browser: Browser
  readonly server: BoardServer
  /** Stops the server; resolves to a function that starts another one at the same address. */
  endServer(): Promise<(epoch: string) => Promise<void>>
  /** A page that is as new. With `init`, which runs in it before its own scripts, it is a page of its own. */
  open(options?: OpenOptions & { readonly path?: string }, init?: () => void): Promise<Watched>
  /** The page once it shows a card. */
  shown(options?: OpenOptions & { readonly path?: string }, init?: () => void): Promise<Page>
}

export function pageRoom(options: PageServerOptions = {}): PageRoom {
  let browser: Browser
  let usual: UsualPage
  let server: BoardServer
  beforeAll(async () => {
    browser = await launchChromium()
    usual = new UsualPage(browser)
    // May install Chromium first.
  }, 300_000)
  afterAll(() => browser.close())
  beforeEach(async () => {
    server = await startPageServer({ ...options, port: await freePort() })
  })
  afterEach(async () => {
    await usual.leave()
    await server.close()
  })
  const open: PageRoom['open'] = ({ path = '/', ...given } = {}, init) =>
    init === undefined && usual.canBe(given)
      ? usual.open(`${server.url}${path}`, given)
      : openPage(browser, `${server.url}${path}`, given, init)
  return {
    get browser() {
      return browser
    },
    async endServer() {
      const { port } = server
      await server.close()
      return async epoch => {
        server = await startPageServer({ ...options, port, epoch })
      }
    },
    get server() {
      return server
    },
    open,
    async shown(given, init) {
      const { page } = await open(given, init)
      await page.locator('[data-panel]').first().waitFor()
      return page
    },
  }
}
