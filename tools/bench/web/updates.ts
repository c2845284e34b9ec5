// What updates cost the page: the cells they touch, memory and frames under a stream of them, and the time until a page that was
// hidden is up to date.
import { setTimeout as wait } from 'node:timers/promises'
import type { CDPSession, Page } from 'playwright-core'
import { median } from '../../../bench/stats.js'
import type { Publisher } from './publisher.js'

/** Resolves when the newest price is on the page. */
async function shown(page: Page, text: string): Promise<void> {
  await page.evaluate(`new Promise(resolve => {
    const look = () => document.querySelector('[data-panel="indices"]').textContent.includes('${text}')
      ? resolve()
      : requestAnimationFrame(look)
    look()
  })`)
}

const WATCH_CELLS = `globalThis.touchedCells = new Set()
new MutationObserver(records => {
  for (const { target } of records) {
    const element = target instanceof Element ? target : target.parentElement
    if (element?.closest('.content')) globalThis.touchedCells.add(element.closest('td, th, dd') ?? element)
  }
}).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })`

/** Cells that updates touch, and cells that changed. */
export async function benchCells(page: Page, publisher: Publisher, updates: number) {
  // The first change adds the mark of a change to each cell.
  await page.evaluate(WATCH_CELLS)
  let changed = 0
  let touched = 0
  for (let i = 0; i < updates; i++) {
    const { cellsChanged, newestText } = publisher.publish()
    await shown(page, newestText)
    changed += cellsChanged
    touched += Number(await page.evaluate('globalThis.touchedCells.size'))
    await page.evaluate('globalThis.touchedCells.clear()')
  }
  return { updates, cells_changed: changed, cells_touched: touched }
}

export async function metric(session: CDPSession, wanted: string): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === wanted)?.value ?? 0
}

async function heapBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  return metric(session, 'JSHeapUsedSize')
}

/** Starts with the next frame: the current one includes the garbage collection that the benchmark requested. */
const WATCH_FRAMES = `globalThis.frames = { longest: 0, count: 0, over50: [] }
let last = performance.now()
requestAnimationFrame(function next(now) {
  globalThis.frames.longest = Math.max(globalThis.frames.longest, now - last)
  globalThis.frames.count++
  last = now
  requestAnimationFrame(next)
})
const since = performance.now()
new PerformanceObserver(list => {
  for (const { startTime, duration } of list.getEntries()) if (startTime >= since) globalThis.frames.over50.push(duration)
}).observe({ type: 'long-animation-frame' })`

type Frames = { readonly longest: number; readonly count: number; readonly over50: readonly number[] }

/** Publishes at the rate, even when timers are late. */
async function publishFor(publisher: Publisher, perSec: number, durationMs: number): Promise<number> {
  const startMs = performance.now()
  let done = 0
  for (let passedMs = 0; passedMs < durationMs; passedMs = performance.now() - startMs) {
    for (; done < (passedMs * perSec) / 1000; done++) publisher.publish()
    await wait(1000 / perSec)
  }
  return done
}

const WARM_UP_MS = 5_000

export async function benchLoad(page: Page, publisher: Publisher, perSec: number, durationMs: number) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  await publishFor(publisher, perSec, WARM_UP_MS)
  const before = await heapBytes(session)
  await page.evaluate(WATCH_FRAMES)
  const cpuBeforeSec = await metric(session, 'TaskDuration')
  const updates = await publishFor(publisher, perSec, durationMs)
  const frames = (await page.evaluate('globalThis.frames')) as Frames
  const cpuSec = (await metric(session, 'TaskDuration')) - cpuBeforeSec
  const after = await heapBytes(session)
  await shown(page, publisher.publish().newestText)
  return {
    updates_per_sec: perSec,
    duration_sec: durationMs / 1000,
    updates,
    heap_before_mb: before / 1_048_576,
    heap_growth_mb: (after - before) / 1_048_576,
    frames: frames.count,
    /** Processor time of the main thread, which holds on a busy machine. */
    main_thread_cpu_ms_per_frame: (cpuSec * 1000) / Math.max(1, frames.count),
    main_thread_cpu_percent: (cpuSec * 100_000) / durationMs,
    /** Between two frames, idle ones included: affected by other processes. */
    longest_gap_ms: frames.longest,
    /** Frames whose own work took over 50 ms, as the browser reports. */
    frames_over_50_ms: frames.over50.length,
    longest_such_ms: Math.max(0, ...frames.over50),
  }
}

/** Freezes the page, as browsers do with pages that are long hidden, and makes it active again. */
export async function benchReturn(page: Page, publisher: Publisher, rounds: number) {
  const session = await page.context().newCDPSession(page)
  const samples: number[] = []
  for (let i = 0; i < rounds; i++) {
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    await publishFor(publisher, 100, 2_000)
    const { newestText } = publisher.publish()
    const startMs = performance.now()
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await shown(page, newestText)
    samples.push(performance.now() - startMs)
  }
  return { rounds, updates_missed: 200, median_ms: median(samples), max_ms: Math.max(...samples) }
}
