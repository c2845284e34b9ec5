// Every way an answer ends on the chat page, in its words, in a real browser and against the real relay.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../support/chat-rig.js'
import {
  actions,
  answerOf,
  ask,
  card,
  chatPageRoom,
  ends,
  holdReconnects,
  hurryReconnects,
} from './support/chat-page.js'

const room = chatPageRoom()
const announced = (text: string) => room.page.getByRole('status').filter({ hasText: text }).waitFor()
const shows = (text: string) => answerOf(room.page).filter({ hasText: text }).waitFor()
const question = () => room.page.getByLabel('Your question')

test('each end says once how, and what can be done', async () => {
  const page = await room.open()
  room.script = { tokens: ['yes'] }
  await ask(page, 'one?')
  await ends(page, /^Complete · \d\.\d s · about \d+ tokens read, about \d+ written · mock-1/)
  expect(await actions(page)).toEqual(['Copy'])
  expect(await page.getByRole('heading', { level: 2 }).textContent()).toBe('one?')
  const link = page.getByRole('list', { name: 'Sources' }).getByRole('link')
  expect(await link.getAttribute('href')).toBe('https://example.org/kitas')
  await announced('Complete')

  room.script = { tokens: ['the law of 1992, which'], finish: 'length' }
  await ask(page, 'two?')
  await ends(page, 'Cut short. The answer reached its greatest length.')
  expect(await actions(page)).toEqual(['Copy', 'Ask to go on'])

  room.script = { tokens: ['begun'], finish: 'error' }
  await ask(page, 'three?')
  await ends(page, 'Failed. The answering service reported an error. What you see is not whole.')
  expect(await actions(page)).toEqual(['Copy', 'Retry'])
  await announced('Failed. The answering service reported an error.')

  room.script = { status: 400 }
  await ask(page, 'four?')
  await ends(page, 'Failed. The answering service refused the question.')
  expect(await actions(page)).toEqual(['Retry'])

  room.script = { tokens: ['never whole'], finish: 'stall' }
  await ask(page, 'five?')
  await shows('never whole')
  await ends(page, /^Answering, \d+ s$/)
  expect(await page.title()).toBe('◆ Answering – Chat')
  await page.keyboard.press('Escape')
  await ends(page, /^Stopped by you after \d+\.\d s/)
  expect(await actions(page)).toEqual(['Copy', 'Ask again'])
  expect(room.rig.mock.requests.at(-1)?.wasCancelled()).toBe(true)
  expect(await question().evaluate(field => field === document.activeElement)).toBe(true)

  // What was sent on: complete, cut short and stopped answers, never the failed ones.
  room.script = { tokens: ['last'] }
  await ask(page, 'six?')
  await ends(page, 'Complete')
  const history = room.rig.mock.requests.at(-1)?.params.get('conversation_history') ?? ''
  expect((JSON.parse(history) as { content: string }[]).map(({ content }) => content)).toEqual([
    ...['one?', 'yes', 'two?', 'the law of 1992, which', 'five?', 'never whole'],
  ])
  expect(await page.getByText('Complete ·').count()).toBe(2)

  // After a reload nothing looks better than it was, and the sources are still there.
  const before = await page.getByRole('log').innerText()
  await page.reload()
  expect(await page.getByRole('log').innerText()).toBe(before)
  expect(await page.getByRole('list', { name: 'Sources' }).count()).toBe(5)
  expect(await page.content()).not.toContain('Traceback')
  expect(room.faults).toEqual([])
})

test('a retry is in the same card; the broken text stays until the first new word', async () => {
  const page = await room.open()
  room.script = { tokens: ['broken text'], finish: 'error' }
  await ask(page, 'why?')
  await ends(page, 'Failed')
  room.byHand()
  await page.getByRole('button', { name: 'Retry' }).click()
  await ends(page, 'Waiting for the first word, ')
  expect(await answerOf(page).textContent()).toBe('broken text')
  await room.hand.say('new')
  await shows('new')
  expect(await answerOf(page).textContent()).toBe('new')
  await room.hand.done()
  await ends(page, 'Complete')
  expect(await page.getByRole('article').count()).toBe(1)
})

test('to go on is a new question', async () => {
  const page = await room.open()
  room.script = { tokens: ['a part'], finish: 'length' }
  await ask(page, 'all of it?')
  await ends(page, 'Cut short')
  room.script = { tokens: [], extras: false }
  await page.getByRole('button', { name: 'Ask to go on' }).click()
  await page.getByRole('article').nth(1).waitFor()
  await ends(page, /No answer|Failed/)
  expect(await page.getByRole('article').count()).toBe(2)
})

test('a server that is busy', async () => {
  const page = await room.open()
  room.rig.limits.refuse = 'instance'
  await ask(page, 'one?')
  await ends(page, /Busy\. Ask again in \d+ s\./)
  expect(await actions(page)).toEqual(['Retry'])
  room.rig.limits.refuse = null
  room.script = { tokens: ['now'] }
  await page.getByRole('button', { name: 'Retry' }).click()
  await ends(page, 'Complete')
})

/** Asks the backend that the test speaks for, and shows its first words. */
async function begun(words: string, before = (_: Page): Promise<void> => Promise.resolve()) {
  room.byHand()
  const page = await room.open()
  await before(page)
  await ask(page, 'why?')
  if (words !== '') {
    await room.hand.say(words)
    await shows(words)
  }
  return page
}

test('withheld, without text and with it; the question can be edited', async () => {
  const page = await begun('')
  await room.hand.done('content_filter')
  await ends(page, /^Withheld by the answering service’s content filter\.Edit question$/)
  expect(await answerOf(page).textContent()).toBe('No text came.')
  await announced('Withheld by the answering service’s content filter.')

  await ask(page, 'and this?')
  await room.hand.say('One way is')
  await room.hand.done('SAFETY')
  await ends(page, 'Withheld by the answering service’s content filter. What you see is not whole.')
  expect(await actions(page)).toEqual(['Edit question'])
  expect(await answerOf(page).locator('[data-tail=torn]').count()).toBe(1)

  // What is being written is not lost for it.
  await question().fill('my own words')
  await page.getByRole('button', { name: 'Edit question' }).first().click()
  expect(await question().inputValue()).toBe('why?\nmy own words')
  expect(await question().evaluate(field => field === document.activeElement)).toBe(true)
  expect(await page.getByRole('article').count()).toBe(2)
  // A question that was put there and not changed makes room for another.
  await question().fill('why?')
  await page.getByRole('button', { name: 'Edit question' }).last().click()
  expect(await question().inputValue()).toBe('and this?')
  expect(room.faults).toEqual([])
})

test('declined: the words of the model are the answer, and not sent on', async () => {
  const page = await begun('')
  await room.hand.send('refusal', 'I cannot help with that.')
  await room.hand.done()
  await ends(page, /^Declined by the model\.Edit question$/)
  expect(await answerOf(page).textContent()).toBe('I cannot help with that.')
  expect(await answerOf(page).locator('[data-tail=torn]').count()).toBe(0)
  room.script = { tokens: ['so'] }
  room.rig.setChat({ ragBackendUrl: [room.rig.mock.url] })
  await ask(page, 'and now?')
  await ends(page, 'Complete')
  expect(room.rig.mock.requests.at(-1)?.params.get('conversation_history')).toBe(null)
})

test('ended by the server: it restarts, it takes too long, nobody was reading', async () => {
  const page = await begun('some')
  const streamId = await page.evaluate(
    () => /"streamId":"([^"]+)"/.exec(sessionStorage.getItem('g6-chat-conversation') ?? '')?.[1] ?? '',
  )
  room.rig.relay.running(streamId)?.abort('shutdown')
  await ends(page, 'Ended. The server was restarted.')
  expect(await actions(page)).toEqual(['Copy', 'Retry'])
  await announced('Ended. The server was restarted.')

  room.rig.setChat({ chatMaxDurationMs: 100 })
  await ask(page, 'for long?')
  await ends(page, 'Ended. It took longer than this server allows.')

  room.rig.setChat({ chatMaxDurationMs: 900_000, chatOnDisconnect: 'cancel' })
  await holdReconnects(page)
  await ask(page, 'and alone?')
  await room.hand.say('part')
  await shows('part')
  room.proxy.target = 0
  room.proxy.cut()
  await until(() => room.rig.observed.ends.at(-1) === 'idle', 'it ends without a reader')
  room.proxy.target = room.rig.rig.port
  await page.getByRole('button', { name: 'Try now' }).click()
  await ends(page, 'Ended. Nobody was reading.')
  expect(await answerOf(page).locator('[data-tail=torn]').textContent()).toBe('part')
})

test('silence of the answering service is a failure, in the words of its table', async () => {
  room.rig.setChat({ chatIdleTimeoutMs: 100 })
  const page = await begun('some')
  await ends(page, 'Failed. The answer stalled for too long. What you see is not whole.')
  expect(await card(page).getAttribute('data-tone')).toBe('error')
  expect(await actions(page)).toEqual(['Copy', 'Retry'])
})

test('an answer that is too long for the server, in its words', async () => {
  room.rig.setChat({ chatLogBytes: 4_096 })
  await begun('some')
  await room.hand.say('much of it '.repeat(1_000))
  await ends(room.page, 'Failed. The answer is longer than this server keeps. What you see is not whole.')
})

test('a server that has switched it off in the middle', async () => {
  const page = await begun('some', holdReconnects)
  room.rig.flag.enabled = false
  room.proxy.cut()
  await page.getByRole('button', { name: 'Try now' }).click()
  await ends(page, 'Not switched on for you.')
  expect(await actions(page)).toEqual([])
  expect(await answerOf(page).textContent()).toBe('some')
})

test('a server that is gone', async () => {
  const page = await begun('some', hurryReconnects)
  room.proxy.target = 0
  room.proxy.cut()
  await ends(page, 'Failed. The connection was lost and did not come back. What you see is not whole.')

  const other = createServer((_, response) => response.writeHead(502).end('<h1>Bad gateway</h1>'))
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  room.proxy.target = (other.address() as AddressInfo).port
  await page.getByRole('button', { name: 'Retry' }).click()
  await ends(page, 'Failed. The server answered: HTTP 502. What you see is not whole.')
  expect(await answerOf(page).textContent()).toBe('some')
  other.closeAllConnections()
  await new Promise(resolve => other.close(resolve))

  room.proxy.target = room.rig.rig.port
  await page.getByRole('button', { name: 'Retry' }).click()
  await until(() => room.hand.asked() === 2, 'it is asked again')
  await room.hand.say('all of it')
  await room.hand.done()
  await ends(page, 'Complete')
  expect(await answerOf(page).textContent()).toBe('all of it')
})

test('a stop is shown until the server has answered it', async () => {
  const page = await begun('some')
  room.proxy.stall()
  await page.getByRole('button', { name: 'Stop the answer' }).click()
  await ends(page, /^Stopping$/)
  expect(await page.getByRole('button', { name: 'Stop the answer' }).isDisabled()).toBe(true)
  expect(await question().evaluate(field => field === document.activeElement)).toBe(true)
  room.proxy.resume()
  await ends(page, /^Stopped by you after \d+\.\d s/)
})

test('what a model thinks is folded, timed, and not kept', async () => {
  const page = await begun('')
  await room.hand.send('reasoning', 'First, the law. ')
  await ends(page, /^Thinking, \d+ s$/)
  await announced('Thinking')
  const fold = card(page).getByRole('group')
  const words = fold.getByText('First, the law.')
  expect(await words.isVisible()).toBe(false)
  await fold.getByText(/^Thinking for \d+ s$/).press('Enter')
  await words.waitFor()
  await room.hand.send('reasoning', 'Then the price.')
  await fold.getByText('First, the law. Then the price.').waitFor()
  await room.hand.say('It is free.')
  await ends(page, /^Answering, \d+ s$/)
  await room.hand.done()
  await ends(page, 'Complete')
  await fold.getByText(/^Thought for \d+ s$/).waitFor()
  expect(await answerOf(page).textContent()).toBe('It is free.')
  await page.reload()
  await ends(page, 'Complete')
  expect(await page.getByText('Thought for').count()).toBe(0)
})
