// The keys of the page: what each does, where it is typed instead, and the dialog that lists them.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { KEYS } from '../../web/keys/keys.js'
import { withAlerts } from './support/moments.js'
import { card, choose, shows } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()

/** The card that has the focus. */
const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-panel]')?.dataset.panel ?? null)
const focusIs = (page: Page, key: string) =>
  page.waitForFunction(
    expected => document.activeElement?.closest<HTMLElement>('[data-panel]')?.dataset.panel === expected,
    key,
  )

async function opened(): Promise<Page> {
  room.server.publish(withAlerts({ sec: 0, message: 'kite is slow' }))
  const { page } = await room.open()
  await shows(page, 'alerts', 'kite is slow')
  return page
}

describe('the help', () => {
  test('opens with ?, lists every key, closes with Escape, and restores the focus', async () => {
    const page = await opened()
    await page.keyboard.press('j')
    await focusIs(page, 'alerts')
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keys' })
    await dialog.waitFor()
    for (const [key, , tells] of KEYS) {
      expect(await dialog.locator('div', { hasText: tells }).locator('kbd').textContent()).toBe(key)
    }
    await page.keyboard.press('p')
    expect(await page.getByText('Paused').count()).toBe(0)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await focused(page)).toBe('alerts')
  })

  test('opens from the menu too', async () => {
    const page = await opened()
    await choose(page, 'Keys')
    await page.getByRole('dialog', { name: 'Keys' }).getByRole('button', { name: 'Close' }).click()
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' })
  })
})

describe('a key', () => {
  test('moves from card to card, and stops at the last', async () => {
    const page = await opened()
    await page.keyboard.press('k')
    const all = await page
      .locator('[data-panel]')
      .evaluateAll(each => each.map(one => one.id.slice('panel-'.length)))
    const [before = '', last = ''] = all.slice(-2)
    await focusIs(page, last)
    await page.keyboard.press('j')
    await focusIs(page, last)
    await page.keyboard.press('k')
    await focusIs(page, before)
  })

  test('moves, pins and folds the card that has the focus, which keeps it', async () => {
    const page = await opened()
    const order = () =>
      page.locator('[data-panel]').evaluateAll(all => all.map(each => (each as HTMLElement).dataset.panel))
    const [first, second, third] = await order()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press(']')
    await expect.poll(order).toEqual(expect.objectContaining({ 0: first, 1: third, 2: second }))
    await focusIs(page, second ?? '')
    await page.keyboard.press('s')
    await expect.poll(async () => (await order())[0]).toBe(second)
    await focusIs(page, second ?? '')
    await page.keyboard.press('f')
    await card(page, second ?? '')
      .locator('.content')
      .waitFor({ state: 'detached' })
    await page.keyboard.press('f')
    await card(page, second ?? '')
      .locator('.content')
      .waitFor()
  })

  test('pauses and resumes', async () => {
    const page = await opened()
    await page.keyboard.press('p')
    await page.getByText('Paused: updates are held back').waitFor()
    await page.keyboard.press('p')
    await page.getByText('Paused: updates are held back').waitFor({ state: 'detached' })
  })

  test('focuses the filter of the alerts, where keys are typed', async () => {
    const page = await opened()
    await page.keyboard.press('/')
    const filter = page.getByLabel('Filter alerts by words')
    await expect.poll(() => filter.evaluate(each => each === document.activeElement)).toBe(true)
    await page.keyboard.type('p?a')
    expect(await filter.inputValue()).toBe('p?a')
    expect(await page.getByText('Paused').count()).toBe(0)
    expect(await page.title()).toBe('(1) G6 Stream')
  })

  test('acknowledges the alerts', async () => {
    const page = await opened()
    await page.keyboard.press('a')
    await page.waitForFunction(() => document.title === 'G6 Stream')
  })

  test('changes the theme', async () => {
    const page = await opened()
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await ground()
    await page.keyboard.press('t')
    await page.keyboard.press('t')
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    expect(await ground()).not.toBe(light)
  })

  test('with Ctrl belongs to the browser', async () => {
    const page = await opened()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('j')
    await focusIs(page, 'alerts')
    expect(await page.title()).toBe('(1) G6 Stream')
  })
})
