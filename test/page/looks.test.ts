// How the page is to read, for everybody: on every width, in both themes, by keyboard, and by a screen reader.
import axe from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { manyAlerts, manyIndices, ORDINARY } from './support/boards.js'
import { card, HEALTH, openPage, shows, startPageServer } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

type Violation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] }

/** What axe finds, as `rule: element`. */
async function axeFinds(page: Page): Promise<readonly string[]> {
  // As an expression from the debugger: the page's policy would not let it in as a script.
  await page.evaluate(axe.source)
  const violations = (await page.evaluate(
    'axe.run().then(({ violations }) => violations)',
  )) as readonly Violation[]
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

let health: unknown
const room = pageRoom({ health: () => health })
beforeEach(() => {
  health = HEALTH
})

const opened = async (options: BrowserContextOptions = {}, path = '/') => {
  const { page } = await openPage(room.browser, `${room.server.url}${path}`, options)
  await page.locator('[data-panel]').first().waitFor()
  return page
}

describe.each(['light', 'dark'] as const)('in the %s theme axe finds nothing', colorScheme => {
  test('on an ordinary board, nor with changed cells, nor narrow', async () => {
    room.server.publish(ORDINARY)
    const page = await opened({ colorScheme, reducedMotion: 'reduce' })
    await shows(page, 'links', 'source')
    expect(await axeFinds(page)).toEqual([])
    await page.setViewportSize({ width: 360, height: 800 })
    expect(await axeFinds(page)).toEqual([])
  })

  test('with 200 indices, 50 alerts and a dead source', async () => {
    health = { ...HEALTH, status_file: { state: 'missing', age_sec: 400 } }
    const alerts = manyAlerts(50).filter(({ key }) => key === 'alerts')
    room.server.publish([...manyIndices(200).filter(({ key }) => key !== 'alerts'), ...alerts])
    const page = await opened({ colorScheme, reducedMotion: 'reduce' })
    await page.locator('.stale-mark').first().waitFor({ timeout: 30_000 })
    expect(await axeFinds(page)).toEqual([])
  })

  test('where a token is asked for', async () => {
    const closed = await startPageServer({ http: { sseApiToken: 'a-token-of-the-tests' } })
    const { page } = await openPage(room.browser, closed.url, { colorScheme })
    await page.getByText('This server wants a token').waitFor()
    expect(await axeFinds(page)).toEqual([])
    await closed.close()
  })
})

describe('every width', () => {
  test.each([360, 768, 1280, 2560, 3840])(
    '%i px: nothing is cut off, nothing scrolls sideways',
    async width => {
      room.server.publish(ORDINARY)
      const page = await opened({ viewport: { width, height: 900 } })
      await shows(page, 'links', 'source')
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      const cut = await page
        .locator('.card, .card td, .card th, .card dd, .facts dd')
        .evaluateAll(each =>
          each.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML),
        )
      expect(cut).toEqual([])
      const boxes = await page
        .locator('.card')
        .evaluateAll(each => each.map(one => one.getBoundingClientRect().toJSON() as DOMRect))
      for (const [i, a] of boxes.entries())
        for (const b of boxes.slice(i + 1)) {
          const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
          expect(apart, 'cards do not overlap').toBe(true)
        }
    },
  )

  test('a narrow table drops its least important columns and says which', async () => {
    room.server.publish(ORDINARY)
    const page = await opened({ viewport: { width: 360, height: 800 } })
    await shows(page, 'indices', 'NIFTY')
    const columns = () => card(page, 'indices').getByRole('columnheader').allTextContents()
    await expect.poll(columns).not.toContain('Legs')
    expect(await columns()).toContain('Index')
    await shows(page, 'indices', 'Not enough room for:')
    await page.setViewportSize({ width: 2560, height: 800 })
    await expect.poll(columns).toContain('Legs')
  })

  test('a table of 200 rows scrolls in its card, by keyboard too', async () => {
    room.server.publish(manyIndices(200))
    const page = await opened()
    const region = page.getByRole('region', { name: 'Indices: 200 rows' })
    await region.focus()
    await page.keyboard.press('End')
    await expect.poll(() => region.evaluate(each => each.scrollTop)).toBeGreaterThan(0)
  })
})

describe('tones', () => {
  test('are a colour and a mark', async () => {
    room.server.publish(ORDINARY)
    const page = await opened({ viewport: { width: 2560, height: 900 } })
    await shows(page, 'links', 'source')
    const marks = await page
      .locator('.content [data-tone]:not(.alerts *)')
      .evaluateAll(each =>
        each.map(one => [(one as HTMLElement).dataset.tone, getComputedStyle(one, '::after').content]),
      )
    const known: Readonly<Record<string, string>> = { ok: '✓', info: 'i', warn: '!', error: '!!', muted: '–' }
    expect(marks.length).toBeGreaterThan(5)
    for (const [tone = '', mark = ''] of marks) expect(mark).toContain(`"${known[tone]}" /`)
    const inks = new Set(
      await page.locator('.badge').evaluateAll(each => each.map(one => getComputedStyle(one).color)),
    )
    expect(inks.size).toBeGreaterThan(1)
  })

  test('follow the system, and what was chosen is kept', async () => {
    room.server.publish(ORDINARY)
    const page = await opened({ colorScheme: 'dark' })
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await ground()
    await page.getByRole('button', { name: 'Theme: system' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).waitFor()
    expect(await ground()).not.toBe(dark)
    await page.reload()
    await page.getByRole('button', { name: 'Theme: light' }).click()
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
    expect(await ground()).toBe(dark)
  })
})

describe('by keyboard', () => {
  test('everything that can be clicked is reached, and the focus is always to be seen', async () => {
    room.server.publish(ORDINARY)
    const page = await opened()
    await shows(page, 'links', 'source')
    const reachable = 'a[href], button:not(:disabled), input, select, summary, [tabindex="0"]'
    const wanted = await page.locator(reachable).evaluateAll(each => {
      const seen = each.filter(one => one.checkVisibility())
      for (const [i, one] of seen.entries()) one.setAttribute('data-walk', String(i))
      return seen.length
    })
    const reached = new Set<string>()
    for (let i = 0; i < wanted; i++) {
      await page.keyboard.press('Tab')
      const [walk, outline] = await page.evaluate(() => {
        const element = document.activeElement
        return [
          element?.getAttribute('data-walk') ?? '',
          element ? getComputedStyle(element).outlineStyle : 'none',
        ]
      })
      expect(outline).not.toBe('none')
      reached.add(walk)
    }
    expect(reached.size).toBe(wanted)
    expect(wanted).toBeGreaterThan(20)
  })

  test('there are landmarks, one first heading, and live regions', async () => {
    room.server.publish(ORDINARY)
    const page = await opened()
    for (const role of ['banner', 'main'] as const) expect(await page.getByRole(role).count()).toBe(1)
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
    expect(await page.getByRole('status', { name: 'Overall health' }).count()).toBe(1)
    expect(await page.getByRole('region', { name: 'Storage' }).count()).toBe(1)
    for (const role of ['button', 'link'] as const) {
      expect(await page.getByRole(role, { name: /./ }).count()).toBe(await page.getByRole(role).count())
    }
  })
})
