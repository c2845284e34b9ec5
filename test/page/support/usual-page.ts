// The page that the tests of a file use one after another. A new page is a new process of the browser, which costs two seconds of a
// processor; this one goes to the next address instead. Each test has an origin of its own, so it finds nothing that another one
// stored in the browser.
import type { Browser } from 'playwright-core'
import { newPage, type OpenOptions, VIEWPORT, type Watched } from './page-rig.js'

/** What can be changed in a page that exists. */
const CHANGEABLE: ReadonlySet<string> = new Set(['viewport', 'reducedMotion', 'colorScheme'])

export class UsualPage {
  readonly #browser: Browser
  #watched: Watched | null = null
  #isTaken = false

  constructor(browser: Browser) {
    this.#browser = browser
  }

  /** Whether it can be what is asked for: once in a test, with changeable options only. */
  canBe(options: OpenOptions): boolean {
    return !this.#isTaken && Object.keys(options).every(name => CHANGEABLE.has(name))
  }

  async open(url: string, options: OpenOptions): Promise<Watched> {
    this.#isTaken = true
    if (this.#watched === null || this.#watched.page.isClosed()) this.#watched = await newPage(this.#browser)
    const { page, faults, requests } = this.#watched
    await page.setViewportSize(options.viewport ?? VIEWPORT)
    const { reducedMotion = null, colorScheme = null } = options
    await page.emulateMedia({ reducedMotion, colorScheme, forcedColors: null, media: null })
    await page.mouse.move(0, 0)
    faults.length = 0
    requests.length = 0
    await page.goto(url)
    return this.#watched
  }

  /** After a test: closes every other page, and leaves the server. */
  async leave(): Promise<void> {
    const mine = this.#watched?.page
    for (const context of this.#browser.contexts()) if (context !== mine?.context()) await context.close()
    this.#isTaken = false
    if (mine === undefined || mine.isClosed()) return
    for (const each of mine.context().pages()) if (each !== mine) await each.close()
    await mine.goto('about:blank')
  }
}
