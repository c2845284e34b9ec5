import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EdgeHandlers } from '../upstream/edge.js'
import { DEMO_EXAMPLES, demoAnswer } from './demo-answers.js'
import { createDemoEdge } from './demo-edge.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function asked(query: string) {
  const seen: string[] = []
  let text = ''
  const handlers: EdgeHandlers = {
    onHead: status => void seen.push(String(status)),
    onData: chunk => {
      text += chunk.toString()
    },
    onEnd: () => void seen.push('end'),
    onError: code => void seen.push(code),
  }
  const path = `/bali-zero/chat-stream?query=${encodeURIComponent(query)}`
  const call = createDemoEdge().open(
    { origin: 'http://x', path, method: 'GET', headers: {}, body: null },
    handlers,
  )
  return { call, seen, text: () => text }
}

test.each(DEMO_EXAMPLES)('%s is answered word by word, and says that it is scripted', question => {
  const { seen, text } = asked(question)
  vi.runAllTimers()
  expect(seen).toEqual(['200', 'end'])
  const frames = text()
    .split('\n\n')
    .filter(each => each !== '')
    .map(each => JSON.parse(each.slice(6)) as { type: string; data: unknown })
  const tokens = frames.filter(({ type }) => type === 'token').map(({ data }) => data)
  expect(tokens.join('')).toBe(demoAnswer(question).text)
  expect(tokens.join('')).toContain('scripted answer')
  expect(frames.at(-1)?.type).toBe('done')
})

test('each example has an answer of its own', () => {
  expect(new Set(DEMO_EXAMPLES.map(demoAnswer)).size).toBe(DEMO_EXAMPLES.length)
})

test('an answer can be held back, and stops when it is cancelled', () => {
  const { call, seen, text } = asked('why?')
  vi.advanceTimersByTime(1_000)
  call.pause()
  const before = text()
  vi.advanceTimersByTime(60_000)
  expect(text()).toBe(before)
  call.resume()
  vi.advanceTimersByTime(100)
  expect(text().length).toBeGreaterThan(before.length)
  call.abort()
  vi.runAllTimers()
  expect(seen).toEqual(['200'])
  expect(vi.getTimerCount()).toBe(0)
})
