// The plots on the page: drawn from received boards, in both themes, at most once a second, with a text for each.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { withNumbers } from './support/moments.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()
const FOUR = { NIFTY: 24_512.3, BANKNIFTY: 52_110.8, FINNIFTY: 23_988.1, SENSEX: 80_455.6 }
const MANY = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`INDEX${i + 1}`, 1000 + i]))

const plot = (page: Page, group: string, at = 0) => page.locator(`[data-plot=${group}]`).nth(at)
const says = (page: Page, group: string, text: string, at = 0) =>
  plot(page, group, at).filter({ hasText: text }).waitFor({ timeout: 30_000 })

/** Resolves when the plot's canvas holds a point of the colour of its first line. */
async function drawn(page: Page, group: string): Promise<void> {
  await page.waitForFunction(
    name => {
      const figure = document.querySelector(`[data-plot=${name}]`)
      const canvas = figure?.querySelector('canvas')
      const swatch = figure?.querySelector('.plot-swatch')
      if (!canvas || !swatch || canvas.width === 0) return false
      const [red = 0, green = 0, blue = 0] = (getComputedStyle(swatch).color.match(/\d+/g) ?? []).map(Number)
      const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
        data: [],
      }
      for (let i = 0; i < data.length; i += 4) {
        const isThere = (data[i + 3] ?? 0) > 100
        const apart =
          Math.abs((data[i] ?? 0) - red) +
          Math.abs((data[i + 1] ?? 0) - green) +
          Math.abs((data[i + 2] ?? 0) - blue)
        if (isThere && apart < 12) return true
      }
      return false
    },
    group,
    { timeout: 30_000, polling: 200 },
  )
}

type Counting = typeof globalThis & { drawings: number }

/** Counts what uPlot clears before it draws. */
function countDrawings(): void {
  const page = globalThis as Counting
  page.drawings = 0
  const { clearRect } = CanvasRenderingContext2D.prototype
  CanvasRenderingContext2D.prototype.clearRect = function (...args) {
    page.drawings++
    clearRect.apply(this, args)
  }
}

describe('the plots', () => {
  test.each(['light', 'dark'] as const)(
    'are drawn in the colours of the %s theme, and described in words',
    async colorScheme => {
      room.server.publish(withNumbers(FOUR, 17.3))
      const { page, faults } = await room.open({ colorScheme })
      for (const group of ['ltp', 'dq', 'cycle', 'cpu', 'memory']) await drawn(page, group)
      await says(page, 'cpu', 'CPU: now 17.3 %, lowest 17.3 %, highest 17.3 % in the last 15 minutes.')
      await says(page, 'ltp', '24,512.30')
      await says(page, 'dq', 'SENSEX 92.0 %')
      await says(page, 'cycle', 'p95 1.19 s')
      await says(page, 'memory', '231.5 MB')
      // Only the last value of each second is kept: send values until they fall into another second.
      let load = 20
      await expect
        .poll(
          () => {
            room.server.publish(withNumbers(FOUR, ++load))
            return plot(page, 'cpu').locator('.hidden-text').textContent()
          },
          { timeout: 30_000, interval: 300 },
        )
        .toMatch(/^CPU: now \d+\.0 %, lowest (\d+\.\d) %, highest (?!\1)\d+\.0 % in/)
      expect(faults).toEqual([])
    },
  )

  test('are absent for a board without numbers, say when there is no data yet, and draw it when it comes', async () => {
    room.server.publish([{ key: 'odd', title: 'Odd', tone: 'ok', blocks: [], lines: [] }])
    const { page, faults } = await room.open()
    await page.getByText('Odd').first().waitFor()
    expect(await page.locator('[data-plot]').count()).toBe(0)
    room.server.publish([
      { key: 'cycle', title: 'Cycle', tone: 'ok', blocks: [], lines: ['1'], facts: { number: 1 } },
    ])
    for (const group of ['dq', 'cycle', 'cpu', 'memory']) await says(page, group, 'no data yet')
    room.server.publish(withNumbers(FOUR, 17.3))
    await drawn(page, 'cpu')
    await drawn(page, 'ltp')
    expect(await page.getByText('no data yet').count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('show as many indices as there is room for, and the one that is chosen, the next time too', async () => {
    room.server.publish(withNumbers(FOUR, 17.3))
    const { page } = await room.open({ viewport: { width: 2560, height: 1200 } })
    await says(page, 'ltp', 'SENSEX', 3)
    expect(await page.locator('[data-plot=ltp]').count()).toBe(4)
    expect(await page.locator('[data-plot=ltp] select').count()).toBe(0)
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.locator('[data-plot=ltp]').nth(1).waitFor({ state: 'detached' })
    await page.getByLabel('Index of this plot').selectOption('SENSEX')
    await says(page, 'ltp', '80,455.60')
    await page.reload()
    await says(page, 'ltp', '80,455.60')
  })

  test('of 600 indices tell the lowest data quality, let one be chosen, and leave room for the other numbers', async () => {
    room.server.publish(withNumbers(MANY, 17.3))
    const { page, faults } = await room.open()
    await says(page, 'dq', 'Data quality, lowest')
    await says(page, 'dq', '66.0 %')
    await page.getByLabel('Index of this plot').first().selectOption('INDEX200')
    await says(page, 'ltp', '1,199.00')
    await says(page, 'cycle', 'last 0.73 s')
    await says(page, 'cpu', '17.3 %')
    expect(faults).toEqual([])
  })

  test('stay within their frame for every value', async () => {
    room.server.publish(withNumbers(FOUR, 1e300))
    const { page } = await room.open({ viewport: { width: 2000, height: 900 } })
    await says(page, 'cpu', '000,000.0 %')
    const row = page.locator('.plots-row')
    expect(await row.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
  })

  test('show time and value under the pointer', async () => {
    room.server.publish(withNumbers(FOUR, 17.3))
    const { page } = await room.open()
    await drawn(page, 'cycle')
    const over = plot(page, 'cycle').locator('.u-over')
    const { width, height } = (await over.boundingBox()) ?? { width: 0, height: 0 }
    const tooltip = plot(page, 'cycle').locator('.plot-tooltip')
    // The newest value stands where the pointer is as long as there is always a newer one.
    let cpu = 0
    await expect
      .poll(
        async () => {
          room.server.publish(withNumbers(FOUR, ++cpu))
          await over.hover({ position: { x: width - 2, y: height / 2 } })
          return tooltip.textContent()
        },
        { timeout: 30_000, interval: 300 },
      )
      .toMatch(/\d+:\d\d:\d\d.*\nlast 0\.73 s\np95 1\.19 s/)
    await page.mouse.move(0, 0)
    await tooltip.waitFor({ state: 'hidden' })
  })

  test('show time and value by keyboard too, also to a screen reader', async () => {
    room.server.publish(withNumbers(FOUR, 17.3))
    const { page } = await room.open({}, countDrawings)
    await drawn(page, 'cycle')
    const tooltip = plot(page, 'cycle').locator('.plot-tooltip')
    await plot(page, 'cycle').focus()
    await page.keyboard.press('ArrowLeft')
    await tooltip.waitFor()
    const newest = await tooltip.textContent()
    expect(newest).toMatch(/^\d+:\d\d:\d\d.*\nlast 0\.73 s\np95 1\.19 s$/)
    await page.getByRole('status', { name: 'Done' }).getByText('p95 1.19 s').waitFor({ state: 'attached' })
    // There is no data from before the page was opened.
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowLeft')
    await tooltip.filter({ hasText: 'p95 —' }).waitFor()
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowRight')
    await tooltip.filter({ hasText: newest ?? '' }).waitFor()
    // It stays at its moment when the plot is redrawn.
    await page.waitForFunction(
      until => (globalThis as Counting).drawings > until,
      await page.evaluate(
        () => (globalThis as Counting).drawings + 3 * document.querySelectorAll('canvas').length,
      ),
    )
    expect(await tooltip.textContent()).toBe(newest)
    await page.keyboard.press('Escape')
    await tooltip.waitFor({ state: 'hidden' })
    await page.keyboard.press('ArrowRight')
    await tooltip.waitFor()
    await page.keyboard.press('Tab')
    await tooltip.waitFor({ state: 'hidden' })
  })

  test('scroll in a row of their own on a narrow screen, along with the focus', async () => {
    room.server.publish(withNumbers(FOUR, 17.3))
    const { page } = await room.open({ viewport: { width: 360, height: 800 } })
    await drawn(page, 'ltp')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    const row = page.locator('.plots-row')
    expect(await row.evaluate(each => each.scrollWidth > each.clientWidth)).toBe(true)
    await plot(page, 'memory').focus()
    await expect.poll(() => row.evaluate(each => each.scrollLeft)).toBeGreaterThan(0)
  })

  test('are for looking only on a wall display', async () => {
    room.server.publish(withNumbers(MANY, 17.3))
    const { page, faults } = await room.open()
    await page.goto(`${room.server.url}/?kiosk=1`)
    await drawn(page, 'ltp')
    expect(await page.locator('.plots').locator('select:visible, summary:visible').count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('stay folded when a person folds them', async () => {
    room.server.publish(withNumbers(FOUR, 17.3))
    const { page } = await room.open()
    await page.getByRole('heading', { name: 'Last 15 minutes' }).click()
    await page.locator('[data-plot]').first().waitFor({ state: 'detached' })
    await page.reload()
    await page.locator('[data-panel=cycle]').waitFor()
    expect(await page.locator('[data-plot]').count()).toBe(0)
  })
})

describe('the drawing', () => {
  /** The page's clock runs only when the test advances it. */
  async function stoppedPage(): Promise<{ page: Page; drawings: () => Promise<number> }> {
    room.server.publish(withNumbers(FOUR, 17.3))
    const { page } = await room.open({ before: each => each.clock.install() }, countDrawings)
    await drawn(page, 'memory')
    // Not so far ahead that the stream would count as silent.
    await page.clock.pauseAt(new Date(Date.now() + 10_000))
    return { page, drawings: () => page.evaluate(() => (globalThis as Counting).drawings) }
  }

  test('happens once a second for each plot, for any number of updates', async () => {
    const { page, drawings } = await stoppedPage()
    const plots = await page.locator('[data-plot]').count()
    await page.clock.runFor(1_000)
    const before = await drawings()
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 10; i++) {
        room.server.publish(withNumbers(FOUR, second * 10 + i))
        await page.clock.runFor(100)
      }
    }
    const done = (await drawings()) - before
    expect(done).toBeGreaterThanOrEqual(2 * plots)
    expect(done).toBeLessThanOrEqual(4 * plots)
  })

  test('stops while the page is hidden or paused, and is up to date at once when it is shown', async () => {
    const { page, drawings } = await stoppedPage()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.clock.runFor(1_000)
    const before = await drawings()
    room.server.publish(withNumbers(FOUR, 55))
    await page.clock.runFor(5_000)
    expect(await drawings()).toBe(before)
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.clock.runFor(5_000)
    expect(await drawings()).toBe(before)
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => false })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    // The update may not have arrived; the page's clock does not run by itself.
    const goOn = async (): Promise<readonly [string | null, number]> => {
      await page.clock.runFor(100)
      return [await plot(page, 'cpu').textContent(), await drawings()]
    }
    await expect
      .poll(goOn, { timeout: 30_000 })
      .toSatisfy(([text, done]) => text?.includes('55.0 %') === true && done > before)
  })
})
