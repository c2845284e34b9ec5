// The board on the page: it always shows the server's board, also after failures.
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { manyAlerts, manyIndices, ORDINARY, retold } from './support/boards.js'
import { card, connectionIs, HEALTH, look, shows, withoutWorkers } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'
import { serverCards, shownCards } from './support/shown.js'

/** Wide enough that no column is dropped. */
const WIDE = { viewport: { width: 2560, height: 500 } }

let health: unknown
const room = pageRoom({ health: () => health })
beforeEach(() => {
  health = HEALTH
})

const verdictIs = (page: Page, verdict: string) =>
  page.locator(`.overall[data-verdict="${verdict}"]`).waitFor({ timeout: 30_000 })

/** The alerts card has a layout of its own, tested in alerts.test.ts; bar, footer and menu have the overview and the links. */
const ELSEWHERE: ReadonlySet<string> = new Set(['alerts', 'header', 'links'])

const byKey = <T extends { readonly key: string }>(cards: readonly T[]) =>
  cards.filter(({ key }) => !ELSEWHERE.has(key)).toSorted((a, b) => (a.key < b.key ? -1 : 1))

async function expectSame(page: Page): Promise<void> {
  const expected = byKey(await serverCards(room.server.url))
  expect(byKey(await shownCards(page))).toEqual(expected)
}

describe('the board', () => {
  test('has the panels of /summary/resync: alerts first, then by tone, else in the same order', async () => {
    room.server.publish(ORDINARY)
    const { page, faults } = await room.open(WIDE)
    await shows(page, 'storage', 'Lag')
    await expectSame(page)
    const given = (await serverCards(room.server.url)).filter(({ key }) => !['header', 'links'].includes(key))
    const rank = ({ key, tone }: { key: string; tone: string }) =>
      key === 'alerts' ? 0 : tone === 'error' ? 1 : tone === 'warn' ? 2 : 3
    const order = given.toSorted((a, b) => rank(a) - rank(b)).map(({ key }) => key)
    expect((await shownCards(page)).map(({ key }) => key)).toEqual(order)
    expect(faults).toEqual([])
  })

  test('is awaited, and shown when it arrives', async () => {
    const { page, faults } = await room.open()
    await page.getByText('The server answers, and has no board yet').waitFor({ timeout: 30_000 })
    await verdictIs(page, 'unknown')
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('menuitem', { name: 'Keys' }).waitFor()
    expect(await page.getByRole('menuitem', { name: 'Download' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    room.server.publish(ORDINARY)
    await shows(page, 'indices', '24512.30')
    expect(await page.getByText('has no board yet').count()).toBe(0)
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('menuitem', { name: 'Download' }).waitFor()
    expect(faults).toEqual([])
  })

  test('has a bar above it with market, source, connection and clock, and the rest in the footer', async () => {
    health = { ...HEALTH, display: { timezone: 'Asia/Kolkata', number_format: 'plain' } }
    room.server.publish(ORDINARY)
    const { page } = await room.open()
    await page.locator('footer', { hasText: 'unchanged 98.4 %' }).waitFor({ timeout: 30_000 })
    const facts = await page.locator('.facts > div').allTextContents()
    expect(facts.map(text => text.replace(/\d+ s ago$/, 'n s ago').replace(/[\d:]{8}/, 'now'))).toEqual([
      'Marketopen',
      'Sourcen s ago',
      'Connectionlive',
      'ISTnow',
    ])
    const foot = await page.locator('footer > span').allTextContents()
    expect(foot).toEqual(
      expect.arrayContaining(['G6', 'version 1.4.2', 'prod', 'cycle 91, every 60 s', '3 readers']),
    )
    expect(foot.at(-1)).toContain('All times IST (UTC+5:30).')
    await page.getByRole('button', { name: 'Menu' }).click()
    expect(await page.getByRole('menuitem', { name: 'Metrics', exact: true }).getAttribute('href')).toContain(
      '/metrics',
    )
  })

  test('follows changed, new and removed panels', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open(WIDE)
    await shows(page, 'indices', '24512.30')
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '24999.99'))
    await shows(page, 'indices', '24999.99')
    await expectSame(page)
    const without = ORDINARY.filter(({ key }) => key !== 'storage')
    room.server.publish(without)
    await card(page, 'storage').waitFor({ state: 'detached' })
    room.server.publish(ORDINARY)
    await shows(page, 'storage', 'Lag')
    await expectSame(page)
  })

  test('is the same after the page was loaded again', async () => {
    room.server.publish(ORDINARY)
    const { page, faults } = await room.open(WIDE)
    await shows(page, 'storage', 'Lag')
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '24888.88'))
    await page.reload()
    await shows(page, 'indices', '24888.88')
    await expectSame(page)
    expect(faults).toEqual([])
  })

  test('a change touches only the cells that changed', async () => {
    room.server.publish(manyIndices(200))
    const { page } = await room.open(WIDE)
    await shows(page, 'indices', 'INDEX200')
    await connectionIs(page, 'live')
    await page.evaluate(() => {
      const touched = new Set<string>()
      const observer = new MutationObserver(records => {
        for (const { target } of records) {
          const element = target instanceof Element ? target : target.parentElement
          const cell = element?.closest('td, th, dd') ?? element
          if (element?.closest('[data-panel]')) touched.add(`${cell?.tagName} ${cell?.textContent}`)
        }
      })
      observer.observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      })
      Object.assign(globalThis, { touched })
    })
    room.server.publish(manyIndices(200, 4))
    await shows(page, 'indices', '1148.50')
    const touched = await page.evaluate(() => [
      ...(globalThis as unknown as { touched: Set<string> }).touched,
    ])
    // Two panels have the price; otherwise only the tooltips of their titles move.
    expect(touched.filter(each => !/^(H2|SPAN) /.test(each))).toEqual(['TD 1148.50'])
    expect(touched.length).toBeLessThanOrEqual(3)
  })

  test('highlights a changed cell, and not one that was there from the start', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open(WIDE)
    await shows(page, 'indices', '24512.30')
    expect(await page.locator('[data-changed]').count()).toBe(0)
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '24999.99'))
    const cell = card(page, 'indices').locator('[data-changed]')
    await cell.waitFor()
    expect(await cell.allTextContents()).toEqual(['24999.99'])
    const number = cell.locator('span').first()
    expect(await number.evaluate(each => getComputedStyle(each).animationDuration)).toBe('1.2s')
    expect(await card(page, 'indices').locator('h2').getAttribute('title')).toMatch(/^changed [\d:]{8}$/)
    expect(await card(page, 'storage').locator('h2').getAttribute('title')).toMatch(/^as of [\d:]{8}$/)
  })

  test('highlights nothing where more than 40 % of a card changed', async () => {
    room.server.publish(manyIndices(10))
    const { page } = await room.open(WIDE)
    await shows(page, 'indices', 'INDEX010')
    const all = manyIndices(10).map(panel =>
      panel.key === 'indices'
        ? (JSON.parse(
            JSON.stringify(panel)
              .replaceAll('92.50', '93.50')
              .replaceAll('.00', '.25')
              .replaceAll('"3s"', '"4s"'),
          ) as typeof panel)
        : panel,
    )
    room.server.publish(all)
    await shows(page, 'indices', '93.50')
    expect(await card(page, 'indices').locator('[data-changed]').count()).toBe(0)
    room.server.publish(retold(all, 'indices', '1007.25', '1007.75'))
    await card(page, 'indices').locator('[data-changed]', { hasText: '1007.75' }).waitFor()
    expect(await card(page, 'indices').locator('[data-changed]').count()).toBe(1)
  })

  test('highlights nothing with reduced motion', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open({ ...WIDE, reducedMotion: 'reduce' })
    await shows(page, 'indices', '24512.30')
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '24999.99'))
    const cell = card(page, 'indices').locator('[data-changed]')
    await cell.waitFor()
    const number = cell.locator('span').first()
    expect(await number.evaluate(each => getComputedStyle(each).animationName)).toBe('none')
  })

  test('of 200 indices can be sorted by a column, by pointer and by key', async () => {
    room.server.publish(manyIndices(200))
    const { page } = await room.open(WIDE)
    await shows(page, 'indices', 'INDEX200')
    const prices = async () =>
      (await card(page, 'indices').locator('tbody tr > th + td + td').allTextContents()).map(Number)
    const rising = (await prices()).toSorted((a, b) => a - b)
    const header = card(page, 'indices').getByRole('columnheader', { name: 'Last' })
    await header.getByRole('button').click()
    expect(await header.getAttribute('aria-sort')).toBe('ascending')
    expect(await prices()).toEqual(rising)
    await header.getByRole('button').click()
    expect(await prices()).toEqual(rising.toReversed())
    await header.getByRole('button').click()
    expect(await header.getAttribute('aria-sort')).toBe(null)
    await header.getByRole('button').focus()
    await page.keyboard.press('Enter')
    expect(await header.getAttribute('aria-sort')).toBe('ascending')
    expect(await prices()).toEqual(rising)
    await page
      .getByRole('status')
      .getByText('Indices sorted by Last, ascending')
      .waitFor({ state: 'attached' })
    // New rows are sorted in.
    room.server.publish(manyIndices(200, 4))
    await shows(page, 'indices', '1148.50')
    expect(await prices()).toEqual((await prices()).toSorted((a, b) => a - b))
  })

  test('of 50 alerts stays readable on a narrow screen', async () => {
    room.server.publish(manyAlerts(50))
    const { page, faults } = await room.open({ viewport: { width: 360, height: 800 } })
    await shows(page, 'alerts', 'Alert number 50')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    expect(faults).toEqual([])
  })
})

describe('when something is wrong', () => {
  test('after a server is gone its last board stays, marked; when it is back it is followed', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open({ ...WIDE, before: each => each.clock.install() })
    await shows(page, 'indices', '24512.30')
    await connectionIs(page, 'live')
    const before = await shownCards(page)
    const startAgain = await room.endServer()
    await connectionIs(page, /reconnecting in \d+ s/)
    await verdictIs(page, 'unknown')
    await page.getByText('What is shown is the last board known').waitFor()
    // Nothing is judged any more.
    const titles = (cards: typeof before) => cards.map(({ key, title }) => [key, title])
    expect(titles(await shownCards(page))).toEqual(titles(before))
    await shows(page, 'indices', '24512.30')
    expect(await page.locator('main [data-tone]').count()).toBe(0)
    await startAgain('e2')
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '25000.00'))
    // It retries after some seconds; an earlier attempt may have failed just now.
    const indices = card(page, 'indices')
    while (!(await indices.textContent())?.includes('25000.00')) await page.clock.fastForward(2_000)
    await connectionIs(page, 'live')
    await page.locator('main [data-tone]').first().waitFor()
    await expectSame(page)
  })

  test('with a server that accepts connections and sends nothing the page is stale and keeps its board', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open(WIDE, withoutWorkers)
    await shows(page, 'indices', '24512.30')
    // From here on nobody answers.
    await page.route('**/summary/**', () => {})
    await room.endServer()
    await connectionIs(page, 'stale')
    await verdictIs(page, 'unknown')
    await shows(page, 'indices', '24512.30')
    expect(await page.locator('main [data-tone]').count()).toBe(0)
  })

  test('with a dead source the last good state stays, marked with its age', async () => {
    room.server.publish(ORDINARY, { word: 'failing', reasons: ['source missing, last 10:02'] })
    health = {
      ...HEALTH,
      status: 'stale',
      status_file: { state: 'missing', age_sec: 400, error: 'no such file' },
    }
    const { page } = await room.open({ ...WIDE, before: each => each.clock.install() })
    const old = page.getByRole('status', { name: 'Notices' })
    await old.getByText('no such file · everything below is as of').waitFor({ timeout: 30_000 })
    await verdictIs(page, 'failing')
    await page.locator('.cause').getByText('source missing, last 10:02').waitFor()
    await shows(page, 'indices', '24512.30')
    await old.getByText('6 min 40 s old').waitFor()
    expect(await page.locator('main [data-tone]').count()).toBe(0)
    // An age is no longer true.
    const ages = card(page, 'indices').locator('tbody tr > :last-child')
    expect(new Set(await ages.allTextContents())).toEqual(new Set(['—']))
    health = { ...HEALTH, status_file: { state: 'missing', age_sec: 500 } }
    await page.clock.fastForward(100_000)
    await old.getByText('8 min 20 s old').waitFor({ timeout: 30_000 })
    health = HEALTH
    // The page polls health every few seconds.
    await page.clock.fastForward(6_000)
    await page.locator('main [data-tone]').first().waitFor({ timeout: 30_000 })
    await expect.poll(() => old.textContent()).toBe('')
    await expectSame(page)
  })

  test('the verdict of the server is shown with its reasons; an unrecognised status is not healthy', async () => {
    room.server.publish(ORDINARY, { word: 'healthy', reasons: ['closed, last 15:30'] })
    const { page } = await room.open()
    const why = page.locator('.overall')
    await verdictIs(page, 'healthy')
    await why.getByText('closed, last 15:30').waitFor()
    // The panels stay the same; the verdict changes.
    room.server.publish(ORDINARY, { word: 'attention', reasons: ['prices unchanged since 10:02'] })
    await verdictIs(page, 'attention')
    await why.getByText('prices unchanged since 10:02').waitFor()
    room.server.publish(ORDINARY, { word: 'unknown', reasons: ['nothing recognised'] })
    await verdictIs(page, 'unknown')
    await why.getByText('nothing recognised').waitFor()
  })

  test('the cause leads to its row, the others to theirs; without places the cause leads to its card', async () => {
    // The first panel of that tone.
    const panels = ORDINARY
    room.server.publish(panels, { word: 'failing', reasons: ['critical: no ticks'] })
    const { page } = await room.open()
    await verdictIs(page, 'failing')
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    await page.locator('.overall').getByRole('link', { name: 'critical: no ticks' }).click()
    expect(await focused()).toContain('Indices')
    const since = Date.now() - 150_000
    const places = [{ panel: 'indices', row: 'SENSEX' }, { panel: 'cycle', label: 'success_rate' }, null]
    const verdict = {
      word: 'failing' as const,
      reasons: ['SENSEX: stale', 'success rate 61.8 %', 'x'],
      since,
      places,
    }
    room.server.publish(panels, verdict)
    await page.locator('.why', { hasText: /since [\d:]{8}, \d+ min.*also success rate 61.8 %x$/ }).waitFor()
    await page.locator('.overall').getByRole('link', { name: 'SENSEX: stale' }).click()
    expect(await focused()).toMatch(/^SENSEX/)
    await page.locator('.overall').getByRole('link', { name: 'success rate' }).click()
    expect(await focused()).toMatch(/^Success rate/)
  })

  test('with a closed market the source is closed, and nothing is marked stale', async () => {
    room.server.publish(ORDINARY)
    health = { ...HEALTH, status_file: { state: 'closed', age_sec: 57_600, text: 'closed, last 15:30' } }
    const { page } = await room.open(WIDE)
    await page.locator('.facts div', { hasText: 'closed, last 15:30' }).waitFor({ timeout: 30_000 })
    expect(await page.locator('.page.stale').count()).toBe(0)
    expect(await page.locator('main [data-tone]').count()).toBeGreaterThan(0)
  })

  test('a page that was frozen is up to date at once', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open(WIDE)
    await shows(page, 'indices', '24512.30')
    const session = await page.context().newCDPSession(page)
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    for (let i = 0; i < 50; i++)
      room.server.publish(retold(ORDINARY, 'indices', '24512.30', `240${10 + i}.00`))
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '25000.00'))
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await shows(page, 'indices', '25000.00')
    await expectSame(page)
  })

  test('a hidden page runs slowly, and is up to date as soon as it is visible an hour later', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open({ ...WIDE, before: each => each.clock.install() })
    await shows(page, 'indices', '24512.30')
    await look(page, true)
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '24600.00'))
    await shows(page, 'indices', '24600.00')
    for (let i = 0; i < 20; i++)
      room.server.publish(retold(ORDINARY, 'indices', '24512.30', `247${10 + i}.00`))
    // Its connection was lost meanwhile.
    const startAgain = await room.endServer()
    await startAgain('e2')
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '25000.00'))
    await page.clock.fastForward(3_600_000)
    await look(page, false)
    await shows(page, 'indices', '25000.00')
    await connectionIs(page, 'live')
    await expectSame(page)
  })

  test('shows text as text, and links only to http and https', async () => {
    const evil = '<img src=x onerror=alert(1)>'
    const fields = {
      kind: 'fields' as const,
      items: [
        { label: evil, text: evil },
        { label: 'script', text: 'javascript:alert(1)' },
        { label: 'web', text: 'https://example.org/a' },
      ],
    }
    room.server.publish([{ key: 'odd', title: evil, tone: 'ok', blocks: [fields], lines: [evil] }])
    const { page, faults } = await room.open()
    await shows(page, 'odd', evil)
    expect(await page.locator('img').count()).toBe(0)
    const links = card(page, 'odd').getByRole('link')
    expect(await links.count()).toBe(1)
    expect(await links.getAttribute('href')).toBe('https://example.org/a')
    expect(faults).toEqual([])
  })
})
