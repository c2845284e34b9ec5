import { describe, expect, test } from 'vitest'
import { ABORT_REASONS } from '../../../src/protocol/chat-events.js'
import { END_KINDS } from '../../../src/protocol/end-reasons.js'
import { asMarkdown, historyOf } from './history.js'
import { keptText, MAX_KEPT, MAX_KEPT_LENGTH, turnsIn } from './keep.js'
import { limitWords, secondsLeft, waitMs } from './limit.js'
import { ENDS, type End, endOfAbort, endOfDone, newTurn, type Turn } from './turn.js'
import { endWords, isTorn, questionsText, secondsText, spokenEnd, usageText } from './words.js'

const turn = (more: Partial<Turn> = {}): Turn => ({ ...newTurn(1, 'why?'), answer: 'so', ...more })
const end = (kind: End['kind'], detail = ''): End => ({ kind, detail })
function line(given: End, more: Partial<Turn> = {}): string {
  const { strong, text, more: wide } = endWords(given, turn(more))
  return `${strong}|${text}${wide}`
}

describe('the words of an end', () => {
  test.each<[End, string, Partial<Turn>?]>([
    [end('length'), 'Cut short.|The answer reached its greatest length.'],
    [end('filter'), 'Withheld|by the answering service’s content filter.', { answer: '' }],
    [end('filter'), 'Withheld|by the answering service’s content filter. What you see is not whole.'],
    [end('refusal'), 'Declined|by the model.'],
    [end('nothing'), 'No answer.|The answering service ended without a word.', { answer: '' }],
    [end('early', 'pause'), 'Ended early|(pause). What you see may not be whole.'],
    [end('failed', 'The answer broke off.'), 'Failed.|The answer broke off. What you see is not whole.'],
    [end('failed', 'The answering service failed.'), 'Failed.|The answering service failed.', { answer: '' }],
    [end('stopped'), '|Stopped by you after 2.1 s', { durationMs: 2_090 }],
    [end('stopped'), '|Stopped by you'],
    [end('ended', 'shutdown'), 'Ended.|The server was restarted.'],
    [end('ended', 'expired'), 'Ended.|It took longer than this server allows.'],
    [end('ended', 'idle'), 'Ended.|Nobody was reading.'],
    [end('interrupted'), 'Interrupted.|The rest is no longer kept.'],
    [end('off'), 'Not switched on|for you.'],
    [end('busy', '10'), 'Busy.|Ask again in 10 s.'],
    [end('complete'), '|Complete'],
  ])('%o', (given, words, more) => {
    expect(line(given, more)).toBe(words)
  })

  test('of a complete answer: what is known, estimates with "about"', () => {
    const usage = { read: 312, written: 188, isEstimated: false }
    const all = { durationMs: 4_210, usage, model: 'gpt-4o-mini' }
    expect(line(end('complete'), all)).toBe('|Complete · 4.2 s · 312 tokens read, 188 written · gpt-4o-mini')
    expect(line(end('complete'), { model: 'm' })).toBe('|Complete · m')
    expect(usageText(turn({ usage: { ...usage, isEstimated: true } }))).toBe(
      'about 312 tokens read, about 188 written',
    )
    expect(usageText(turn({ usage: { ...usage, read: null } }))).toBe('188 tokens written')
    expect(usageText(turn({ usage: { ...usage, written: null } }))).toBe('312 tokens read')
    expect(usageText(turn({ usage: { read: null, written: null, isEstimated: false } }))).toBeNull()
  })

  test('only a complete one is called so, and only it and a refusal are whole', () => {
    for (const kind of ENDS) {
      const words = spokenEnd(end(kind, 'x'), turn())
      expect(words.includes('Complete')).toBe(kind === 'complete')
      expect(isTorn(end(kind))).toBe(kind !== 'complete' && kind !== 'refusal')
    }
  })

  test('without text there is nothing to copy', () => {
    for (const kind of ENDS) {
      expect(endWords(end(kind), turn({ answer: '' })).actions).not.toContain('Copy')
    }
    expect(endWords(end('failed'), turn()).actions).toEqual(['Copy', 'Retry'])
  })

  test('every reason of the protocol has words', () => {
    for (const kind of END_KINDS) {
      for (const hasText of [true, false]) {
        expect(endOfDone(kind, 'w', hasText).kind === 'complete').toBe(kind === 'complete' && hasText)
      }
    }
    expect(endOfDone('other', 'pause', true)).toEqual(end('early', 'pause'))
    expect(endOfDone('tool', 'tool_calls', false).kind).toBe('nothing')
    expect(endOfDone('tool', 'tool_calls', true)).toEqual(end('early', 'tool_calls'))
    expect(ABORT_REASONS.map(reason => endOfAbort(reason).kind)).toEqual([
      'stopped',
      'ended',
      'ended',
      'ended',
      'early',
    ])
  })

  test('times', () => {
    expect([940, 9_940, 9_960, 59_400, 65_000].map(secondsText)).toEqual([
      '0.9 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min 5 s',
    ])
  })
})

test('what is sent on: complete, cut short and stopped answers', () => {
  const sent = ENDS.filter(kind => historyOf([turn({ end: end(kind) })]).length > 0)
  expect(sent).toEqual(['complete', 'length', 'stopped'])
  expect(historyOf([turn({ end: end('complete') })])).toEqual([
    { role: 'user', content: 'why?' },
    { role: 'assistant', content: 'so' },
  ])
  expect(historyOf([turn({ end: end('stopped'), answer: '' }), turn()])).toEqual([])
})

test('as much is sent on as a server takes, the newest first', () => {
  const long = Array.from({ length: 80 }, (_, i) => turn({ id: i, question: `q${i}`, end: end('complete') }))
  expect(historyOf(long)).toHaveLength(100)
  expect(historyOf(long).at(-2)?.content).toBe('q79')
  const large = long.map(each => ({ ...each, answer: '€'.repeat(100_000) }))
  expect(historyOf(large)).toHaveLength(4)
})

test('the conversation as Markdown', () => {
  expect(asMarkdown([turn(), turn({ answer: '' })])).toBe('## why?\n\nso\n\n## why?')
})

describe('what is kept', () => {
  const whole = turn({
    end: end('failed', 'The answer broke off.'),
    streamId: 's',
    sources: [{ title: 't', url: null }],
    usage: { read: 1, written: null, isEstimated: true },
    model: 'm',
    durationMs: 5,
    cuts: [{ at: 1, lostMs: 2 }],
  })

  test('comes back as it was', () => {
    expect(turnsIn(keptText([whole]).text)).toEqual([whole])
  })

  test('20 questions and 1 MiB; the oldest leave first', () => {
    const many = Array.from({ length: 30 }, (_, id) => ({ ...whole, id }))
    expect(turnsIn(keptText(many).text).map(({ id }) => id)).toEqual(
      many.slice(-MAX_KEPT).map(({ id }) => id),
    )
    const large = many.map(each => ({ ...each, answer: 'a'.repeat(300_000) }))
    const { text, kept } = keptText(large)
    expect(kept).toBe(3)
    expect(text.length).toBeLessThanOrEqual(MAX_KEPT_LENGTH)
    expect(turnsIn(text).map(({ id }) => id)).toEqual([27, 28, 29])
    expect(keptText([{ ...whole, answer: 'a'.repeat(MAX_KEPT_LENGTH) }]).kept).toBe(0)
  })

  test.each([
    ['nothing', null],
    ['no JSON', '{"version":2,"turns":[{'],
    ['version 1', JSON.stringify([{ question: 'q', streamId: 's', answer: 'a' }])],
    ['a later version', JSON.stringify({ version: 3, turns: [whole] })],
    [
      'one turn that cannot be read',
      JSON.stringify({ version: 2, turns: [whole, { ...whole, id: 2, end: 'x' }] }),
    ],
    ['an unknown end', JSON.stringify({ version: 2, turns: [{ ...whole, end: { kind: 'x', detail: '' } }] })],
    ['two of one id', JSON.stringify({ version: 2, turns: [whole, whole] })],
    [
      'too many',
      JSON.stringify({ version: 2, turns: Array.from({ length: 21 }, (_, id) => ({ ...whole, id })) }),
    ],
  ])('is dropped whole: %s', (_, text) => {
    expect(turnsIn(text)).toEqual([])
  })
})

test('how many are kept', () => {
  expect(questionsText(6, 6)).toBe('6 questions, kept in this tab only')
  expect(questionsText(1, 1)).toBe('1 question, kept in this tab only')
  expect(questionsText(25, 20)).toBe('25 questions, the newest 20 kept in this tab only')
  expect(questionsText(2, null)).toBe('2 questions, not kept: this browser allows no storage')
})

test('the limit and its countdown', () => {
  expect(limitWords({ count: 20, windowSec: 60 })).toEqual({
    strong: '20 questions a minute',
    text: 'is the most.',
    more: ' Your next one stays here until it may go.',
  })
  expect(limitWords({ count: 1, windowSec: 90 }).strong).toBe('1 question in 90 s')
  expect(limitWords(null).text).toBe('You have asked as much as you may for now.')
  expect([0, 1, 999, 1_000, 41_001].map(ms => secondsLeft(ms, 0))).toEqual([0, 1, 1, 1, 42])
  expect([waitMs(undefined), waitMs(7.5)]).toEqual([5_000, 8_000])
})
