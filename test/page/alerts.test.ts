// Alerts on the page: list, filter, count in the title, announcement, sound and notification.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { withAlerts } from './support/moments.js'
import { card, shows } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const room = pageRoom()
const SLOW = { sec: 0, message: 'kite is slow' }
const DOWN = { sec: 10, level: 'critical', message: 'kite does not answer' } as const

const titleIs = (page: Page, title: string) =>
  page.waitForFunction(expected => document.title === expected, title, { timeout: 30_000 })
const rows = (page: Page) => card(page, 'alerts').locator('.alerts-list li')
const messages = (page: Page) => rows(page).locator('.alert-message').allTextContents()
const button = (page: Page, name: string | RegExp) => card(page, 'alerts').getByRole('button', { name })

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
  test('are listed newest first, as in the board', async () => {
    room.server.publish(withAlerts(SLOW, DOWN, { sec: 20, level: 'info', message: 'cache is warm' }))
    const { page, faults } = await room.open()
    await shows(page, 'alerts', 'kite is slow')
    expect(await rows(page).evaluateAll(all => all.map(each => each.textContent))).toEqual([
      '13:30:20infoProvidercache is warm',
      '13:30:10criticalProviderkite does not answer',
      '13:30:00warnProviderkite is slow',
    ])
    expect(await card(page, 'alerts').locator('dl').textContent()).toBe(
      'total3by_severitycritical:1 warn:1 info:1',
    )
    expect(faults).toEqual([])
  })

  test('are filtered by level and by words', async () => {
    room.server.publish(withAlerts(SLOW, DOWN, { sec: 20, level: 'info', message: 'cache is warm' }))
    const { page } = await room.open()
    await shows(page, 'alerts', 'kite is slow')
    await button(page, 'warn 1').click()
    expect(await messages(page)).toEqual(['cache is warm', 'kite does not answer'])
    await card(page, 'alerts').getByRole('searchbox').fill('KITE')
    expect(await messages(page)).toEqual(['kite does not answer'])
    await card(page, 'alerts').getByText('1 of 3 shown').waitFor()
    await card(page, 'alerts').getByRole('searchbox').fill('kites')
    await card(page, 'alerts').getByText('None of 3 alerts match.').waitFor()
    await button(page, 'Show all').click()
    expect(await rows(page).count()).toBe(3)
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
    await card(page, 'alerts').getByText('not shown: warn:45').waitFor()
    const list = card(page, 'alerts').locator('.alerts-list')
    expect(await list.evaluate(each => each.scrollHeight > each.clientHeight)).toBe(true)
  })

  test('are an empty list when there are none', async () => {
    room.server.publish(withAlerts())
    const { page } = await room.open()
    await shows(page, 'alerts', 'No alerts.')
    expect(await page.title()).toBe('G6 Stream')
  })
})

describe('a new alert', () => {
  test('is counted in the title until it is acknowledged, also after the page was loaded again', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page } = await room.open()
    await titleIs(page, '(1) G6 Stream')
    room.server.publish(withAlerts(SLOW, DOWN))
    await titleIs(page, '(1 critical) G6 Stream')
    await button(page, 'Acknowledge 2').click()
    await titleIs(page, 'G6 Stream')
    await page.reload()
    await shows(page, 'alerts', 'All acknowledged')
    expect(await page.title()).toBe('G6 Stream')
    room.server.publish(withAlerts(SLOW, DOWN, { sec: 30, message: 'another' }))
    await titleIs(page, '(1) G6 Stream')
  })

  test('is announced, a critical one at once, but not those from the start', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page } = await room.open()
    await titleIs(page, '(1) G6 Stream')
    const said = (role: string) => page.locator(`body > [role=${role}]`)
    expect(await said('status').textContent()).toBe('')
    room.server.publish(withAlerts(SLOW, { sec: 5, message: 'still slow' }))
    await said('status').getByText('warn: Provider: still slow').waitFor()
    expect(await said('alert').textContent()).toBe('')
    room.server.publish(withAlerts(SLOW, { sec: 5, message: 'still slow' }, DOWN))
    await said('alert').getByText('critical: Provider: kite does not answer').waitFor()
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
    await button(page, 'Sound').click()
    await page.waitForFunction(() => (globalThis as Stubbed).tones === 2)
    await button(page, 'Notifications').click()
    await card(page, 'alerts').locator('[aria-pressed=true]', { hasText: 'Notifications' }).waitFor()
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
    await button(page, 'Notifications').click()
    await card(page, 'alerts').getByText('The browser does not allow notifications').waitFor()
    expect(await button(page, 'Notifications').getAttribute('aria-pressed')).toBe('false')
  })

  test('is counted while the page is paused, and listed when resumed', async () => {
    room.server.publish(withAlerts(SLOW))
    const { page } = await room.open()
    await titleIs(page, '(1) G6 Stream')
    await page.getByRole('button', { name: 'Pause' }).click()
    room.server.publish(withAlerts(SLOW, DOWN))
    await titleIs(page, '(1 critical) G6 Stream')
    expect(await messages(page)).toEqual(['kite is slow'])
    await page.getByRole('button', { name: 'Resume' }).click()
    await shows(page, 'alerts', 'kite does not answer')
  })
})
