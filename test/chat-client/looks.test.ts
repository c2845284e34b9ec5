// How the chat page looks: axe in each state, widths, heights, targets, keyboard. Each page goes through all states in both themes.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { until } from '../support/chat-rig.js'
import { answerOf, ask, chatPageRoom, ends } from './support/chat-page.js'

const room = chatPageRoom()

/** What axe finds, as `rule: element`; in the dark theme only the rules about colours. */
async function axeFinds(page: Page): Promise<readonly string[]> {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.evaluate(axe.source)
  const run = async (options: string): Promise<readonly string[]> => {
    const found = (await page.evaluate(`axe.run(${options}).then(({ violations }) => violations)`)) as {
      id: string
      nodes: { html: string }[]
    }[]
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  }
  const light = await run('{}')
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await run("{ runOnly: ['color-contrast'] }")
  return [...light, ...dark]
}

const isTooWide = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

/** Buttons and fields below 44 px, chips and numbers with their larger areas. */
const smallTargets = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, textarea, input, summary, a.chip, a.ref')]
      .filter(each => each.checkVisibility())
      .flatMap(each => {
        const { height } = each.getBoundingClientRect()
        const { top, bottom } = getComputedStyle(each, '::after')
        const more = -(Number.parseFloat(top) || 0) - (Number.parseFloat(bottom) || 0)
        return height + more < 43.5 ? [`${each.outerHTML.slice(0, 80)}: ${height} + ${more}`] : []
      }),
  )

const LONG = [
  'A **KITAS**[1] is a permit.\n\n### Who needs one\n\n- one\n  - two\n\n> quote\n\n',
  `| ${'a wide column | '.repeat(8)}\n|${'---|'.repeat(8)}\n| ${'x | '.repeat(8)}\n\n`,
  `\`\`\`sh\ncurl ${'very-long-'.repeat(30)}\n\`\`\`\n\n`,
  `${'unbroken'.repeat(60)} [a link](https://example.org/) `,
]

describe.each([
  ['wide', { viewport: { width: 1280, height: 800 } }],
  ['phone', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
] as const)('%s', (name, options) => {
  test('axe finds nothing in any state, and nothing is wider than the page', async () => {
    const page = await room.open(options)
    const found: (readonly [string, readonly string[]])[] = []
    const look = async (state: string): Promise<void> => {
      found.push([state, await axeFinds(page)])
      expect([state, await isTooWide(page)]).toEqual([state, false])
      if (name === 'phone') expect([state, await smallTargets(page)]).toEqual([state, []])
    }
    await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor()
    await look('empty')
    room.script = { tokens: LONG }
    await ask(page, 'A question '.repeat(20))
    await ends(page, 'Complete')
    room.script = { tokens: ['part '], finish: 'length' }
    await ask(page, 'cut short?')
    await ends(page, 'Cut short')
    room.script = { tokens: ['part '], finish: 'error' }
    await ask(page, 'failed?')
    await ends(page, 'Failed')
    room.script = { tokens: ['comes '], finish: 'stall' }
    await ask(page, 'streaming?')
    await answerOf(page).filter({ hasText: 'comes' }).waitFor()
    await look('streaming')
    await page.keyboard.press('Escape')
    await ends(page, 'Stopped')
    room.rig.limits.refuse = 'rate'
    await ask(page, 'too much?')
    await page.getByText('is the most').waitFor()
    await look('ends and limit')
    const height = await page.locator('form.ask').evaluate(form => form.getBoundingClientRect().height)
    expect(name === 'phone' ? height <= 88 : true).toBe(true)
    room.rig.setChat({ chatAnonymous: false })
    room.rig.limits.refuse = null
    await page.reload()
    await ask(page, 'a token?')
    await page.getByRole('heading', { name: 'A token is needed' }).waitFor()
    await page.getByLabel('Token', { exact: true }).fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await look('token refused')
    expect(found.filter(([, faults]) => faults.length > 0)).toEqual([])
    expect(room.faults).toEqual([])
  })
})

test('the form is one line on a phone, grows to a part of the screen, and keeps its end in sight', async () => {
  const page = await room.open({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
  const form = () => page.locator('form.ask').evaluate(each => each.getBoundingClientRect().height)
  expect(await form()).toBeLessThanOrEqual(60)
  await page.getByLabel('Your question').fill('line\n'.repeat(40))
  expect(await form()).toBeLessThanOrEqual(740 * 0.4 + 20)
  await page.getByLabel('Your question').fill('')
  expect(await form()).toBeLessThanOrEqual(60)
  room.script = { tokens: Array.from({ length: 60 }, (_, i) => `paragraph ${i}\n\n`) }
  await ask(page, 'long?')
  await ends(page, 'Complete')
  const toEnd = () =>
    page.evaluate(
      () => document.documentElement.scrollHeight - scrollY - document.documentElement.clientHeight,
    )
  await until(async () => (await toEnd()) < 80, 'the end is in sight')
  await page.evaluate(() => scrollTo({ top: 0 }))
  await page.getByRole('button', { name: '↓ Newest' }).click()
  await until(async () => (await toEnd()) < 80, 'the end is in sight again')
  // 320 px, and twice the size of text.
  await page.setViewportSize({ width: 320, height: 640 })
  expect(await isTooWide(page)).toBe(false)
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '30px'
  })
  expect(await isTooWide(page)).toBe(false)
})

test('is usable by keyboard alone, and named for screen readers', async () => {
  const page = await room.open()
  room.script = { tokens: ['a [1]\n\n```sh\nx\n```'] }
  // The composer has the focus.
  await page.keyboard.type('first line')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('second line')
  await page.keyboard.press('Tab')
  expect(await page.locator('button.send:focus').count()).toBe(1)
  await page.keyboard.press('Space')
  await ends(page, 'Complete')
  expect(await page.getByRole('heading', { level: 2 }).textContent()).toBe('first line\nsecond line')
  const log = page.getByRole('log', { name: 'Conversation' })
  expect(await log.getAttribute('aria-live')).toBe('off')
  expect(await page.getByRole('status').count()).toBe(1)
  expect(await page.getByRole('article', { name: 'first line' }).count()).toBe(1)
  expect(await page.getByRole('region', { name: 'Code, sh' }).getAttribute('tabindex')).toBe('0')
  for (const role of ['button', 'link', 'textbox'] as const) {
    expect(await page.getByRole(role, { name: /./ }).count()).toBe(await page.getByRole(role).count())
  }
  // Escape in a menu closes it, and does not stop an answer.
  room.script = { tokens: ['comes '], finish: 'stall' }
  await ask(page, 'long?')
  await answerOf(page).filter({ hasText: 'comes' }).waitFor()
  await page.getByRole('button', { name: /^More/ }).press('Enter')
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'hidden' })
  await ends(page, /^Answering/)
  await page.keyboard.press('Escape')
  await ends(page, 'Stopped by you')
  expect(room.faults).toEqual([])
})
