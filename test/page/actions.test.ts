// The actions of the page: copy, download, pause, open the raw stream.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type NotifyDesk, notifyPlugin } from '../../src/http/routes/notify.js'
import { withNumbers } from './support/moments.js'
import { card, choose, connectionIs, HEALTH, shows } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const TOKEN = 'a-secret-of-the-test'
const NIFTY = { NIFTY: 24_512.3 }

type Resync = {
  readonly panels: Record<string, { readonly title: string; readonly lines: readonly string[] }>
}

describe('the board', () => {
  const room = pageRoom()
  const resync = async (): Promise<Resync> =>
    (await (await fetch(`${room.server.url}/summary/resync?view=blocks`)).json()) as Resync

  async function opened(options: Parameters<typeof room.open>[0] = {}, init?: () => void) {
    room.server.publish(withNumbers(NIFTY, 17.3))
    const watched = await room.open(options, init)
    await shows(watched.page, 'resources', '17.3')
    return watched
  }

  test('has panels that are copied as plain text', async () => {
    const { page, faults } = await opened({ permissions: ['clipboard-read', 'clipboard-write'] })
    await choose(card(page, 'indices'), 'Copy as text')
    await page.getByRole('status').getByText('Copied Indices').waitFor()
    const { title, lines } = (await resync()).panels.indices ?? { title: '', lines: [] }
    expect(lines.length).toBeGreaterThan(2)
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      `[${title}]\n${lines.join('\n')}\n`,
    )
    await card(page, 'cycle').focus()
    await page.keyboard.press('c')
    await page.getByRole('status').getByText('Copied Cycle').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^\[Cycle\]\ncycle: /)
    expect(faults).toEqual([])
  })

  test('has panels that are copied without the clipboard API, as without https', async () => {
    const { page } = await opened({}, () => Reflect.deleteProperty(Navigator.prototype, 'clipboard'))
    await page.evaluate(() => {
      document.addEventListener('copy', () => {
        document.title = `copied ${String(getSelection())}`
      })
    })
    await choose(card(page, 'indices'), 'Copy as text')
    await page.getByRole('status').getByText('Copied Indices').waitFor()
    expect(await page.title()).toContain('copied [Indices]')
    expect(await page.locator('textarea').count()).toBe(0)
    const button = card(page, 'indices').getByRole('button', { name: /^Actions/ })
    expect(await button.evaluate(each => each === document.activeElement)).toBe(true)
  })

  test('is downloaded as the document of /summary/resync', async () => {
    const { page } = await opened()
    const [download] = await Promise.all([page.waitForEvent('download'), choose(page, 'Download')])
    const { epoch, generation, panels } = room.server.board
    expect(download.suggestedFilename()).toBe(`g6-board-${epoch}-${generation}.json`)
    const expected = await resync()
    const withoutSince = Object.entries(expected.panels).map(([key, panel]) => [
      key,
      Object.fromEntries(Object.entries(panel).filter(([name]) => name !== 'since')),
    ])
    const held = JSON.parse(readFileSync(await download.path(), 'utf8')) as Resync
    expect(held).toEqual({ ...expected, panels: Object.fromEntries(withoutSince) })
    expect(Object.keys(held.panels)).toEqual([...panels.keys()])
  })

  test('does not change while paused, and is the newest at once when resumed', async () => {
    const { page } = await opened()
    await choose(page, 'Pause')
    for (let cpu = 20; cpu <= 40; cpu++) room.server.publish(withNumbers(NIFTY, cpu))
    room.server.publish(withNumbers(NIFTY, 66.6))
    // The plots keep recording: the newest value is there as soon as they are shown.
    await connectionIs(page, 'live')
    await shows(page, 'resources', '17.3')
    await choose(page, 'Resume')
    await shows(page, 'resources', '66.6')
  })

  test('is opened as the raw stream in a tab of its own', async () => {
    const { page } = await opened()
    const [tab] = await Promise.all([page.context().waitForEvent('page'), choose(page, 'Raw stream')])
    await tab.waitForURL(/./, { waitUntil: 'commit' })
    expect(new URL(tab.url()).pathname).toBe('/summary/events')
    expect(await tab.evaluate(() => window.opener)).toBe(null)
  })
})

describe('with a token', () => {
  const room = pageRoom({ http: { sseApiToken: TOKEN } })

  test('the raw stream is opened with a ticket, without the token in any URL', async () => {
    room.server.publish(withNumbers(NIFTY, 17.3))
    const { page, requests } = await room.open()
    await page.getByLabel('Token').fill(TOKEN)
    await page.keyboard.press('Enter')
    await shows(page, 'resources', '17.3')
    const [tab] = await Promise.all([page.context().waitForEvent('page'), choose(page, 'Raw stream')])
    await tab.waitForURL(/ticket=/, { waitUntil: 'commit' })
    expect([...requests, tab.url()].filter(url => url.includes(TOKEN))).toEqual([])
  })
})

describe('notifications', () => {
  const asked: string[] = []
  let state = { open: 1, to_acknowledge: 1, mutes: 0, muted_until: null as number | null }
  const unused = (): never => {
    throw new Error('the page does not ask for this')
  }
  const desk: NotifyDesk = {
    document: unused,
    test: unused,
    health: () => state,
    mute: async ({ for_sec: forSec, reason }) => {
      asked.push(`mute ${forSec}`)
      const until = Date.UTC(2026, 0, 1, 12)
      state = { ...state, mutes: 1, muted_until: until }
      return { id: 'm', from: 0, until, reason, rules: null }
    },
    unmute: async id => {
      asked.push(`unmute ${id}`)
      state = { ...state, mutes: 0, muted_until: null }
      return 1
    },
    acknowledge: async rule => {
      asked.push(`acknowledge ${rule}`)
      state = { ...state, to_acknowledge: 0 }
      return ['down']
    },
  }
  const room = pageRoom({
    plugins: [
      notifyPlugin(
        () => desk,
        () => ({ sseApiToken: null }),
      ),
    ],
    health: () => ({ ...HEALTH, notify: desk.health() }),
  })

  test('are acknowledged and muted here, and the bar says until when', async () => {
    room.server.publish(withNumbers(NIFTY, 17.3))
    const { page, faults } = await room.open()
    const notices = page.getByRole('status', { name: 'Notices' })
    await notices.getByRole('button', { name: 'Acknowledge 1 notification' }).click()
    await expect.poll(() => notices.getByRole('button').count()).toBe(0)
    await choose(page, 'Mute notifications 30 min')
    await expect.poll(() => notices.textContent()).toMatch(/^Notifications muted until .*\d\d:\d\d/)
    await notices.getByRole('button', { name: 'End mute' }).click()
    await expect.poll(() => notices.textContent()).toBe('')
    expect(asked).toEqual(['acknowledge null', 'mute 1800', 'unmute null'])
    expect(faults).toEqual([])
  })
})
