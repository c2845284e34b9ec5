// Cards moved, folded and pinned, as the browser remembers them; and the query of the page.
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { ORDINARY } from './support/boards.js'
import { card, shows } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()
beforeEach(() => {
  room.server.publish(ORDINARY)
})

const KEYS = ORDINARY.map(({ key }) => key)
const order = (page: Page) =>
  page.locator('[data-panel]').evaluateAll(cards => cards.map(each => (each as HTMLElement).dataset.panel))
const orderIs = (page: Page, keys: readonly string[]) =>
  expect.poll(() => order(page), { timeout: 30_000 }).toEqual(keys)
const handle = (page: Page, title: string) => page.getByRole('button', { name: `Move ${title}` })

describe('cards', () => {
  test('are moved by keyboard, the focus stays, and the browser remembers', async () => {
    const page = await room.shown()
    await handle(page, 'Overview').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    const [first = '', second = '', third = '', ...rest] = KEYS
    await orderIs(page, [second, third, first, ...rest])
    expect(await handle(page, 'Overview').evaluate(each => each === document.activeElement)).toBe(true)
    await page.getByText('Overview: place 3 of').waitFor({ state: 'attached' })
    await page.reload()
    await orderIs(page, [second, third, first, ...rest])
    await page.getByRole('button', { name: 'Reset cards' }).click()
    await orderIs(page, KEYS)
  })

  test('are dragged to the place of another', async () => {
    const page = await room.shown({ viewport: { width: 1280, height: 2000 } })
    await shows(page, 'links', 'source')
    await handle(page, 'Overview').hover()
    await page.mouse.down()
    await card(page, 'analytics').hover({ position: { x: 30, y: 30 } })
    await page.locator('[data-panel="analytics"][data-drop]').waitFor()
    await page.mouse.up()
    const without = KEYS.filter(key => key !== 'header')
    const at = KEYS.indexOf('analytics')
    await orderIs(page, [...without.slice(0, at), 'header', ...without.slice(at)])
  })

  test('stay in place when Escape cancels a drag', async () => {
    const page = await room.shown({ viewport: { width: 1280, height: 2000 } })
    await handle(page, 'Overview').hover()
    await page.mouse.down()
    await card(page, 'analytics').hover({ position: { x: 30, y: 30 } })
    await page.locator('[data-panel="analytics"][data-drop]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-drop]').waitFor({ state: 'detached' })
    await page.mouse.up()
    await orderIs(page, KEYS)
  })

  test('are pinned to the front and folded, and the browser remembers', async () => {
    const page = await room.shown()
    const pin = page.getByRole('button', { name: 'Pin Storage' })
    await pin.click()
    await orderIs(page, ['storage', ...KEYS.filter(key => key !== 'storage')])
    expect(await pin.getAttribute('aria-pressed')).toBe('true')
    const title = page.getByRole('button', { name: 'Indices', exact: true })
    await title.click()
    expect(await title.getAttribute('aria-expanded')).toBe('false')
    await card(page, 'indices').locator('.content').waitFor({ state: 'detached' })
    await page.reload()
    await orderIs(page, ['storage', ...KEYS.filter(key => key !== 'storage')])
    expect(await card(page, 'indices').locator('.content').count()).toBe(0)
    await title.click()
    await shows(page, 'indices', 'NIFTY')
  })

  test('have the default order when the stored arrangement is invalid', async () => {
    const page = await room.shown()
    await page.evaluate(() => {
      localStorage.setItem('g6-page.order', '{"a":')
      localStorage.setItem('g6-page.folded', '[1,null,{}]')
      localStorage.setItem('g6-page.theme', '"pink"')
    })
    await page.reload()
    await orderIs(page, KEYS)
  })
})

describe('the address', () => {
  test('?panels= shows these in this order, and names missing ones', async () => {
    const page = await room.shown({ path: '/?panels=alerts,indices,nonsense' })
    await orderIs(page, ['alerts', 'indices'])
    await page.getByText('The board has no panel named nonsense').waitFor()
    // Hidden panels count too.
    await page.locator('.facts', { hasText: 'open' }).waitFor()
  })

  test('?kiosk=1 is a wall display: no controls, larger, without the arrangement of this browser', async () => {
    const page = await room.shown()
    await page.getByRole('button', { name: 'Pin Storage' }).click()
    const size = () =>
      card(page, 'indices').evaluate(each => Number.parseFloat(getComputedStyle(each).fontSize))
    const before = await size()
    await page.goto(`${room.server.url}/?kiosk=1&panels=indices,storage`)
    await orderIs(page, ['indices', 'storage'])
    expect(await page.locator('header button').count()).toBe(0)
    expect(await size()).toBeGreaterThan(before)
    await page.locator('.overall strong').waitFor()
  })
})
