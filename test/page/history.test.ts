// A page that is opened on a server that has run for a while: its lines are there with the first drawing.
import { expect, test } from 'vitest'
import { emptyBoard } from '../../src/board/board.js'
import { NearHistory } from '../../src/history/near.js'
import { VerdictLog } from '../../src/history/verdict-log.js'
import { historyPlugin } from '../../src/http/routes/history.js'
import { makePanel } from '../../src/panels/lines.js'
import type { Panel } from '../../src/panels/panel.js'
import { resultOf } from '../terminal/support/scenes.js'
import { prices } from './support/numbers.js'
import { pageRoom } from './support/page-room.js'

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
/** The clock of the server while it takes what happened before. */
let takenAtMs: number | null = null
const near = new NearHistory({ nowMs: () => takenAtMs ?? Date.now() })
const verdicts = new VerdictLog()

const room = pageRoom({
  plugins: [
    {
      name: 'history of this test',
      register: (app, shell) =>
        historyPlugin({
          config: () => ({ disableResyncHttp: false, timezone: 'UTC' }),
          history: near,
          verdicts,
          clock,
        }).register(app, shell),
    },
  ],
})

const at = (sec: number): Panel =>
  prices({ NIFTY: 24_500 + sec / 10, BANKNIFTY: 52_000 - sec / 10, FINNIFTY: 23_900 })

/** The server has shown these for as long. */
function remember(seconds: number): void {
  let board = emptyBoard('e1')
  for (let ago = seconds; ago >= 0; ago--) {
    takenAtMs = Date.now() - ago * 1000
    const result = resultOf([at(seconds - ago)], {}, board)
    board = result.board
    near.take(result)
  }
  takenAtMs = null
  room.server.publish([at(seconds)])
}

/**
 * In the page: notes whether each part was there when the first card was drawn. The page waits 150 ms for the server's answers; here
 * it waits for them however slow the machine is.
 */
function noteFirst(): void {
  const page = globalThis as unknown as { first: unknown }
  const after = globalThis.setTimeout
  Object.assign(globalThis, {
    setTimeout: (call: () => void, ms: number, ...given: []) => (ms === 150 ? 0 : after(call, ms, ...given)),
  })
  new MutationObserver((_, observer) => {
    if (document.querySelector('[data-panel]') === null) return
    observer.disconnect()
    page.first = {
      trends: document.querySelectorAll('.trend .line').length,
      plot: document.querySelectorAll('.plot-line').length,
    }
  }).observe(document, { childList: true, subtree: true })
}

test('on a phone the column of trends takes no room from others before there are lines', async () => {
  const columns = [
    { label: 'Index' },
    { label: 'LTP', align: 'right', fact: 'ltp' },
    { label: 'Status', priority: -1 },
  ] as const
  const row = [{ text: 'BANKNIFTY' }, { text: '24,500.25', value: 24_500.25 }, { text: 'warn' }]
  const facts = { BANKNIFTY: { ltp: 24_500.25 } }
  room.server.publish([makePanel('wide', 'Wide', [{ kind: 'table', columns, rows: [row] }], facts)])
  const { page } = await room.open({ viewport: { width: 360, height: 800 } })
  await page.locator('[data-panel="wide"] td', { hasText: 'warn' }).waitFor()
  expect(await page.locator('[data-panel="wide"] th[scope="col"]').allTextContents()).toEqual([
    'Index',
    'LTP',
    'Status',
  ])
})

test('trends and plot are full in the first drawing', async () => {
  remember(899)
  const { page, faults } = await room.open({}, noteFirst)
  await page.locator('#plot .plot-line').first().waitFor()
  expect(await page.evaluate(() => (globalThis as unknown as { first: unknown }).first)).toEqual({
    trends: 3,
    plot: 3,
  })
  expect(await page.locator('#plot h2').textContent()).toMatch(/^Prices: change since \d\d:\d\d/)
  expect(await page.locator('#plot .plot-remark').textContent()).toContain('15 min')
  expect(faults).toEqual([])
})

test('a wide screen shows how the system was today', async () => {
  const nowMs = Date.now()
  for (const [word, ago] of [
    ['healthy', 30],
    ['failing', 20],
    ['healthy', 10],
  ] as const)
    verdicts.take({ word, reasons: [] }, { wallMs: nowMs - ago, monotonicMs: performance.now() - ago })
  room.server.publish([at(0)])
  const { page, faults } = await room.open({ viewport: { width: 2560, height: 1440 } })
  const card = page.locator('.verdicts')
  await card.locator('.spells i[data-tone="error"]').waitFor()
  expect(await card.locator('h2').textContent()).toBe('Verdict today')
  expect(await card.locator('dt').allTextContents()).toEqual(['Failing', 'Uptime', 'Uptime this week'])
  expect(await card.locator('.plot-remark').textContent()).toMatch(/^healthy \d+ %$/)
  expect(faults).toEqual([])
  await page.setViewportSize({ width: 1280, height: 900 })
  await card.waitFor({ state: 'detached' })
})
