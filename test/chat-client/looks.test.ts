// How the chat page looks: axe in each state, widths, heights, targets, keyboard. Each page goes through all states in both themes.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { ENDS, newTurn, type Turn } from '../../web/chat/conversation/turn.js'
import { until } from '../support/chat-rig.js'
import { answerOf, ask, card, chatPageRoom, ends, holdReconnects } from './support/chat-page.js'

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

const SOURCES = [
  { title: 'KITAS guide', url: 'https://example.org/kitas' },
  { title: 'A handbook without an address', url: null },
]
const USAGE = { read: 312, written: 188, isEstimated: true }

/** A card for each end there is, the first one with all that Markdown has. */
const ALL_ENDS: readonly Turn[] = ENDS.map((kind, i) => ({
  ...newTurn(i + 1, `A question ${i} `.repeat(i === 0 ? 20 : 1)),
  answer: i === 0 ? LONG.join('') : kind === 'nothing' ? '' : 'part ',
  end: { kind, detail: kind === 'busy' ? '10' : 'word' },
  ...(i === 0 ? { sources: SOURCES, usage: USAGE, model: 'mock-1', durationMs: 4_200 } : {}),
}))

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const

describe.each([
  ['wide', { viewport: { width: 1280, height: 800 } }],
  ['phone', PHONE],
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
    await room.openWith(ALL_ENDS, page)
    await ends(page, /^Busy/)
    room.rig.limits.refuse = 'rate'
    await ask(page, 'too much?')
    await page.getByText('is the most').waitFor()
    await look('ends and limit')
    const height = await page.locator('form.ask').evaluate(form => form.getBoundingClientRect().height)
    expect(name === 'phone' ? height <= 84.5 : true).toBe(true)

    room.rig.limits.refuse = null
    room.byHand()
    await room.openWith([], page)
    await holdReconnects(page)
    await ask(page, 'streaming?')
    await room.hand.send('reasoning', 'a thought')
    await card(page)
      .getByRole('group')
      .getByText(/^Thinking/)
      .click()
    await room.hand.say(...LONG)
    await answerOf(page).filter({ hasText: 'a link' }).waitFor()
    await look('streaming')
    room.proxy.cut()
    await ends(page, 'Connection lost, trying again in ')
    await look('lost')
    await page.keyboard.press('Escape')
    await ends(page, 'Stopped')
    await page.getByRole('button', { name: 'New conversation' }).click()
    await page.getByRole('button', { name: 'Undo' }).waitFor()
    await look('removed')
    room.rig.setChat({ chatAnonymous: false })
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
  const page = await room.open(PHONE)
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
  await page.evaluate(async () => {
    // After the frame in which the page has settled.
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
    scrollTo({ top: 0 })
  })
  await page.getByRole('button', { name: '↓ Newest' }).click()
  await until(async () => (await toEnd()) < 80, 'the end is in sight again')
  // The keyboard of a phone covers the lower part of the page without changing its height.
  const bottom = () => page.locator('form.ask').evaluate(each => each.getBoundingClientRect().bottom)
  await page.evaluate(() => {
    if (visualViewport === null) throw new Error('this browser has no visual viewport')
    Object.defineProperty(visualViewport, 'height', { value: 400, configurable: true })
    visualViewport.dispatchEvent(new Event('resize'))
  })
  await until(async () => (await bottom()) === 400, 'the form is over the keyboard')
  await page.getByLabel('Your question').fill('line\n'.repeat(40))
  expect(await form()).toBeLessThanOrEqual(400 * 0.4 + 20)
  await page.evaluate(() => {
    Reflect.deleteProperty(Object(visualViewport), 'height')
    visualViewport?.dispatchEvent(new Event('resize'))
  })
  await page.getByLabel('Your question').fill('')
  await until(async () => (await bottom()) === 740, 'the form is at the lower end again')
  // An empty page begins at its top, though a conversation was at its end.
  await page.setViewportSize({ width: 360, height: 500 })
  await page.getByRole('button', { name: 'New conversation' }).click()
  await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor()
  await until(() => page.evaluate(() => scrollY === 0), 'the top is in sight')
  expect(await page.getByRole('button', { name: '↓ Newest' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Undo' }).click()
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

test('motion, colours and widths that the device asks for', async () => {
  room.byHand()
  const page = await room.open()
  await ask(page, 'What is this, and why does it have such a long name?')
  await room.hand.say('some')
  await answerOf(page).filter({ hasText: 'some' }).waitFor()
  const styleOf = (selector: string, name: string, pseudo?: string) =>
    page.evaluate(
      ([of, property, part]) => {
        const element = document.querySelector(of ?? '')
        return element === null ? null : getComputedStyle(element, part).getPropertyValue(property ?? '')
      },
      [selector, name, pseudo],
    )
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  expect(await styleOf('.mark.live', 'animation-name')).toBe('breathe')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await styleOf('.mark.live', 'animation-name')).toBe('none')

  // The cursor of an answer that comes and the marks are not of the page's own colour.
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' })
  const ground = await styleOf('.turn', 'background-color')
  expect(await styleOf('[data-tail=busy]', 'background-color', '::after')).not.toBe(ground)
  expect(await styleOf('.turn .mark', 'fill')).not.toBe(ground)
  await page.emulateMedia({ forcedColors: null, colorScheme: null, reducedMotion: null })

  // The title is readable at every width.
  for (const width of [600, 700, 821, 1000]) {
    await page.setViewportSize({ width, height: 800 })
    const shown = await page.locator('.why').evaluate(each => each.getBoundingClientRect().width)
    expect([width, shown > 150, await isTooWide(page)]).toEqual([width, true, false])
  }
  await page.setViewportSize({ width: 1280, height: 800 })
})

test('text from right to left, and tables of long words', async () => {
  const wide = ['| a | two words | b |', '|---|---|---|', `| 1 | some words | ${'long'.repeat(60)} |`].join(
    '\n',
  )
  const answer = `- واحد\n- \`KITAS\` اثنان\n\n> اقتباس\n\n| نوع | مدة |\n|---|---|\n| عمل | 12 |\n\nوثيقة\n\n- one\n- واحد\n\n${wide}`
  const turn = { ...newTurn(1, 'ما هو؟'), answer, end: { kind: 'complete', detail: '' } } as const
  const page = await room.openWith([turn])
  const directions = await answerOf(page)
    .locator(':is(ul, blockquote, table)')
    .evaluateAll(all => all.map(each => `${each.localName} ${getComputedStyle(each).direction}`))
  expect(directions).toEqual(['ul rtl', 'blockquote rtl', 'table rtl', 'ul ltr', 'table ltr'])
  // No word is broken that fits.
  const lines = await answerOf(page)
    .getByRole('columnheader', { name: 'two words' })
    .evaluate(cell => {
      const word = document.createRange()
      const [text] = cell.childNodes
      if (text === undefined) throw new Error('the cell is empty')
      word.setStart(text, 4)
      word.setEnd(text, 9)
      return word.getClientRects().length
    })
  expect(lines).toBe(1)
  expect(await isTooWide(page)).toBe(false)
})
