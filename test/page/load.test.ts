// The page under load: 500 indices whose prices, changes and ages all change ten times a second. What it costs is bounded by
// the rows in view, and by the rest between two updates. It is counted in changes of the page and
// in layouts, which no machine makes more of; its time has a wide bound.
import type { CDPSession } from 'playwright-core'
import { expect, test } from 'vitest'
import { movingIndices } from './support/boards.js'
import { card } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()

const UPDATES_PER_SEC = 10
/** What the page lays out for each update, and each second for its clock and ages, which go on where updates are late. */
const LAYOUTS_PER_UPDATE = 2
const LAYOUTS_PER_SEC = 2
const MEASURED_MS = 3_000
const BOARDS = Array.from({ length: 20 }, (_, step) => movingIndices(500, step))

type Cost = {
  readonly busySec: number
  readonly layouts: number
  readonly heapMb: number
  readonly nodes: number
}

/** What the main thread of the page did so far, in processor time; the heap without garbage. */
async function costOf(session: CDPSession): Promise<Cost> {
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (name: string): number => metrics.find(each => each.name === name)?.value ?? 0
  return {
    busySec: of('TaskDuration'),
    layouts: of('LayoutCount'),
    heapMb: of('JSHeapUsedSize') / 2 ** 20,
    nodes: of('Nodes'),
  }
}

test.each(['/?kiosk=1', '/'])(
  '500 indices at ten updates a second leave the page at %s free and its heap flat',
  async path => {
    let sent = 0
    const publish = () => room.server.publish(BOARDS[sent++ % BOARDS.length] ?? [])
    publish()
    const viewport = { width: 1920, height: 1080 }
    const { page, faults } = await room.open({ path, viewport })
    const row = card(page, 'indices').locator('tbody tr[data-row]').first()
    await row.waitFor({ state: 'attached' })
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const publishing = setInterval(publish, 1_000 / UPDATES_PER_SEC)
    try {
      const changes = (ms: number) =>
        page.evaluate(
          duration =>
            new Promise<{ readonly updates: number; readonly nodes: number }>(resolve => {
              let [updates, nodes] = [0, 0]
              const observer = new MutationObserver(records => {
                updates++
                nodes += records.length
              })
              observer.observe(document, {
                subtree: true,
                childList: true,
                characterData: true,
                attributes: true,
              })
              setTimeout(() => {
                observer.disconnect()
                resolve({ updates, nodes })
              }, duration)
            }),
          ms,
        )
      await changes(MEASURED_MS / 3)
      const before = await costOf(session)
      const startMs = performance.now()
      const shown = await changes(MEASURED_MS)
      const tookSec = (performance.now() - startMs) / 1_000
      const after = await costOf(session)
      expect(shown.updates).toBeGreaterThan(0)
      expect(shown.nodes / shown.updates).toBeLessThan(200)
      expect(after.layouts - before.layouts).toBeLessThan(
        LAYOUTS_PER_UPDATE * shown.updates + LAYOUTS_PER_SEC * tookSec,
      )
      expect((after.busySec - before.busySec) / tookSec).toBeLessThan(0.6)
      expect(after.heapMb - before.heapMb).toBeLessThan(4)
      expect(after.nodes).toBeLessThan(7_000)
      expect(faults).toEqual([])
    } finally {
      clearInterval(publishing)
    }
  },
)

test('a table of 500 rows has the rows in view, and others when it is scrolled to them', async () => {
  room.server.publish(BOARDS[0] ?? [])
  const page = await room.shown()
  const region = page.getByRole('region', { name: 'Indices: 500 rows' })
  await region.locator('[data-row=INDEX001]').waitFor()
  expect(await region.locator('[data-row]').count()).toBeLessThan(100)
  expect(await region.locator('table').getAttribute('aria-rowcount')).toBe('501')
  await region.evaluate(each => each.scrollTo(0, each.scrollHeight))
  await region.locator('[data-row=INDEX500]').waitFor()
  expect(await region.locator('[data-row=INDEX500]').getAttribute('aria-rowindex')).toBe('501')
  const { bottom, edge } = await region.evaluate(each => ({
    bottom: each.querySelector('[data-row=INDEX500]')?.getBoundingClientRect().bottom ?? 0,
    edge: each.getBoundingClientRect().bottom,
  }))
  expect(Math.abs(bottom - edge)).toBeLessThan(20)
  await region.evaluate(each => each.scrollTo(0, 0))
  await region.locator('[data-row=INDEX001]').waitFor()
})
