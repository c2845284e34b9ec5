// The chat page and the client in a real browser, against the real server, through a proxy that cuts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MockScript, tokenTexts } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { until } from '../support/chat-rig.js'
import { launchChromium } from '../support/chromium.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { endAll, g6, type Running } from '../support/g6.js'
import { type HandUpstream, startHandUpstream } from '../support/hand-upstream.js'

const FIXTURE = 'test/fixtures/status-full.json'

let browser: Browser
let folder: string
let mock: MockUpstream
let proxy: FaultProxy
let page: Page
let script: Partial<MockScript>
let faults: string[]
let hand: HandUpstream | null

function serve(upstream: string, database: string): Running {
  return g6(['serve', '--port', '0', '--status-file', FIXTURE], {
    ENABLE_SSE_STREAMING: 'true',
    RAG_BACKEND_URL: upstream,
    G6_AUDIT_DB: join(folder, database),
  })
}
/** The page again, before a server that asks somebody else. */
async function goTo(upstream: string): Promise<void> {
  const other = serve(upstream, 'other.db')
  proxy.target = Number(new URL(await other.url()).port)
  proxy.cut()
  await page.goto(`${proxy.url}/chat`)
}

beforeAll(async () => {
  browser = await launchChromium()
  // May install Chromium first.
}, 300_000)
afterAll(() => browser.close())

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-chat-'))
  script = {}
  hand = null
  mock = await startMockUpstream({ script: () => script })
  const server = serve(mock.url, 'audit.db')
  proxy = await startFaultProxy(Number(new URL(await server.url()).port))
  page = await browser.newPage()
  faults = []
  page.on('pageerror', error => faults.push(String(error)))
  page.on('console', message => {
    // The browser logs a cut connection to the console, whatever the page does.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      faults.push(message.text())
    }
  })
  await page.goto(`${proxy.url}/chat`)
})
afterEach(async () => {
  await page.close()
  await proxy.close()
  await endAll()
  await mock.close()
  await hand?.close()
  rmSync(folder, { recursive: true })
})

const answer = () => page.locator('.answer').last()
const status = () => page.locator('#status')

async function ask(question: string): Promise<void> {
  await page.getByLabel('Your question').fill(question)
  await page.keyboard.press('Enter')
}
const ended = (said: string) => status().filter({ hasText: said }).waitFor()
const shows = (part: string) => answer().filter({ hasText: part }).waitFor()

const text = (count: number) => tokenTexts(count).join('')

describe('the page', () => {
  test('shows an answer as it comes, to its end, with its sources', async () => {
    script = { tokens: 30, gapMs: 5 }
    await ask('why?')
    await ended('The answer is complete.')
    expect(await answer().textContent()).toBe(text(30))
    expect(await page.getByRole('heading', { level: 2 }).textContent()).toBe('why?')
    const link = page.getByRole('list', { name: 'Sources' }).getByRole('link', { name: 'KITAS guide' })
    expect(await link.getAttribute('href')).toBe('https://example.org/kitas')
    expect(mock.requests).toHaveLength(1)
    expect(faults).toEqual([])
  })

  test('shows text as text, whatever it says', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
    script = { tokens: [evil, ' &amp; more'] }
    await ask(evil)
    await ended('The answer is complete.')
    expect(await answer().textContent()).toBe(`${evil} &amp; more`)
    expect(await page.locator('img, #conversation script').count()).toBe(0)
    expect(await page.title()).toBe('Chat')
    expect(faults).toEqual([])
  })

  test('sends what was said before as history', async () => {
    script = { tokens: ['yes'] }
    await ask('one?')
    await ended('The answer is complete.')
    await ask('two?')
    await page.locator('.answer[aria-busy="false"]').nth(1).waitFor()
    expect(JSON.parse(mock.requests[1]?.params.get('conversation_history') ?? '')).toEqual([
      { role: 'user', content: 'one?' },
      { role: 'assistant', content: 'yes' },
    ])
  })

  test('stops an answer by Escape, on the server and upstream too', async () => {
    script = { tokens: 10_000, gapMs: 5 }
    await ask('why?')
    await shows('word3 ')
    await page.keyboard.press('Escape')
    await ended('Stopped.')
    await mock.requests[0]?.closed
    expect(mock.requests[0]?.wasCancelled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Stop' }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(false)
  })

  test('says why there is no answer', async () => {
    script = { status: 400 }
    await ask('why?')
    await ended('The answer failed: The answering service refused the question.')
    script = { tokens: ['begun'], finish: 'error' }
    await ask('and now?')
    await ended('The answer failed: The answering service reported an error.')
    expect(await answer().textContent()).toBe('begun')
    expect(await page.content()).not.toContain('Traceback')
  })

  test('is usable by keyboard alone, and named for screen readers', async () => {
    script = { tokens: 3 }
    await page.keyboard.type('why?')
    await page.keyboard.press('Tab')
    expect(await page.locator('#send:focus').count()).toBe(1)
    await page.keyboard.press('Space')
    await ended('The answer is complete.')
    expect(await page.getByRole('log', { name: 'Conversation' }).count()).toBe(1)
    expect(await page.getByRole('status').count()).toBe(1)
    expect(await answer().getAttribute('aria-busy')).toBe('false')
    for (const role of ['button', 'link', 'textbox'] as const) {
      expect(await page.getByRole(role, { name: /./ }).count()).toBe(await page.getByRole(role).count())
    }
  })

  test('runs nothing from elsewhere and nothing inline', async () => {
    const response = await page.request.get(`${proxy.url}/chat`)
    expect(response.headers()['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    )
    expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|\sstyle=|\son\w+=/)
  })
})

describe('an answer continues', () => {
  /** Says the answer word by word, each when the test wants it; so no word is ever said before its cut. */
  async function byHand(): Promise<HandUpstream> {
    hand = await startHandUpstream()
    await goTo(hand.url)
    return hand
  }

  test('after the network was cut again and again, without a token lost or doubled', async () => {
    const upstream = await byHand()
    await ask('why?')
    for (let n = 0; n < 4; n++) {
      await upstream.say(`a${n} `, `b${n} `)
      await shows(`b${n} `.trim())
      const before = proxy.connections
      proxy.cut()
      // Some of it is said while nobody is connected.
      await upstream.say(`c${n} `)
      await until(() => proxy.connections > before, 'it connects again')
    }
    await upstream.done()
    await ended('The answer is complete.')
    const whole = [0, 1, 2, 3].map(n => `a${n} b${n} c${n} `).join('')
    expect(await answer().textContent()).toBe(whole)
    expect(upstream.asked()).toBe(1)
  })

  test('after a cut inside an event', async () => {
    const upstream = await byHand()
    await ask('why?')
    await upstream.say('a ')
    await shows('a')
    const before = proxy.connections
    proxy.cutAfter(77)
    await upstream.say('b ')
    await until(() => proxy.connections > before, 'it connects again')
    await upstream.say('c ')
    await upstream.done()
    await ended('The answer is complete.')
    expect(await answer().textContent()).toBe('a b c ')
    expect(upstream.asked()).toBe(1)
  })

  test('after a reload of the page', async () => {
    const upstream = await byHand()
    await ask('why?')
    await upstream.say('a ')
    await shows('a')
    await page.reload()
    await upstream.say('b ')
    await shows('a b')
    await upstream.done()
    await ended('The answer is complete.')
    expect(await answer().textContent()).toBe('a b ')
    expect(upstream.asked()).toBe(1)
    expect(faults).toEqual([])
  })

  test('and an ended one is still shown after a reload', async () => {
    script = { tokens: 5 }
    await ask('why?')
    await ended('The answer is complete.')
    await page.reload()
    await shows('word4 ')
    expect(await answer().textContent()).toBe(text(5))
    expect(mock.requests).toHaveLength(1)
  })
})

test('where the relay is switched off there is no page', async () => {
  const other = g6(['serve', '--port', '0', '--status-file', FIXTURE])
  const url = await other.url()
  for (const path of ['/chat', '/chat/page.js', '/chat/page.css']) {
    expect((await fetch(`${url}${path}`)).status).toBe(404)
  }
})
