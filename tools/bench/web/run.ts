// What the page promises, measured in a real browser over a real server.
import { complaintsOf } from '../../../bench/output.js'
import { launchChromium } from './chromium.js'
import { benchFirstBoard } from './first-board.js'
import { startPublisher } from './publisher.js'
import { benchCells, benchLoad, benchReturn } from './updates.js'

export type WebBenchOptions = {
  readonly indices: number
  /** Under load. */
  readonly minutes?: number
  readonly quick?: true
}

export type WebReport = Awaited<ReturnType<typeof benchWeb>>

const UPDATES_PER_SEC = 100

export async function benchWeb({ indices, quick, minutes = quick ? 0.25 : 1 }: WebBenchOptions) {
  const publisher = await startPublisher(indices)
  const browser = await launchChromium()
  try {
    const first_board = await benchFirstBoard(browser, publisher.url, quick ? 5 : 20)
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(publisher.url)
    await page.locator('[data-panel="indices"] .content').waitFor()
    const cells = await benchCells(page, publisher, quick ? 10 : 50)
    const load = await benchLoad(page, publisher, UPDATES_PER_SEC, minutes * 60_000)
    const back = await benchReturn(page, publisher, quick ? 2 : 5)
    return { indices, first_board, cells, load, return_after_hidden: back }
  } finally {
    await browser.close()
    await publisher.close()
  }
}

/** A sentence for each figure over its limit. */
export function complaints({ first_board, cells, load, return_after_hidden }: WebReport): readonly string[] {
  return complaintsOf([
    { name: 'first board', value: first_board.median_ms, limit: 300, unit: 'ms' },
    { name: 'cells touched, of those that changed', value: cells.cells_touched, limit: cells.cells_changed },
    { name: 'heap growth', value: load.heap_growth_mb, limit: 10, unit: 'MB' },
    { name: 'frames over 50 ms', value: load.frames_over_50_ms, limit: 0 },
    { name: 'return after being hidden', value: return_after_hidden.max_ms, limit: 1_000, unit: 'ms' },
  ])
}
