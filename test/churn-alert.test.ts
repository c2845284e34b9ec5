// The alert on high churn, as it ships, with the metrics of the loop while a collector writes.
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loopObserver } from '../src/app/bind-metrics.js'
import { Loop } from '../src/engine/loop.js'
import { StatusBoards } from '../src/engine/status-boards.js'
import { createMetrics } from '../src/metrics/metrics.js'
import { derive } from '../src/snapshot/derive.js'
import type { Reading } from '../src/snapshot/reading.js'
import { textPanel } from './support/boards.js'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const RULES = readFileSync(new URL('../deploy/prometheus/alerts.yml', import.meta.url), 'utf8')

/** `a > 1 or b > 2`: the comparisons of the rule. */
function rule(name: string): readonly { readonly metric: string; readonly limit: number }[] {
  const [, expr = ''] = new RegExp(`alert: ${name}\\n\\s+expr: (.*)`).exec(RULES) ?? []
  return expr.split(' or ').map(part => {
    const [metric = '', limit] = part.split(' > ')
    return { metric, limit: Number(limit) }
  })
}

const SCRAPE_MS = 15_000
const WINDOW_SCRAPES = 300_000 / SCRAPE_MS
const FOR_SCRAPES = 180_000 / SCRAPE_MS

type Scrape = { readonly churn: number; readonly streak: number }

/** The samples of Prometheus after `minutes` of a writer whose every write changes two of three panels. */
async function scraped(writeEveryMs: number, minutes: number): Promise<readonly Scrape[]> {
  const metrics = createMetrics({ extended: true, processDefaults: false, version: '0', node: 'v20' })
  let say: (reading: Reading) => void = () => {}
  const clock = { nowMs: () => Date.now(), monotonicMs: () => Date.now() }
  const observer = loopObserver(metrics)
  const boards = new StatusBoards({
    source: {
      name: 'writer',
      start: onReading => {
        say = onReading
      },
      refresh: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    derive: ({ status }) => derive(status),
    build: ({ raw }) => [
      textPanel('a', String(raw.n)),
      textPanel('b', String(raw.n)),
      textPanel('c', 'always the same'),
    ],
    timezone: () => 'UTC',
    staleLimits: () => ({ warnSec: 60, errorSec: 180 }),
    panelEveryMs: () => 0,
    clock,
    observer,
  })
  const loop = new Loop({
    boards,
    epoch: 'e1',
    outputs: [],
    refreshMs: () => 1_000,
    churnWarnRatio: () => 0.4,
    clock,
    observer,
  })
  loop.start()
  const scrapes: Scrape[] = []
  const endMs = Date.now() + minutes * 60_000
  let [writeMs, scrapeMs, n] = [Date.now(), Date.now() + SCRAPE_MS, 0]
  while (Date.now() < endMs) {
    if (Date.now() === writeMs) {
      say({ ok: true, status: { n: n++ }, readAtMs: writeMs, modifiedAtMs: writeMs, sizeBytes: 10 })
      writeMs += writeEveryMs
    }
    if (Date.now() === scrapeMs) {
      scrapeMs += SCRAPE_MS
      const { body } = await metrics.text()
      const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(body)?.[1])
      scrapes.push({
        churn: value('g6_summary_panel_churn_ratio'),
        streak: value('g6_summary_panel_high_churn_streak'),
      })
    }
    vi.advanceTimersByTime(Math.min(writeMs, scrapeMs) - Date.now())
  }
  await loop.stop()
  return scrapes
}

function fires(scrapes: readonly Scrape[]): boolean {
  const compared = rule('SummaryPanelHighChurn')
  const holdsAt = (at: number): boolean => {
    const window = scrapes.slice(Math.max(0, at + 1 - WINDOW_SCRAPES), at + 1)
    const values: Readonly<Record<string, number | undefined>> = {
      g6_summary_panel_churn_ratio_5m: window.reduce((sum, { churn }) => sum + churn, 0) / window.length,
      g6_summary_panel_high_churn_streak: scrapes[at]?.streak,
    }
    return compared.some(({ metric, limit }) => (values[metric] ?? Number.NaN) > limit)
  }
  return Array.from({ length: FOR_SCRAPES + 1 }, (_, i) => scrapes.length - 1 - i).every(holdsAt)
}

describe('SummaryPanelHighChurn', () => {
  test('is a rule that this test can read', () => {
    expect(rule('SummaryPanelHighChurn')).toEqual([
      { metric: 'g6_summary_panel_churn_ratio_5m', limit: 0.5 },
      { metric: 'g6_summary_panel_high_churn_streak', limit: 4 },
    ])
  })

  test.each([
    ['every interval', 1_000],
    ['a little slower', 1_007],
    ['a little faster', 990],
    ['three times in an interval', 330],
  ])('fires when a writer changes most of the board %s', async (_, everyMs) => {
    expect(fires(await scraped(everyMs, 9))).toBe(true)
  })

  test.each([
    ['every third interval', 3_100],
    ['once a minute, as collectors do', 60_000],
  ])('stays silent when a writer does so %s', async (_, everyMs) => {
    expect(fires(await scraped(everyMs, 9))).toBe(false)
  })
})
