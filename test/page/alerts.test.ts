// Alerts on the page: list, filter, count in the title, announcement, sound and notification.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { withAlerts } from './support/moments.js'
import { card, choose, shows } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()
const SLOW = { sec: 0, message: 'kite is slow' }
const DOWN = { sec: 10, level: 'critical', message: 'kite does not answer' } as const

const titleIs = (page: Page, title: string) =>
  page.waitForFunction(expected => document.title === expected, title, { timeout: 30_000 })
const rows = (page: Page) => card(page, 'alerts').locator('.alerts-list li')
const messages = (page: Page) => rows(page).locator('.alert-message').allTextContents()
const button = (page: Page, name: string | RegExp) => card(page, 'alerts').getByRole('button', { name })
const SOUND = 'Sound for critical alerts'
/** Switches it in the menu of the card, which stays open. */
const toggle = async (page: Page, name: string): Promise<void> => {
  await choose(card(page, 'alerts'), name)
  await page.keyboard.press('Escape')
}

/** What the stubbed Notification and sound of the page recorded. */
type Stubbed = typeof globalThis & { asked: number; answer: string; shown: string[]; tones: number }

function stub(): void {
  const page = globalThis as Stubbed
  Object.assign(page, { asked: 0, answer: 'granted', shown: [], tones: 0 })
  class StubNotification {
    static permission = 'default'
    static requestPermission(): Promise<string> {
      page.asked++
      StubNotification.permission = page.answer
      return Promise.resolve(page.answer)
    }
    constructor(title: string, { body }: { body: string }) {
      page.shown.push(`${title}: ${body}`)
    }
  }
  Object.assign(page, { Notification: StubNotification })
  const { start } = OscillatorNode.prototype
  OscillatorNode.prototype.start = function (...args) {
    page.tones++
    start.apply(this, args)
  }
}

describe('the alerts', () => {
  test('are listed worst first, then newest', async () => {
    room.server.publish(withAlerts(SLOW, DOWN, { sec: 20, level: 'info', message: 'cache is warm' }))
    const { page, faults } = await room.open()
    await shows(page, 'alerts', 'kite is slow')
    expect(await rows(page).evaluateAll(all => all.map(each => each.textContent))).toEqual([
      expect.stringMatching(/^13:30:10kite does not answerProvider · critical · for .*Acknowledge all 3$/),
      '13:30:00kite is slowProvider · warn',
      '13:30:20cache is warmProvider · info',
    ])
    expect(await card(page, 'alerts').locator('.say').textContent()).toBe('1 critical · 1 warning · 1 note')
    expect(faults).toEqual([])
  })

  test('without a component have their level alone', async () => {
    room.server.publish(withAlerts({ sec: 0, message: 'kite is slow', component: null }))
    const { page } = await room.open()
    await shows(page, 'alerts', 'kite is slow')
    expect(await rows(page).first().textContent()).toBe('13:30:00kite is slowwarnAcknowledge')
    expect(await rows(page).locator('.alert-component').count()).toBe(0)
  })

  test('are filtered by level and by words, from eight of them on', async () => {
    const warm = Array.from({ length: 5 }, (_, i) => ({
      sec: 100 + i * 61,
      level: 'info' as const,
      message: `cache is warm ${i}`,
    }))
    room.server.publish(withAlerts(SLOW, DOWN, ...warm))
    const few = await room.open()
    await shows(few.page, 'alerts', 'kite is slow')
    expect(await card(few.page, 'alerts').getByRole('searchbox').count()).toBe(0)
    room.server.publish(withAlerts(SLOW, DOWN, ...warm, { sec: 20, level: 'info', message: 'cache is warm' }))
    const { page } = await room.open()
    await shows(page, 'alerts', 'kite is slow')
    await button(page, 'warn 1').click()
    expect((await messages(page)).slice(0, 2)).toEqual(['kite does not answer', 'cache is warm 4'])
    await card(page, 'alerts').getByRole('searchbox').fill('KITE')
    expect(await messages(page)).toEqual(['kite does not answer'])
    await card(page, 'alerts').getByText('1 of 8 shown').waitFor()
    await card(page, 'alerts').getByRole('searchbox').fill('kites')
    await card(page, 'alerts').getByText('None of 8 alerts match.').waitFor()
    await button(page, 'Show all').click()
    expect(await rows(page).count()).toBe(8)
  })

  test('that the panel no longer lists stay, marked; the number of unlisted ones is shown', async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({ sec: i * 61, message: `alert ${i}` }))
    room.server.publish(withAlerts(...many.slice(0, 15)))
    const { page } = await room.open()
    await shows(page, 'alerts', 'alert 14')
    room.server.publish(withAlerts(...many))
    await shows(page, 'alerts', 'alert 59')
    expect(await rows(page).count()).toBe(30)
    expect((await messages(page)).slice(14, 16)).toEqual(['alert 45', 'alert 14 no longer listed'])
    await card(page, 'alerts').getByText('45 warn alerts not listed').waitFor()
    const list = card(page, 'alerts').locator('.alerts-list')
    expect(await list.evaluate(each => each.scrollHeight > each.clientHeight)).toBe(true)
  })

  test('have no card when there are none: the bar says so, and the menu of the page has their switches', async () => {
    // Without the lines that are computed from the indices.
    const calm = withAlerts().map(panel => ({
      ...panel,
      blocks: panel.blocks.filter(({ kind }) => kind !== 'text'),
    }))
    room.server.publish(calm, { word: 'healthy', reasons: [] })
    const { page } = await room.open()
    await page.locator('.why', { hasText: 'Nothing needs a look' }).getByText('no alerts').waitFor()
    expect(await card(page, 'alerts').count()).toBe(0)
    expect(await page.title()).toBe('G6 Stream')
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('menuitemcheckbox', { name: SOUND }).waitFor()
    // Asked for by name, it is there in any case.
    const { page: named } = await room.open({ path: '/?panels=alerts' })
    await shows(named, 'alerts', 'No alerts.')
  })
})

describe('a new alert', () => {
  test('is counted in the title until it is acknowledged, also after the page was loaded again', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page } = await room.open()
    await titleIs(page, '(1) G6 Stream')
    room.server.publish(withAlerts(SLOW, DOWN))
    await titleIs(page, '(1 critical) G6 Stream')
    await button(page, 'Acknowledge all 2').click()
    await titleIs(page, 'G6 Stream')
    await page.reload()
    await shows(page, 'alerts', 'kite does not answer')
    expect(await button(page, /Acknowledge/).count()).toBe(0)
    expect(await page.title()).toBe('G6 Stream')
    room.server.publish(withAlerts(SLOW, DOWN, { sec: 30, message: 'another' }))
    await titleIs(page, '(1) G6 Stream')
  })

  test('is announced, a critical one at once, but not those from the start', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page } = await room.open()
    await titleIs(page, '(1) G6 Stream')
    const spoken = (role: string) => page.locator(`body > [role=${role}]`)
    expect(await spoken('status').textContent()).toBe('')
    room.server.publish(withAlerts(SLOW, { sec: 5, message: 'still slow' }))
    await spoken('status').getByText('warn: Provider: still slow').waitFor()
    expect(await spoken('alert').textContent()).toBe('')
    room.server.publish(withAlerts(SLOW, { sec: 5, message: 'still slow' }, DOWN))
    await spoken('alert').getByText('critical: Provider: kite does not answer').waitFor()
  })

  test('plays a sound and shows a notification when it is critical and the user has enabled it', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page, faults } = await room.open({}, stub)
    await titleIs(page, '(1) G6 Stream')
    const state = () =>
      page.evaluate(() => {
        const { asked, shown, tones } = globalThis as Stubbed
        return { asked, shown, tones }
      })
    room.server.publish(withAlerts(SLOW, DOWN))
    await titleIs(page, '(1 critical) G6 Stream')
    expect(await state()).toEqual({ asked: 0, shown: [], tones: 0 })
    await toggle(page, SOUND)
    await page.waitForFunction(() => (globalThis as Stubbed).tones === 2)
    await choose(card(page, 'alerts'), 'Notifications')
    await page.getByRole('menuitemcheckbox', { name: 'Notifications', checked: true }).waitFor()
    await page.keyboard.press('Escape')
    room.server.publish(withAlerts(SLOW, DOWN, { sec: 20, message: 'only a warning' }))
    await titleIs(page, '(1 critical) G6 Stream')
    room.server.publish(withAlerts(SLOW, DOWN, { sec: 80, level: 'critical', message: 'disk full' }))
    await titleIs(page, '(2 critical) G6 Stream')
    await page.waitForFunction(() => (globalThis as Stubbed).tones === 4)
    expect(await state()).toEqual({
      asked: 1,
      shown: ['G6: critical alert: critical: Provider: disk full'],
      tones: 4,
    })
    expect(faults).toEqual([])
  })

  test('is not notified where the browser does not allow it, and the page says so', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page } = await room.open({}, stub)
    await titleIs(page, '(1) G6 Stream')
    await page.evaluate(() => Object.assign(globalThis, { answer: 'denied' }))
    await choose(card(page, 'alerts'), 'Notifications')
    await card(page, 'alerts').getByText('The browser does not allow notifications').waitFor()
    const item = page.getByRole('menuitemcheckbox', { name: 'Notifications' })
    expect(await item.getAttribute('aria-checked')).toBe('false')
  })

  test('is counted while the page is paused, and listed when resumed', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page } = await room.open()
    await titleIs(page, '(1) G6 Stream')
    await choose(page, 'Pause')
    room.server.publish(withAlerts(SLOW, DOWN))
    await titleIs(page, '(1 critical) G6 Stream')
    expect(await messages(page)).toEqual(['kite is slow'])
    await choose(page, 'Resume')
    await shows(page, 'alerts', 'kite does not answer')
  })
})
