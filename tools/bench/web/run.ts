// What the page promises, measured in a real browser over a real server.
import { launchChromium } from './chromium.js'
import { benchFirstBoard } from './first-board.js'
import { startPublisher } from './publisher.js'
import { benchCells, benchLoad, benchReturn } from './updates.js'

export type WebBenchOptions = {
  readonly indices: number
  /** Under load. */
  readonly durationSec: number
  readonly quick: boolean
}

export type WebReport = Awaited<ReturnType<typeof benchWeb>>

const UPDATES_PER_SEC = 100

export async function benchWeb({ indices, durationSec, quick }: WebBenchOptions) {
  const publisher = await startPublisher(indices)
  const browser = await launchChromium()
  try {
    const first_board = await benchFirstBoard(browser, publisher.url, quick ? 5 : 20)
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(publisher.url)
    await page.locator('[data-panel="indices"] .content').waitFor()
    const cells = await benchCells(page, publisher, quick ? 10 : 50)
    const load = await benchLoad(page, publisher, UPDATES_PER_SEC, durationSec * 1000)
    const back = await benchReturn(page, publisher, quick ? 2 : 5)
    return { indices, first_board, cells, load, return_after_hidden: back }
  } finally {
    await browser.close()
    await publisher.close()
  }
}

const BOUNDS = { firstBoardMs: 300, heapGrowthMb: 10, framesOver: 0, returnMs: 1_000 }

/** What is over its bound, for a person. */
export function complaints({ first_board, cells, load, return_after_hidden }: WebReport): readonly string[] {
  const found: readonly (readonly [isOver: boolean, what: string])[] = [
    [
      first_board.median_ms >= BOUNDS.firstBoardMs,
      `the first board took ${first_board.median_ms.toFixed(0)} ms, it should be under ${BOUNDS.firstBoardMs}`,
    ],
    [
      cells.cells_touched > cells.cells_changed,
      `${cells.cells_touched} cells were touched where ${cells.cells_changed} changed`,
    ],
    [
      load.heap_growth_mb >= BOUNDS.heapGrowthMb,
      `the heap grew by ${load.heap_growth_mb.toFixed(1)} MB, it should be under ${BOUNDS.heapGrowthMb}`,
    ],
    [
      load.frames_over_50_ms > BOUNDS.framesOver,
      `${load.frames_over_50_ms} frames took over 50 ms, the longest ${load.longest_such_ms.toFixed(0)} ms`,
    ],
    [
      return_after_hidden.max_ms >= BOUNDS.returnMs,
      `coming back took ${return_after_hidden.max_ms.toFixed(0)} ms, it should be under ${BOUNDS.returnMs}`,
    ],
  ]
  return found.filter(([isOver]) => isOver).map(([, what]) => what)
}
