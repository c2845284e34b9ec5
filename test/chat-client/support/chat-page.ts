// The chat page in a real browser over the real relay, in this process: one server, one browser and one page for all cases of a file.
// Each case opens that page anew, with nothing kept, and says what the backend answers. A new page would cost seconds of a busy
// machine; only a case that needs another kind of page gets one of its own.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { MockScript } from '../../../src/chat/mock/script.js'
import { chatPagePlugin } from '../../../src/http/routes/chat-page.js'
import { keptText } from '../../../web/chat/conversation/keep.js'
import type { Turn } from '../../../web/chat/conversation/turn.js'
import { type ChatRig, DEFAULTS, startChatRig } from '../../support/chat-rig.js'
import { launchChromium } from '../../support/chromium.js'
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.js'
import { type HandUpstream, startHandUpstream } from '../../support/hand-upstream.js'

export type ChatPage = {
  readonly page: Page
  readonly rig: ChatRig
  readonly proxy: FaultProxy
  /** Says its words when the test wants it. */
  readonly hand: HandUpstream
  /** Of the scripted backend. */
  script: Partial<MockScript>
  /** Errors of the page and of its policy. */
  readonly faults: string[]
  /** Addresses that the page asked for. */
  readonly requested: string[]
  /** Opens the page. With `options` or `init`, which runs in it before its scripts, it is a page of its own. */
  open(options?: BrowserContextOptions, init?: () => void): Promise<Page>
  /** Opens `page`, or the usual one, with this conversation kept from before. */
  openWith(turns: readonly Turn[], page?: Page): Promise<Page>
  /** From now on the backend that the test speaks for is asked. */
  byHand(): void
}

export const EXAMPLES = ['What is a KITAS, and who needs one?', 'Compare a KITAS and a KITAP']

export function chatPageRoom(): ChatPage {
  let browser: Browser
  let usual: Page | null = null
  let rig: ChatRig
  let proxy: FaultProxy
  let hand: HandUpstream
  let page: Page
  const room = {
    script: {} as Partial<MockScript>,
    faults: [] as string[],
    requested: [] as string[],
  }
  beforeAll(async () => {
    browser = await launchChromium()
    const chat = chatPagePlugin({
      isInUse: () => true,
      prefix: '/api/v2/bali-zero',
      facts: () => ({
        backend: 'bali-zero',
        rate: { count: 20, windowSec: 60 },
        holdsMs: 300_000,
        examples: EXAMPLES,
      }),
    })
    rig = await startChatRig({
      mock: { script: () => room.script },
      parts: { plugins: [chat] },
      breakerRestMs: 0,
    })
    proxy = await startFaultProxy(rig.rig.port)
    // May install Chromium first.
  }, 300_000)
  afterAll(async () => {
    await browser.close()
    await proxy.close()
    await rig.close()
  })
  beforeEach(async () => {
    hand = await startHandUpstream()
    room.script = {}
    room.faults.length = 0
    room.requested.length = 0
    rig.limits.refuse = null
    Object.assign(rig.flag, { enabled: true, allows: true })
    rig.setChat({ ...DEFAULTS, ragBackendUrl: [rig.mock.url], chatEarlyHeadersMs: 0 })
  })
  afterEach(async () => {
    proxy.target = rig.rig.port
    proxy.resume()
    for (const context of browser.contexts()) {
      if (usual === null || context !== usual.context()) await context.close()
    }
    // Its answers end with it.
    if (usual !== null) await leave(usual)
    await hand.close()
  })
  async function newPage(options: BrowserContextOptions = {}, init?: () => void): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    const made = await context.newPage()
    made.on('pageerror', error => room.faults.push(String(error)))
    made.on('request', request => room.requested.push(request.url()))
    made.on('console', message => {
      // The browser logs a refused request and a cut connection, whatever the page does.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        room.faults.push(message.text())
    })
    if (init !== undefined) await made.addInitScript(init)
    return made
  }
  /** A document of this origin without scripts: what the tab keeps is set here. */
  const leave = (at: Page) => at.goto(`${proxy.url}/chat/page.css`)
  async function goTo(at: Page, conversation: string): Promise<void> {
    await leave(at)
    await at.evaluate(kept => {
      sessionStorage.clear()
      if (kept !== '') sessionStorage.setItem('g6-chat-conversation', kept)
    }, conversation)
    await at.goto(`${proxy.url}/chat`)
  }
  return {
    get page() {
      return page
    },
    get rig() {
      return rig
    },
    get proxy() {
      return proxy
    },
    get hand() {
      return hand
    },
    get script() {
      return room.script
    },
    set script(script) {
      room.script = script
    },
    faults: room.faults,
    requested: room.requested,
    byHand: () => rig.setChat({ ragBackendUrl: [hand.url] }),
    open: async (options, init) => {
      if (options !== undefined || init !== undefined) page = await newPage(options, init)
      else {
        usual ??= await newPage()
        page = usual
      }
      await goTo(page, '')
      return page
    },
    openWith: async (turns, at) => {
      page = at ?? usual ?? (await newPage())
      if (at === undefined) usual = page
      await goTo(page, keptText(turns).text)
      return page
    },
  }
}

export async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel('Your question').fill(question)
  await page.getByLabel('Your question').press('Enter')
}

/** Before it asks: it connects again at once. */
export function hurryReconnects(page: Page): Promise<void> {
  return page.evaluate(() => {
    Math.random = () => 0.001
  })
}

/** Before it asks: the first wait until it connects again never ends by itself; it is taken as 0.95 s. */
export function holdReconnects(page: Page): Promise<void> {
  return page.evaluate(() => {
    Math.random = () => 0.95
    const later = globalThis.setTimeout.bind(globalThis)
    const held = (run: () => void, ms?: number) => later(run, ms === 950 ? 3_600_000 : ms)
    globalThis.setTimeout = held as typeof setTimeout
  })
}

export const card = (page: Page) => page.getByRole('article').last()
export const answerOf = (page: Page) => card(page).locator('.answer')
/** Resolves when the last line of the last card says this. */
export const ends = (page: Page, words: string | RegExp) =>
  card(page).locator('footer').filter({ hasText: words }).waitFor()
/** What may be done in the last card. */
export const actions = (page: Page) => card(page).locator('footer button').allTextContents()
