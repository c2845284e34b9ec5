// The page in a real browser, over a real hub and server that the test publishes to.
import type { Browser, Locator, Page } from 'playwright-core'
import type { HttpPlugin } from '../../../src/contract/plugin.js'
import { pagePlugin } from '../../../src/http/routes/built-files.js'
import { type BoardServer, startBoardServer } from '../../support/board-server.js'
import { ALL_ROUTES, type httpConfig } from '../../support/http-rig.js'

export type PageServerOptions = {
  readonly epoch?: string
  readonly port?: number
  readonly http?: Parameters<typeof httpConfig>[0]
  readonly health?: () => unknown
  /** Besides the page. */
  readonly plugins?: readonly HttpPlugin[]
  readonly keepaliveMs?: number
}

export function startPageServer(options: PageServerOptions = {}): Promise<BoardServer> {
  const { epoch = 'e1', port = 0, http = {}, health = () => HEALTH, keepaliveMs, plugins = [] } = options
  return startBoardServer(epoch, {}, http, {
    plugins: [pagePlugin(), ...plugins],
    health,
    listeners: [{ ...ALL_ROUTES, port }],
    ...(keepaliveMs === undefined ? {} : { keepaliveMs }),
  })
}

/** An ordinary document of /summary/health. */
export const HEALTH = {
  ok: true,
  status: 'ok',
  hit_ratio: 0.984,
  sse: { clients: 3 },
  status_file: { state: 'fresh', age_sec: 1 },
}

export type Watched = {
  readonly page: Page
  /** Uncaught errors, errors of the console, violations of the policy. */
  readonly faults: string[]
  /** Requested URLs. */
  readonly requests: string[]
}

export const VIEWPORT = { width: 1280, height: 900 }

export type OpenOptions = Parameters<Browser['newContext']>[0] & {
  /** Called before the first request. */
  readonly before?: (page: Page) => Promise<unknown>
}

/** An empty page with a context of its own, which records errors and requests. */
export async function newPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: VIEWPORT, ...options })
  const page = await context.newPage()
  const faults: string[] = []
  const requests: string[] = []
  page.on('pageerror', error => faults.push(String(error)))
  page.on('request', request => requests.push(request.url()))
  page.on('console', message => {
    // The browser logs a cut connection in the console, whatever the page does about it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      faults.push(message.text())
    }
  })
  return { page, faults, requests }
}

/** A new page at this address. `init` runs before the page's scripts. */
export async function openPage(
  browser: Browser,
  url: string,
  { before, ...options }: OpenOptions = {},
  init?: () => void,
): Promise<Watched> {
  const watched = await newPage(browser, options)
  const { page } = watched
  if (init !== undefined) await page.addInitScript(init)
  await before?.(page)
  await page.goto(url)
  return watched
}

/** Before the page's scripts: a browser without shared workers, so that the feed runs in the tab and on the tab's clock. */
export function withoutWorkers(): void {
  Reflect.deleteProperty(globalThis, 'SharedWorker')
}

/** What the page sees when its tab goes to the background, or comes back. */
export function look(page: Page, hidden: boolean): Promise<void> {
  return page.evaluate(isHidden => {
    Object.defineProperty(document, 'hidden', { get: () => isHidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}

/** Chooses in the menu of the page, or in that of a card. */
export async function choose(within: Page | Locator, label: string): Promise<void> {
  const isPage = 'goto' in within
  const button = isPage
    ? within.getByRole('button', { name: 'Menu' })
    : within.getByRole('button', { name: /^Actions for/ })
  await button.click()
  await (isPage ? within : within.page()).getByRole('menu').getByText(label, { exact: true }).click()
}

export const card = (page: Page, key: string) => page.locator(`[data-panel="${key}"]`)

/** Resolves when the strip shows this state of the connection. */
export const connectionIs = (page: Page, text: string | RegExp) =>
  page.locator('.facts div', { hasText: 'Connection' }).filter({ hasText: text }).waitFor({ timeout: 30_000 })

/** Resolves when the card shows this text. */
export async function shows(page: Page, key: string, text: string): Promise<void> {
  await card(page, key).filter({ hasText: text }).waitFor({ timeout: 30_000 })
}
