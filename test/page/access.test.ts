// A server that requires a token: signing in and out, and where the token is sent.
import { beforeEach, expect, test } from 'vitest'
import { ORDINARY } from './support/boards.js'
import { choose, shows, withoutWorkers } from './support/page-rig.js'
import { pageRoom } from './support/page-room.js'

const TOKEN = 'a-token-of-the-tests'

const room = pageRoom({ http: { sseApiToken: TOKEN } })
beforeEach(() => {
  room.server.publish(ORDINARY)
})

test('a token is required, refused when wrong, and sent only as a header', async () => {
  // Without a worker, whose requests the page's tab does not show.
  const { page, faults, requests } = await room.open({}, withoutWorkers)
  const input = page.getByLabel('Token', { exact: true })
  await page.getByText('This server requires a token').waitFor()
  await page.locator('.facts', { hasText: 'signed out' }).waitFor()
  await input.fill('two words')
  await page.keyboard.press('Enter')
  await page.getByText('visible ASCII characters without blanks').waitFor()
  await input.fill('wrong')
  await page.keyboard.press('Enter')
  await page.getByText('The token was not accepted').waitFor()
  expect(await page.locator('[data-panel]').count()).toBe(0)
  const sent = page.waitForRequest(
    request => request.headers()['x-api-token'] === TOKEN && request.url().includes('/summary/events'),
  )
  await input.fill(TOKEN)
  await page.keyboard.press('Enter')
  expect((await sent).url()).toContain('/summary/events')
  await shows(page, 'indices', '24512.30')
  await page.locator('footer', { hasText: 'unchanged 98.4 %' }).waitFor()
  expect(requests.filter(url => url.includes(TOKEN))).toEqual([])
  expect(faults).toEqual([])
})

test('the token survives a reload in its tab, is not in other tabs, and is deleted on signing out', async () => {
  const { page } = await room.open()
  await page.getByLabel('Token', { exact: true }).fill(TOKEN)
  await page.keyboard.press('Enter')
  await shows(page, 'indices', '24512.30')
  await page.reload()
  await shows(page, 'indices', '24512.30')
  const other = await page.context().newPage()
  await other.goto(room.server.url)
  await other.getByText('This server requires a token').waitFor()
  expect(await other.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(TOKEN)
  await choose(page, 'Sign out')
  await page.getByText('This server requires a token').waitFor()
  expect(await page.locator('[data-panel]').count()).toBe(0)
})
