// The chat page in a real browser, against the real relay, through a proxy that cuts: what is in its way, what it does without the
// network, what it keeps and shows.
import type { Locator } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { newTurn } from '../../web/chat/conversation/turn.js'
import { until } from '../support/chat-rig.js'
import { endAll, g6 } from '../support/g6.js'
import {
  actions,
  answerOf,
  ask,
  chatPageRoom,
  EXAMPLES,
  ends,
  holdReconnects,
  hurryReconnects,
} from './support/chat-page.js'

const room = chatPageRoom()
const announced = (text: string) => room.page.getByRole('status').filter({ hasText: text }).waitFor()
const shows = (text: string) => answerOf(room.page).filter({ hasText: text }).waitFor()
const question = () => room.page.getByLabel('Your question')
const isFocused = (of: Locator) => of.evaluate(element => element === document.activeElement)

describe('what is in the way', () => {
  test('a limit counts down in the composer, and makes no card', async () => {
    const page = await room.open()
    await page.evaluate(() => {
      // The clock of this page moves when the test moves it.
      const start = Date.now()
      Date.now = () => start + Number(document.body.dataset.later ?? 0)
    })
    room.rig.limits.refuse = 'rate'
    await ask(page, 'may I?')
    await page
      .getByText('20 questions a minute is the most. Your next one stays here until it may go.')
      .waitFor()
    const button = page.getByRole('button', { name: 'Send, possible in 17 s' })
    expect(await button.isDisabled()).toBe(true)
    expect(await page.getByRole('article').count()).toBe(0)
    expect(await question().inputValue()).toBe('may I?')
    // What Enter does is not promised now.
    expect(await page.getByText('Enter sends').count()).toBe(0)
    room.rig.limits.refuse = null
    const move = (ms: number) =>
      page.evaluate(later => {
        document.body.dataset.later = String(later)
      }, ms)
    await move(16_500)
    await page.getByRole('button', { name: 'Send, possible in 1 s' }).waitFor()
    await move(17_000)
    await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    await announced('The next question may be sent now')
    // Nothing was sent by itself.
    expect(await page.getByRole('article').count()).toBe(0)
    room.script = { tokens: ['you may'] }
    await question().press('Enter')
    await shows('you may')
  })

  test('a token is asked for, refused, and used', async () => {
    const page = await room.open()
    room.rig.setChat({ chatAnonymous: false })
    await ask(page, 'who am I?')
    await page.getByRole('heading', { name: 'A token is needed' }).waitFor()
    expect(await page.title()).toBe('▲ Token needed – Chat')
    await page.getByText('Waiting to be asked: who am I?').waitFor()
    const field = page.getByLabel('Token', { exact: true })
    expect(await field.getAttribute('aria-invalid')).toBe('false')
    await field.fill('person-unknown')
    await field.press('Enter')
    await page
      .getByRole('alert')
      .filter({ hasText: 'Not accepted. It may have expired, or be meant for another server.' })
      .waitFor()
    expect(await page.title()).toBe('■ Token not accepted – Chat')
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    const selected = await field.evaluate((input: HTMLInputElement) =>
      input.value.slice(input.selectionStart ?? 0, input.selectionEnd ?? 0),
    )
    expect(selected).toBe('person-unknown')
    room.script = { tokens: ['you are Ann'] }
    await page.keyboard.type('person:ann')
    await page.getByRole('button', { name: 'Use it and ask' }).click()
    await shows('you are Ann')
    await ends(page, 'Complete')
    expect(await page.getByRole('article').count()).toBe(1)
    expect(await question().inputValue()).toBe('')
    expect(room.requested.filter(url => url.includes('person'))).toEqual([])
    // It stays in this tab, also over a reload.
    await page.reload()
    await ask(page, 'and now?')
    await ends(page, 'Complete')
  })

  test('a token is asked for in the middle of an answer, and not given', async () => {
    room.byHand()
    const page = await room.open()
    await holdReconnects(page)
    await ask(page, 'why?')
    await room.hand.say('some')
    await shows('some')
    room.rig.setChat({ chatAnonymous: false })
    room.proxy.cut()
    await page.getByRole('button', { name: 'Try now' }).click()
    await page.getByRole('heading', { name: 'A token is needed' }).waitFor()
    await page.getByRole('button', { name: 'Back' }).click()
    await ends(page, 'Failed. The rest of it needs a token. What you see is not whole.')
    expect(await actions(page)).toEqual(['Copy', 'Retry'])
    expect(await isFocused(question())).toBe(true)
  })

  test('a browser that keeps nothing', async () => {
    const page = await room.open({}, () => {
      if (!location.pathname.endsWith('/chat')) return
      Object.defineProperty(globalThis, 'sessionStorage', {
        get: () => {
          throw new DOMException('blocked', 'SecurityError')
        },
      })
    })
    await page.getByText('not kept: this browser allows no storage').waitFor()
    room.script = { tokens: ['works'] }
    await ask(page, 'still?')
    await ends(page, 'Complete')
    await page.getByText('1 question, not kept: this browser allows no storage').waitFor()
    expect(room.faults).toEqual([])
  })
})

describe('an answer continues', () => {
  test('after the network was cut again and again, without a token lost or doubled', async () => {
    room.byHand()
    const page = await room.open()
    await hurryReconnects(page)
    await ask(page, 'why?')
    for (let n = 0; n < 3; n++) {
      await room.hand.say(`a${n} `, `b${n} `)
      await shows(`b${n}`)
      const before = room.proxy.connections
      room.proxy.cut()
      // Some of it is sent while nobody is connected.
      await room.hand.say(`c${n} `)
      await until(() => room.proxy.connections > before, 'it connects again')
    }
    await room.hand.done()
    await ends(page, 'Complete')
    const [text] = await answerOf(page).locator('p:not(.note)').allTextContents()
    expect(text?.trim()).toBe('a0 b0 c0 a1 b1 c1 a2 b2 c2')
    expect(
      await answerOf(page)
        .getByText(/^Connection lost for \d+ s, nothing missing$/)
        .count(),
    ).toBe(3)
    expect(room.hand.asked()).toBe(1)
  })

  test('after a cut inside an event; while it is lost the page says so, and can try now', async () => {
    room.byHand()
    const page = await room.open()
    await holdReconnects(page)
    await ask(page, 'why?')
    await room.hand.say('a ')
    await shows('a')
    room.proxy.cutAfter(77)
    await room.hand.say('b ')
    await page.getByText(/^Connection lost, trying again in \d+ s$/).waitFor()
    expect(await actions(page)).toEqual(['Stop', 'Try now'])
    await page.getByRole('button', { name: 'Try now' }).click()
    await room.hand.say('c ')
    await room.hand.done()
    await ends(page, 'Complete')
    const [text] = await answerOf(page).locator('p:not(.note)').allTextContents()
    expect(text?.trim()).toBe('a b c')
    expect(room.hand.asked()).toBe(1)
  })

  test('after a reload in its middle; where nothing is left it is interrupted', async () => {
    room.byHand()
    const page = await room.open()
    await ask(page, 'why?')
    await room.hand.say('a ')
    await shows('a')
    await page.evaluate(() => {
      // As if it had been asked a minute before; a page is hidden after it was left.
      const askedMs = Date.now() - 60_000
      const age = (): void => {
        const kept = sessionStorage.getItem('g6-chat-conversation') ?? ''
        sessionStorage.setItem('g6-chat-conversation', kept.replace(/"askedMs":\d+/, `"askedMs":${askedMs}`))
      }
      addEventListener('pagehide', age)
      document.addEventListener('visibilitychange', age)
    })
    await page.reload()
    await shows('a')
    await ends(page, /^Answering, (6\d|[7-9]\d|\d{3}) s$/)
    await room.hand.say('b ')
    await shows('a b')
    await room.hand.done()
    await ends(page, /^Complete · \d min \d+ s/)
    expect(room.hand.asked()).toBe(1)

    await ask(page, 'and this?')
    await room.hand.say('some')
    await shows('some')
    // As if the server no longer had it; a page is hidden after it was left.
    await page.evaluate(() => {
      const forget = (): void => {
        const kept = sessionStorage.getItem('g6-chat-conversation') ?? ''
        const last = kept.lastIndexOf('"streamId":"') + 12
        const other = 'A'.repeat(22)
        sessionStorage.setItem('g6-chat-conversation', kept.slice(0, last) + other + kept.slice(last + 22))
      }
      addEventListener('pagehide', forget)
      document.addEventListener('visibilitychange', forget)
    })
    await page.reload()
    await ends(page, 'Interrupted. The rest is no longer kept.')
    expect(await answerOf(page).textContent()).toBe('some')
    expect(await actions(page)).toEqual(['Copy', 'Retry'])
    expect(room.faults).toEqual([])
  })
})

test('a stop in one of two tabs ends the answer in both, and at its backend', async () => {
  room.byHand()
  const page = await room.open()
  await ask(page, 'why?')
  await room.hand.say('a ')
  await shows('a')
  // A tab that a page opens begins with a copy of what that page keeps: it resumes the running answer.
  const opened = page.waitForEvent('popup')
  await page.evaluate(() => {
    open(location.href)
  })
  const other = await opened
  await answerOf(other).filter({ hasText: 'a' }).waitFor()
  await room.hand.say('b ')
  for (const tab of [page, other]) await answerOf(tab).filter({ hasText: 'a b' }).waitFor()
  await other.getByRole('button', { name: 'Stop the answer' }).click()
  for (const tab of [page, other]) {
    await ends(tab, /^Stopped by you after /)
    expect((await answerOf(tab).textContent())?.trim()).toBe('a b')
  }
  await room.hand.cancelled()
  expect(room.hand.asked()).toBe(1)
  expect(room.faults).toEqual([])
})

describe('without the network', () => {
  test('it connects again as soon as the device is online, or the page is looked at', async () => {
    room.byHand()
    const page = await room.open()
    await holdReconnects(page)
    await ask(page, 'why?')
    await room.hand.say('a ')
    await shows('a')
    room.proxy.cut()
    await ends(page, 'Connection lost')
    await page.context().setOffline(true)
    await page.context().setOffline(false)
    await room.hand.say('b ')
    await shows('a b')
    room.proxy.cut()
    await ends(page, 'Connection lost')
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await room.hand.say('c')
    await room.hand.done()
    await ends(page, 'Complete')
    expect(room.hand.asked()).toBe(1)
  })
})

describe('the conversation', () => {
  test('its place and what is being written outlive a reload; new answers are followed at the end only', async () => {
    const long = Array.from({ length: 80 }, (_, i) => `paragraph ${i}\n\n`).join('')
    const kept = { ...newTurn(1, 'long?'), answer: long, end: { kind: 'complete', detail: '' } } as const
    const page = await room.openWith([kept])
    const newest = page.getByRole('button', { name: '↓ Newest' })
    const top = () => page.evaluate(() => Math.round(scrollY))
    // Nothing is known of its place: the end.
    await until(async () => (await top()) > 500, 'the end is in sight')
    expect(await newest.count()).toBe(0)
    // After the frame in which the page has settled.
    const scroll = (to: number) =>
      page.evaluate(async place => {
        for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
        scrollTo({ top: place })
      }, to)
    await scroll(300)
    await newest.waitFor()
    await question().fill('a draft')
    const place = await top()
    await page.reload()
    await newest.waitFor()
    expect(await top()).toBe(place)
    expect(await question().inputValue()).toBe('a draft')
    // A question is at the end, whatever was in sight.
    room.byHand()
    await question().press('Enter')
    await room.hand.say(long)
    await shows('paragraph 79')
    await until(
      async () => (await newest.count()) === 0 && (await top()) > 2_000,
      'the new answer is followed',
    )
    const end = await top()
    await page.setViewportSize({ width: 1280, height: 500 })
    await until(async () => (await top()) > end, 'its end is in sight in a lower window, too')
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.waitForFunction(() => innerHeight === 800)
    await scroll(400)
    await newest.waitFor()
    await room.hand.say('the last words')
    await shows('the last words')
    expect(await top()).toBe(400)
    await page.keyboard.press('Escape')
    await ends(page, 'Stopped by you')
    expect(await top()).toBe(400)
  })

  test('what an input method composes is not sent, and its Escape stops nothing', async () => {
    room.byHand()
    const page = await room.open()
    type Press = { readonly key: string; readonly isComposing?: boolean; readonly keyCode?: number }
    const press = (init: Press) =>
      question().evaluate(
        (field, keys) =>
          field.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...keys })),
        init,
      )
    await question().fill('かんじ')
    await press({ key: 'Enter', isComposing: true })
    await press({ key: 'Enter', keyCode: 229 })
    expect(await page.getByRole('article').count()).toBe(0)
    await press({ key: 'Enter' })
    await room.hand.say('a')
    await shows('a')
    await press({ key: 'Escape', isComposing: true })
    await room.hand.say(' b')
    await room.hand.done()
    await ends(page, 'Complete')
  })

  test('examples fill the composer; a new conversation can be undone; everything can be forgotten', async () => {
    const page = await room.open()
    await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor()
    await page.getByRole('button', { name: EXAMPLES[0] ?? '' }).click()
    expect(await question().inputValue()).toBe(EXAMPLES[0])
    expect(await page.getByRole('article').count()).toBe(0)
    room.script = { tokens: ['so'] }
    await question().press('Enter')
    await ends(page, 'Complete')
    await page.getByRole('button', { name: 'New conversation' }).click()
    await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor()
    expect(await isFocused(question())).toBe(true)
    await page.getByRole('button', { name: 'Undo' }).click()
    await ends(page, 'Complete')
    expect(await isFocused(question())).toBe(true)
    // One that is being stopped has ended before it is removed.
    room.byHand()
    await ask(page, 'and more?')
    await room.hand.say('some')
    await shows('some')
    room.proxy.stall()
    await page.keyboard.press('Escape')
    await ends(page, 'Stopping')
    await page.getByRole('button', { name: 'New conversation' }).click()
    room.proxy.resume()
    await page.getByRole('button', { name: 'Undo' }).click()
    await ends(page, 'Stopped by you')
    await page.getByRole('button', { name: /^More/ }).click()
    await page.getByRole('menuitem', { name: 'Forget everything' }).click()
    await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor()
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0)
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('so')
  })

  test('an answer is copied as Markdown, a code block by itself', async () => {
    const page = await room.open()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const text = 'a **b**\n\n```sh\necho \u{202e}x\n```\n'
    room.script = { tokens: [text] }
    await ask(page, 'how?')
    await ends(page, 'Complete')
    await page.getByRole('button', { name: 'Copy code, sh' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    await announced('Copied')
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('echo \u{202e}x')
    expect(await answerOf(page).locator('.direction-mark').textContent()).toBe('U+202E')
    await page.getByRole('button', { name: 'Copy the answer' }).click()
    await until(
      async () => (await page.evaluate(() => navigator.clipboard.readText())) === text,
      'it is copied',
    )
  })

  test('Markdown is shown, and nothing of it is loaded, run or trusted', async () => {
    const page = await room.open()
    const text = [
      '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script> &amp;\n\n',
      '![plan](https://evil.example/p.png) [a](javascript:alert(1)) [b](https://аpple.com/) [1] [9]\n\n',
      '| a | b |\n|---|--:|\n| 1 | 2 |\n\n> - deep\n\n<style>*{display:none}</style>',
    ]
    room.script = { tokens: text }
    await ask(page, text[0] ?? '')
    await ends(page, 'Complete')
    const shown = await answerOf(page).innerText()
    expect(shown).toContain(
      '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script> &',
    )
    expect(shown).toContain('[a](javascript:alert(1))')
    expect(shown).toContain('<style>*{display:none}</style>')
    expect(shown).toContain('[9]')
    expect(await page.locator('.log img, .log script, .log style, .log iframe').count()).toBe(0)
    const links = await answerOf(page)
      .locator('a:not(.ref)')
      .evaluateAll(all =>
        all.map(each => [each.textContent, each.getAttribute('rel'), each.getAttribute('target')]),
      )
    const rel = 'noopener noreferrer nofollow ugc'
    expect(links).toEqual([
      ['Image: plan (evil.example)', rel, '_blank'],
      ['b (xn--pple-43d.com)', rel, '_blank'],
    ])
    await page.getByRole('link', { name: 'Source 1' }).press('Enter')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('1KITAS guideexample.org')
    expect(await page.title()).toBe('● Chat – G6')
    expect(room.requested.filter(url => !url.startsWith(room.proxy.url) && !url.startsWith('data:'))).toEqual(
      [],
    )
    room.script = { tokens: ['> '.repeat(2_000), 'deep'] }
    await ask(page, 'deep?')
    await shows('Shown as plain text: too large to format')
    expect(room.faults).toEqual([])
  })

  test('runs nothing from elsewhere and nothing inline', async () => {
    const response = await fetch(`${room.proxy.url}/chat`)
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    )
    expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|\sstyle=|\son\w+=/)
    const script = await fetch(`${room.proxy.url}/chat/page.js`, { headers: { 'Accept-Encoding': 'gzip' } })
    expect(script.headers.get('content-encoding')).toBe('gzip')
    const again = { headers: { 'If-None-Match': script.headers.get('etag') ?? '' } }
    expect((await fetch(`${room.proxy.url}/chat/page.js`, again)).status).toBe(304)
  })
})

test('where the relay is switched off there is no page', async () => {
  const other = g6(['serve', '--port', '0', '--status-file', 'test/fixtures/status-full.json'])
  const url = await other.url()
  for (const path of ['/chat', '/chat/page.js', '/chat/page.css']) {
    expect((await fetch(`${url}${path}`)).status).toBe(404)
  }
  await endAll()
})
