// Accessibility of the page: on every width, in both themes, by keyboard, and by a screen reader.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { makePanel } from '../../src/panels/lines.js'
import { healthy, manyAlerts, manyIndices, ORDINARY, retold } from './support/boards.js'
import { withAlerts } from './support/moments.js'
import { card, choose, HEALTH, openPage, shows, startPageServer } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

type Violation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] }

/** What axe finds, as `rule: element`; in the dark theme only for rules that depend on colours. */
async function axeFinds(page: Page): Promise<readonly string[]> {
  // As an expression from the debugger: the page's policy would not let it in as a script.
  await page.evaluate(axe.source)
  const found: string[] = []
  for (const [colorScheme, options] of [
    ['light', '{}'],
    ['dark', '{ runOnly: ["color-contrast"] }'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    const violations = (await page.evaluate(
      `axe.run(${options}).then(({ violations }) => violations)`,
    )) as readonly Violation[]
    found.push(...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)))
  }
  return found
}

let health: unknown
const room = pageRoom({ health: () => health })
beforeEach(() => {
  health = HEALTH
})

const STILL = { reducedMotion: 'reduce' } as const

describe('axe finds nothing in either theme', () => {
  test('before the first board, nor on an ordinary one', async () => {
    const { page } = await room.open(STILL)
    await page.getByText('The server answers, and has no board yet').waitFor()
    expect(await axeFinds(page)).toEqual([])
    room.server.publish(ORDINARY)
    await shows(page, 'storage', 'Lag')
    expect(await axeFinds(page)).toEqual([])
  })

  test('narrow, paused, nor without its server', async () => {
    room.server.publish(ORDINARY)
    const { page } = await room.open(STILL)
    await shows(page, 'storage', 'Lag')
    await page.keyboard.press('p')
    await page.getByText('Paused: updates are held back').waitFor()
    await page.setViewportSize({ width: 360, height: 800 })
    expect(await axeFinds(page)).toEqual([])
    await room.endServer()
    await page.locator('.now', { hasText: 'reconnecting' }).waitFor()
    expect(await axeFinds(page)).toEqual([])
  })

  test('with cells that just changed, folded and pinned cards, sorted tables, an open menu, and the keys open', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown(STILL)
    await shows(page, 'indices', '24512.30')
    await choose(card(page, 'storage'), 'Pin')
    await choose(card(page, 'cycle'), 'Fold')
    await card(page, 'indices').getByRole('button', { name: 'Last' }).click()
    room.server.publish(retold(ORDINARY, 'indices', '24512.30', '24999.99'))
    await card(page, 'indices').locator('[data-changed]').first().waitFor()
    expect(await axeFinds(page)).toEqual([])
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('menuitem', { name: 'Keys' }).waitFor()
    expect(await axeFinds(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    expect(await axeFinds(page)).toEqual([])
  })

  test('with 200 indices, 50 alerts and a dead source', async () => {
    health = { ...HEALTH, status_file: { state: 'missing', age_sec: 400 } }
    const alerts = manyAlerts(50).filter(({ key }) => key === 'alerts')
    room.server.publish([...manyIndices(200).filter(({ key }) => key !== 'alerts'), ...alerts])
    const page = await room.shown(STILL)
    await page.locator('.page.stale').waitFor({ timeout: 30_000 })
    expect(await axeFinds(page)).toEqual([])
  })

  test('on a wall display, with panels that are named and one there is not', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown({ ...STILL, path: '/?kiosk=1&panels=alerts,indices,nonsense' })
    await page.getByText('The board has no panel named nonsense').waitFor()
    expect(await axeFinds(page)).toEqual([])
  })

  test('when a token is required, and when it was wrong', async () => {
    const closed = await startPageServer({ http: { sseApiToken: 'a-token-of-the-tests' } })
    const { page } = await openPage(room.browser, closed.url, STILL)
    await page.getByText('This server requires a token').waitFor()
    expect(await axeFinds(page)).toEqual([])
    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('The token was not accepted').waitFor()
    expect(await axeFinds(page)).toEqual([])
    await closed.close()
  })
})

/** In the page: what is cut off, and which cards lie over each other. */
function misplaced(): readonly string[] {
  const texts = [...document.querySelectorAll('.card, .card td, .card th, .card dd, .facts dd')]
  const cut = texts.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML)
  const gap = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) - 1
  const boxes = [...document.querySelectorAll('.card')].map(one => one.getBoundingClientRect())
  const over = boxes.flatMap((a, i) =>
    boxes
      .slice(i + 1)
      // Above each other there is 1 rem between them, less what a part of a pixel may take.
      .filter(
        b => !(a.right <= b.left || b.right <= a.left || a.bottom + gap <= b.top || b.bottom + gap <= a.top),
      )
      .map(b => `a card at ${a.x} ${a.y} lies over one at ${b.x} ${b.y}, or has no room to it`),
  )
  return [...cut, ...over]
}

/** In the page: the empty room between the cards of a column, of the column where it is most, rem. */
function mostEmptyRem(): number {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  const boxes = [...document.querySelectorAll('.grid > *')].map(one => one.getBoundingClientRect())
  const empty = boxes.map(({ left }) => {
    const column = boxes.filter(box => box.left <= left + 1 && left + 1 < box.right)
    const heights = column.reduce((sum, { height }) => sum + height, 0)
    const top = Math.min(...boxes.map(box => box.top))
    const gaps = (column.length - 1) * rem
    return Math.max(...column.map(({ bottom }) => bottom)) - top - heights - gaps
  })
  return Math.max(...empty) / rem
}

describe('every width', () => {
  test('from 360 px to 4K: nothing is cut off, nothing scrolls sideways, no card lies over another', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown()
    await shows(page, 'storage', 'Lag')
    for (const width of [360, 768, 1280, 2560, 3840]) {
      await page.setViewportSize({ width, height: 500 })
      // What is measured in the page takes a frame or two to follow the window.
      await expect.poll(() => page.evaluate(misplaced), { timeout: 30_000 }).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      // Less than most cards need.
      await expect.poll(() => page.evaluate(mostEmptyRem), { timeout: 30_000 }).toBeLessThan(14)
    }
  })

  test('a display of a few panels leaves no column empty', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown({ path: '/?panels=alerts,indices' })
    const right = () =>
      card(page, 'indices').evaluate(each => innerWidth - each.getBoundingClientRect().right)
    await expect.poll(right).toBeLessThan(30)
  })

  test('a narrow table drops its least important columns and says which', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown({ viewport: { width: 360, height: 800 } })
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
    const page = await room.shown()
    const region = page.getByRole('region', { name: 'Indices: 200 rows' })
    await region.focus()
    await page.keyboard.press('End')
    await expect.poll(() => region.evaluate(each => each.scrollTop)).toBeGreaterThan(0)
    await shows(page, 'indices', 'Scroll to see all 200 rows.')
    const columns = [{ label: 'Name' }, { label: 'Load', align: 'right' as const }]
    const rows = Array.from({ length: 40 }, (_, i) => [{ text: `n${i}` }, { text: `${i}`, value: i }])
    const rest = { kind: 'text' as const, text: '60 more rows not shown', tone: 'muted' as const }
    room.server.publish([makePanel('nodes', 'Nodes', [{ kind: 'table', columns, rows }, rest])])
    await shows(page, 'nodes', 'Scroll to see 40 of the 100 rows.')
    expect(await card(page, 'nodes').textContent()).not.toContain('not shown')
  })
})

/** In the page: elements with a background of a tone, but for the block of the bar, gauges and marks. */
function solidFills(): readonly string[] {
  const probe = document.createElement('i')
  document.body.append(probe)
  const tones = ['ok', 'info', 'warn', 'error'].map(tone => {
    probe.style.color = `var(--${tone})`
    return getComputedStyle(probe).color
  })
  probe.remove()
  return [...document.querySelectorAll('body *:not(.gauge i)')]
    .filter(each => tones.includes(getComputedStyle(each).backgroundColor))
    .map(each => `${each.tagName} ${each.className}`)
}

describe('tones', () => {
  test('are a colour and a mark; what is well has neither; only the block of a failing verdict is a solid fill', async () => {
    room.server.publish(withAlerts({ sec: 0, level: 'critical', message: 'no ticks' }))
    const page = await room.shown({ viewport: { width: 2560, height: 900 } })
    await shows(page, 'alerts', 'no ticks')
    const marked =
      '.fields [data-tone] > dd, tr[data-tone] > :first-child, .card[data-tone=error] > header, .alert-mark'
    const marks = await page
      .locator(marked)
      .evaluateAll(each => each.map(one => getComputedStyle(one, '::before').clipPath))
    expect(marks.length).toBeGreaterThan(5)
    expect(marks.filter(shape => shape === 'none')).toEqual([])
    expect(await page.locator('td[data-tone=ok], th[data-tone=ok], tr[data-tone=ok]').count()).toBe(0)
    expect(await page.evaluate(solidFills)).toEqual(['H1 word'])
    room.server.publish(ORDINARY, { word: 'healthy', reasons: [] })
    await page.locator('.overall[data-verdict=healthy]').waitFor()
    expect(await page.evaluate(solidFills)).toEqual([])
  })

  test('follow the system, and what was chosen is kept', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown({ colorScheme: 'dark' })
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await ground()
    await choose(page, 'Theme: system')
    await page.getByText('Theme: light').waitFor({ state: 'attached' })
    expect(await ground()).not.toBe(dark)
    await page.reload()
    await choose(page, 'Theme: light')
    await page.getByText('Theme: dark').waitFor({ state: 'attached' })
    expect(await ground()).toBe(dark)
  })
})

describe('the first look', () => {
  test('at 360 x 740 a critical alert and its button end above 400 px', async () => {
    const message = 'Provider sends no quotes: sign-in has expired'
    room.server.publish(withAlerts({ sec: 0, message: 'slow' }, { sec: 10, level: 'critical', message }))
    const page = await room.shown({ viewport: { width: 360, height: 740 } })
    await shows(page, 'alerts', message)
    const ends = await page
      .locator('[data-level=critical], [data-level=critical] button')
      .evaluateAll(each => each.map(one => one.getBoundingClientRect().bottom))
    expect(ends.length).toBe(2)
    expect(Math.max(...ends)).toBeLessThan(400)
    expect(
      await page.locator('[data-level=critical] button').evaluate(each => each.clientHeight),
    ).toBeGreaterThanOrEqual(42)
  })

  test('at 360 px the age of the source is one line, and all notes begin where the rows do', async () => {
    const table = {
      kind: 'table',
      columns: ['name', 'first', 'second', 'third'].map((label, i) => ({ label, priority: 9 - i })),
      rows: [['a', 'b', 'c', 'd'].map(text => ({ text: text.repeat(16) }))],
    } as const
    const note = { kind: 'text', text: '3 more columns not shown', tone: 'muted' } as const
    const failing = { kind: 'text', text: 'slow', tone: 'warn' } as const
    room.server.publish([makePanel('t', 'T', [table, note]), makePanel('u', 'U', [failing])])
    const page = await room.shown({ viewport: { width: 360, height: 740 } })
    await shows(page, 't', 'Not enough room for:')
    await expect.poll(() => page.locator('.now').textContent()).toMatch(/source \d+ s · \d\d:\d\d:\d\d/)
    const now = await page.locator('.now').evaluate(each => ({
      isCut: each.scrollWidth > each.clientWidth,
      lines: Math.round(
        each.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(each).lineHeight),
      ),
    }))
    expect(now).toEqual({ isCut: false, lines: 1 })
    const begins = await card(page, 't')
      .locator('.note')
      .evaluateAll(each => each.map(one => getComputedStyle(one).paddingLeft))
    expect(begins).toHaveLength(2)
    expect(new Set(begins).size).toBe(1)
  })

  test('at 1280 x 800 every panel of a healthy board is in view', async () => {
    room.server.publish(healthy(), { word: 'healthy', reasons: [] })
    const page = await room.shown({ viewport: { width: 1280, height: 800 } })
    await shows(page, 'storage', 'Lag')
    const beginnings = () =>
      page.locator('[data-panel]').evaluateAll(each => each.map(one => one.getBoundingClientRect().top))
    await expect.poll(async () => Math.max(...(await beginnings()))).toBeLessThan(740)
    expect((await beginnings()).length).toBe(6)
  })

  test('without a connection nothing is judged, and it is pageText once', async () => {
    room.server.publish(withAlerts({ sec: 0, level: 'critical', message: 'no ticks' }))
    const page = await room.shown()
    await shows(page, 'alerts', 'no ticks')
    await room.endServer()
    await page
      .locator('.overall[data-verdict=unknown]')
      .getByText(/No connection since [\d:]{8}$/)
      .waitFor()
    expect(await page.locator('main [data-tone]').count()).toBe(0)
    expect(await page.evaluate(solidFills)).toEqual([])
    const pageText = await page.evaluate(() => document.body.innerText)
    expect(pageText.match(/No connection/g)?.length).toBe(1)
  })
})

describe('by keyboard', () => {
  test('everything that can be clicked is reachable, and the focus is always visible', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown()
    await shows(page, 'storage', 'Lag')
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
    expect(wanted).toBeGreaterThan(10)
  })

  test('the first alert is at most six stops away, and a link skips to the board', async () => {
    const places = [{ panel: 'alerts' }, { panel: 'indices' }, { panel: 'cycle' }]
    const verdict = { word: 'failing' as const, reasons: ['no ticks', 'NIFTY: stale', 'slow'], places }
    room.server.publish(withAlerts({ sec: 0, level: 'critical', message: 'no ticks' }), verdict)
    const page = await room.shown()
    await shows(page, 'alerts', 'no ticks')
    const stops: string[] = []
    const isAtAlert = () =>
      page.evaluate(() => document.activeElement?.closest('[data-panel="alerts"] li') !== null)
    do {
      await page.keyboard.press('Tab')
      stops.push(await page.evaluate(() => document.activeElement?.textContent ?? ''))
    } while (stops.length < 12 && !(await isAtAlert()))
    expect(stops).toEqual(['Skip to the board', 'no ticks', 'NIFTY: stale', 'slow', '⋯', 'Acknowledge'])
    await page.reload()
    await shows(page, 'alerts', 'no ticks')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await isAtAlert()).toBe(true)
  })

  test('a menu opens, is walked with the arrow keys, and gives the focus back', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown()
    const button = page.getByRole('button', { name: 'Menu' })
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    await button.focus()
    await page.keyboard.press('Enter')
    await expect.poll(focused).toContain('Pause')
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toContain('Download')
    await page.keyboard.press('End')
    expect(await focused()).toContain('Keys')
    await page.keyboard.press('Escape')
    expect(await button.evaluate(each => each === document.activeElement)).toBe(true)
  })

  test('there are landmarks, one first heading, and live regions', async () => {
    room.server.publish(ORDINARY)
    const page = await room.shown()
    for (const role of ['banner', 'main'] as const) expect(await page.getByRole(role).count()).toBe(1)
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
    expect(await page.getByRole('status', { name: 'Overall health' }).count()).toBe(1)
    expect(await page.getByRole('region', { name: 'Storage' }).count()).toBe(1)
    for (const role of ['button', 'link'] as const) {
      expect(await page.getByRole(role, { name: /./ }).count()).toBe(await page.getByRole(role).count())
    }
  })
})
