// From the beginning of the navigation to the first board on the screen, in a fresh profile each time.
import type { Browser } from 'playwright-core'
import { median, percentile } from '../stats.js'

// In the page: the first card is in the document, the frame that has it is drawn, and what comes after that frame runs.
const WATCH = `globalThis.firstBoard = new Promise(resolve => new MutationObserver((_, observer) => {
  if (document.querySelector('[data-panel] .content') === null) return
  observer.disconnect()
  requestAnimationFrame(() => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => resolve(performance.now())
    channel.port2.postMessage(null)
  })
}).observe(document, { childList: true, subtree: true }))`

async function firstBoardMs(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const page = await context.newPage()
    await page.addInitScript(WATCH)
    await page.goto(url)
    return Number(await page.evaluate('globalThis.firstBoard'))
  } finally {
    await context.close()
  }
}

export async function benchFirstBoard(browser: Browser, url: string, rounds: number) {
  // The first of all starts processes of the browser: that is not the page's.
  await firstBoardMs(browser, url)
  const samples: number[] = []
  for (let i = 0; i < rounds; i++) samples.push(await firstBoardMs(browser, url))
  return {
    rounds,
    median_ms: median(samples),
    p95_ms: percentile(samples, 0.95),
    max_ms: Math.max(...samples),
  }
}
