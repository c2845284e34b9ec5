// Trends, the plot and the head of an automatic board: what they show, since when they know it, and where they stop.
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { makePanel } from '../../src/panels/lines.js'
import { cluster, pass, prices, recordQuestions, until } from './support/numbers.js'
import { HEALTH } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

let health: unknown
const room = pageRoom({ health: () => health })
/** Numbers are grouped as the server says. */
const GROUPED = { ...HEALTH, display: { timezone: 'UTC', number_format: 'en' } }
beforeEach(() => {
  health = GROUPED
})

const FOUR = { NIFTY: 24_500, BANKNIFTY: 52_000, FINNIFTY: 23_900, SENSEX: 80_400 }
/** A quarter, a half, … of a per cent away. */
const LATER = { NIFTY: 24_561.25, BANKNIFTY: 51_740, FINNIFTY: 23_900, SENSEX: 80_802 }

const plot = (page: Page) => page.locator('#plot')
const lines = (page: Page) => plot(page).locator('.plot-line')

const NOWHERE = { x: 0, y: 0, width: 0 }

type Opened = Parameters<typeof room.open>[0]

async function opened(options: Opened = {}): Promise<Awaited<ReturnType<typeof room.open>>> {
  const watched = await room.open({ ...options, before: page => page.clock.install() }, recordQuestions)
  await until(watched.page, () => watched.page.locator('[data-panel]').first().isVisible())
  return watched
}

/** A page that has known these prices for 70 s and then got others. */
async function withPrices(options: Opened = {}): ReturnType<typeof opened> {
  room.server.publish([prices(FOUR)])
  const watched = await opened(options)
  await pass(watched.page, 70)
  room.server.publish([prices(LATER)])
  await until(watched.page, () => plot(watched.page).getByText('SENSEX +0.50').isVisible())
  return watched
}

const tells = (page: Page, text: string) =>
  plot(page).locator('.plot-moment').filter({ hasText: text }).isVisible()
const isTold = (page: Page) => plot(page).locator('.plot-moment').isVisible()

describe('the plot', () => {
  test('is absent without numbers, has no axis before there is a minute, and then says since when it knows', async () => {
    room.server.publish([makePanel('odd', 'Odd', [{ kind: 'text', text: 'no numbers' }])])
    const { page, faults } = await opened({ viewport: { width: 360, height: 800 } })
    expect(await plot(page).count()).toBe(0)
    room.server.publish([prices(FOUR)])
    await until(page, () =>
      plot(page)
        .getByText(/^Known since \d\d:\d\d:\d\d/)
        .isVisible(),
    )
    expect(await plot(page).locator('svg, .plot-y').count()).toBe(0)
    await pass(page, 65)
    await until(page, async () => (await lines(page).count()) === 4)
    expect(await plot(page).locator('h2').textContent()).toMatch(/^Prices: change since \d\d:\d\d/)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    const firstTick = plot(page).locator('.plot-y').last()
    const [tick, card] = [await firstTick.boundingBox(), await plot(page).boundingBox()]
    expect(await firstTick.textContent()).toMatch(/ %$/)
    expect((tick?.x ?? 0) - (card?.x ?? 0)).toBeGreaterThan(0)
    expect(faults).toEqual([])
  })

  test('shows prices as change in per cent on one scale, and tells the values of a moment by pointer and keys', async () => {
    const { page, faults } = await withPrices()
    expect(await plot(page).locator('.plot-end').allTextContents()).toEqual([
      'NIFTY +0.25',
      'BANKNIFTY −0.50',
      'FINNIFTY 0.00',
      'SENSEX +0.50',
    ])
    const ticks = ['−0.50', '−0.25', '0', '+0.25', '+0.50 %']
    expect(await plot(page).locator('.plot-y').allTextContents()).toEqual(ticks)
    expect(await plot(page).locator('.plot-x').last().textContent()).toBe('now')
    expect(await plot(page).locator('.plot-remark').textContent()).toContain('1 min')
    expect(await plot(page).locator('figcaption').textContent()).toContain(
      'NIFTY: now 24,561.25, changed by +0.25 %, lowest 24,500.00, highest 24,561.25',
    )
    await plot(page).locator('figure').focus()
    await page.keyboard.press('ArrowLeft')
    await until(page, () => tells(page, 'NIFTY 24,561.25, +0.25 %'))
    await until(page, () =>
      page.getByRole('status', { name: 'Done' }).getByText('SENSEX 80,802.00').isVisible(),
    )
    for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowLeft')
    await until(page, () => tells(page, 'NIFTY 24,500.00, 0.00 %'))
    await page.keyboard.press('Escape')
    await until(page, async () => !(await isTold(page)))
    // Some seconds before now: the newest one may have no value yet, and what is pointed at stays the same moment. It points again
    // each time, since a busy machine may have left a gap.
    await pass(page, 5)
    await until(page, async () => {
      const { x, y, width } = (await plot(page).locator('.plot-area-box').boundingBox()) ?? NOWHERE
      for (const down of [10, 11]) await page.mouse.move(x + 0.97 * width, y + down)
      return tells(page, 'NIFTY 24,561.25')
    })
    await page.mouse.move(0, 0)
    await until(page, async () => !(await isTold(page)))
    expect(await page.locator('canvas').count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('keeps the choice of a line, and stops without colour where the source has stopped', async () => {
    const { page } = await withPrices()
    const chosen = plot(page).locator('.plot-end[data-on]')
    const choice = plot(page).getByLabel('Number in the plot')
    expect(await chosen.textContent()).toContain('NIFTY')
    await choice.focus()
    await choice.selectOption('SENSEX')
    await until(page, () => chosen.filter({ hasText: 'SENSEX' }).isVisible())
    health = { ...GROUPED, status_file: { state: 'stale', age_sec: 45 } }
    await until(page, () =>
      plot(page)
        .getByText(/nothing since \d\d:\d\d:\d\d/)
        .isVisible(),
    )
    expect(await chosen.count()).toBe(0)
    expect(await plot(page).locator('.plot-x').last().textContent()).not.toBe('now')
    // Later the line goes on, without a bridge.
    health = GROUPED
    await until(page, async () => /^M[^M]+M/.test((await lines(page).first().getAttribute('d')) ?? ''))
    await page.reload()
    await until(page, () => plot(page).isVisible())
    expect(await choice.inputValue()).toBe('prices.SENSEX.ltp')
  })

  test('of very many rows shows those that moved most and the chosen one', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`INDEX${i + 1}`, 1_000 + i]))
    room.server.publish([prices(many)])
    const { page } = await opened()
    await pass(page, 61)
    room.server.publish([prices({ ...many, INDEX200: 1_300, INDEX250: 1_100 })])
    await pass(page, 40)
    const ends = plot(page).locator('.plot-end')
    await until(page, () => ends.filter({ hasText: 'INDEX250 −' }).isVisible())
    expect(await ends.allTextContents()).toContain('INDEX200 +8.42')
    expect(await ends.count()).toBeLessThanOrEqual(7)
    const choice = plot(page).getByLabel('Number in the plot')
    await choice.focus()
    await choice.selectOption('INDEX123')
    await until(page, () =>
      plot(page).locator('.plot-end[data-on]').filter({ hasText: 'INDEX123' }).isVisible(),
    )
  })
})

describe('the head of an automatic board', () => {
  const board = (status: string, tone: 'ok' | 'error', unassigned: number) => [
    cluster(status, tone, {
      active_shards: { value: 806 - unassigned },
      unassigned_shards: { value: unassigned, ...(unassigned > 0 ? { tone: 'warn' } : {}) },
      nodes: { value: 5 },
      task_max_waiting_ms: { value: 100 + unassigned, unit: 'ms' },
    }),
  ]

  test('says how it is, how that went, what moved most, and how much is shown', async () => {
    health = { ...GROUPED, automatic: { shown: 16, hidden: 0 } }
    room.server.publish(board('green', 'ok', 0))
    const { page, faults } = await opened()
    const hero = page.locator('.hero')
    await until(page, () => hero.locator('.hero-word').filter({ hasText: 'green' }).isVisible())
    await pass(page, 30)
    expect(await hero.locator('.tile, .spells').count()).toBe(0)
    expect(await page.locator('footer').textContent()).toContain('Automatic board: 16 of 16 members shown.')
    await pass(page, 40)
    room.server.publish(board('red', 'error', 480))
    await until(page, () =>
      hero.locator('.hero-word[data-tone=error]').filter({ hasText: 'red' }).isVisible(),
    )
    await pass(page, 35)
    expect(await hero.locator('.spells i').count()).toBe(2)
    expect(await hero.locator('.spells').getAttribute('aria-label')).toMatch(
      /^Since \S+ green, from \S+ red$/,
    )
    expect(await hero.locator('.hero-since').textContent()).toMatch(/^Status, since \S+, \d+ s$/)
    const tiles = hero.locator('.tile')
    expect(await tiles.locator('.tile-label').allTextContents()).toEqual([
      'Unassigned shards',
      'Task max waiting',
      'Active shards',
    ])
    expect(await tiles.first().locator('.tile-value').textContent()).toBe('▲ 480')
    expect(await tiles.first().locator('.tile-range').textContent()).toMatch(/0 – 480/)
    // A trend is for the eye: a line, a dot at its end in the tone. A click opens it in the plot.
    const trend = tiles.first().locator('.trend')
    expect(await trend.getAttribute('aria-hidden')).toBe('true')
    expect(await trend.getAttribute('data-tone')).toBe('warn')
    expect(await trend.locator('.line').getAttribute('d')).toMatch(/^M0 100L/)
    expect(await trend.locator('.end').getAttribute('d')).toMatch(/^M\S+ 0h/)
    await tiles.last().locator('.trend').click()
    await until(page, () => plot(page).locator('h2').filter({ hasText: 'Active shards' }).isVisible())
    expect(faults).toEqual([])
  })

  test('never says that all is well next to another verdict, and repeats no card', async () => {
    health = { ...GROUPED, automatic: { shown: 2, hidden: 0 } }
    const says = (tone: 'ok' | 'error') =>
      makePanel('document', 'Document', [
        { kind: 'fields', items: [{ label: 'status', text: 'word', tone }] },
      ])
    const workers = makePanel('workers', 'Workers', [{ kind: 'text', text: 'w1 failed', tone: 'error' }])
    const calm = makePanel('workers', 'Workers', [{ kind: 'text', text: 'none', tone: 'muted' }])
    room.server.publish([says('ok'), calm])
    const { page } = await opened()
    const word = page.locator('.hero-word')
    const card = page.locator('[id="panel-document"]')
    await until(page, () => word.isVisible())
    expect(await card.count()).toBe(0)
    room.server.publish([says('ok'), workers])
    await until(page, () => card.isVisible())
    expect(await word.count()).toBe(0)
    room.server.publish([says('error'), workers])
    await until(page, () => word.isVisible())
    expect(await card.count()).toBe(0)
  })

  test('is absent on any other board, and where the document says nothing and nothing moves', async () => {
    room.server.publish(board('green', 'ok', 0))
    const { page } = await opened()
    await pass(page, 5)
    expect(await page.locator('.hero').count()).toBe(0)
    health = { ...GROUPED, automatic: { shown: 3, hidden: 1 } }
    const nodes = { label: 'nodes', text: '5', value: 5, fact: 'nodes' }
    room.server.publish([
      makePanel('document', 'Document', [{ kind: 'fields', items: [nodes] }], { nodes: 5 }),
    ])
    const other = await opened()
    await pass(other.page, 5)
    await until(other.page, () =>
      other.page.locator('footer').filter({ hasText: '3 of 4 members shown' }).isVisible(),
    )
    expect(await other.page.locator('.hero, .plot-card').count()).toBe(0)
  })
})
