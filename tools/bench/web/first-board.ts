// From the start of the navigation to the first board on the screen, in a fresh profile each time.
import type { Browser } from 'playwright-core'
import { median, percentile } from '../../../bench/stats.js'
import { metric } from './updates.js'

// In the page: resolves after the frame that draws the first card.
const WATCH = `globalThis.firstBoard = new Promise(resolve => new MutationObserver((_, observer) => {
  if (document.querySelector('[data-panel] .content') === null) return
  observer.disconnect()
  requestAnimationFrame(() => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => resolve(performance.now())
    channel.port2.postMessage(null)
  })
}).observe(document, { childList: true, subtree: true }))`

type Sample = {
  readonly ms: number
  /** Processor time of the main thread until then, which holds on a busy machine. */
  readonly cpuMs: number
}

async function firstBoard(browser: Browser, url: string): Promise<Sample> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const page = await context.newPage()
    await page.addInitScript(WATCH)
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    await page.goto(url)
    // Not page.evaluate(), which loads a script of its own into the measured page.
    const { result } = await session.send('Runtime.evaluate', {
      expression: 'globalThis.firstBoard',
      awaitPromise: true,
    })
    return { ms: Number(result.value), cpuMs: (await metric(session, 'TaskDuration')) * 1000 }
  } finally {
    await context.close()
  }
}

export async function benchFirstBoard(browser: Browser, url: string, rounds: number) {
  // Not measured: the first page starts processes of the browser.
  await firstBoard(browser, url)
  const samples: Sample[] = []
  for (let i = 0; i < rounds; i++) samples.push(await firstBoard(browser, url))
  const ms = samples.map(sample => sample.ms)
  return {
    rounds,
    median_ms: median(ms),
    p95_ms: percentile(ms, 0.95),
    max_ms: Math.max(...ms),
    main_thread_cpu_median_ms: median(samples.map(({ cpuMs }) => cpuMs)),
  }
}
