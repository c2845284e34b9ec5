import { expect, test } from 'vitest'
import type { ChatStream, StreamOptions } from '../../../client/chat/index.js'
import { startRunning } from './running.js'

const nothing = (): void => {}

/** Follows an answer of which `known` is shown already; `say` is what the stream does. */
function follow(known: string | null) {
  let say: StreamOptions = {}
  const stream: ChatStream = {
    streamId: 's',
    text: '',
    stop: async () => {},
    leave: nothing,
    reconnect: nothing,
    getMetrics: () => {
      throw new Error('not asked for here')
    },
    async *[Symbol.asyncIterator]() {},
  }
  const running = startRunning(
    { turnId: 1, startedMs: 0, known },
    options => {
      say = options
      return stream
    },
    { onKeep: nothing, onPhase: nothing, onLost: nothing, onEnd: nothing, onError: nothing },
  )
  const shown = (): string | null => {
    const [first] = running.formatted.value?.blocks ?? []
    return first === undefined ? null : JSON.stringify(first.block)
  }
  const think = (text: string) => say.onReasoning?.(text)
  return { running, shown, think, say: (text: string) => say.onToken?.(text) }
}

test('the first word is shown at once', () => {
  const { running, shown, say } = follow(null)
  say('one')
  expect(shown()).toContain('one')
  running.close()
})

test('an answer that comes again from its beginning is not shown shorter than before', () => {
  const { running, shown, say } = follow('one two')
  say('one')
  expect(shown()).toBeNull()
  expect(running.text()).toBe('one')
  running.close()
})

test('where it is another answer its first word is shown', () => {
  const { running, shown, say } = follow('one two')
  say('other')
  expect(shown()).toContain('other')
  running.close()
})

test('how long it thought is not known of an answer that comes again', () => {
  const { running, think, say } = follow('')
  think('hm')
  expect(running.thinking.value).toEqual({ sinceMs: 0, tookMs: null })
  say('one')
  expect(running.thought()).toEqual({ text: 'hm', tookMs: 0 })
  running.close()
})
