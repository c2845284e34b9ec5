import { describe, expect, test } from 'vitest'
import { createNormaliser, type Dialect } from './normalise.js'

function said(dialect: Dialect, ...frames: readonly unknown[]): unknown {
  const normaliser = createNormaliser(dialect)
  return frames.map(frame => {
    const data = typeof frame === 'string' ? frame : JSON.stringify(frame)
    return normaliser.frame({ event: 'message', data, id: '' })
  })
}
const DONE = { type: 'done', reason: 'complete' }
const token = (data: string) => ({ type: 'token', data })

describe('dialect A', () => {
  test.each([
    [{ text: 'a', sequenceNumber: 1, timestamp: 2 }, [token('a')]],
    [{ text: '' }, []],
    [
      { sources: [{ title: 't', more: 1 }, 'kb', 7] },
      [{ type: 'sources', data: [{ title: 't' }, { source: 'kb' }] }],
    ],
    [{ done: true, streamDuration: 5 }, [DONE]],
    [{ text: 'last', done: true }, [token('last'), DONE]],
    [{ error: 'boom', done: true }, [{ type: 'error' }]],
    [{ type: 'continuity_check', sequence: 1 }, []],
    [{ done: false }, null],
    [{ what: 1 }, null],
  ])('%j', (frame, events) => expect(said('rag', frame)).toEqual([events]))
})

describe('dialects B and C', () => {
  test.each([
    [{ type: 'token', data: 'a' }, [token('a')]],
    [{ type: 'token', data: { text: 'a' } }, [token('a')]],
    [{ type: 'token', data: 7 }, null],
    [{ type: 'metadata', data: { identified: true } }, [{ type: 'metadata', data: { identified: true } }]],
    [{ type: 'metadata', data: 'x' }, null],
    [{ type: 'ping', data: null }, []],
    [{ type: 'done', data: null }, [DONE]],
    [{ type: 'done' }, [DONE]],
    [
      { type: 'done', data: { reason: 'length', usage: { inputTokens: 1, outputTokens: 2 } } },
      [
        { type: 'usage', data: { inputTokens: 1, outputTokens: 2 } },
        { type: 'done', reason: 'length' },
      ],
    ],
    [{ type: 'done', data: { reason: 'Not a word!' } }, [DONE]],
    [{ type: 'error', data: 'boom' }, [{ type: 'error' }]],
    [{ type: 'surprise', data: 1 }, null],
    ['not json', null],
    ['[1]', null],
  ])('%j', (frame, events) => expect(said('rag', frame)).toEqual([events]))

  test('metadata inside token text, cut anywhere, is no text', () => {
    const text = 'before [METADATA]{"a":"}]{","b":{"c":1}} after [ [META'
    const expected = [
      token('before '),
      { type: 'metadata', data: { a: '}]{', b: { c: 1 } } },
      token(' after [ [META'),
      DONE,
    ]
    for (let size = 1; size <= text.length; size++) {
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'gs')) ?? []
      const frames = [...pieces.map(data => ({ type: 'token', data })), { type: 'done', data: null }]
      const events = (said('rag', ...frames) as { type: string; data: unknown }[][]).flat()
      const merged = events.reduce<{ type: string; data: unknown }[]>((all, event) => {
        const last = all.at(-1)
        if (event.type === 'token' && last?.type === 'token') last.data = `${last.data}${event.data}`
        else all.push({ ...event })
        return all
      }, [])
      expect(merged).toEqual(expected)
    }
  })
  test('a marker without an object is text, and so is one that never ends', () => {
    const events = said(
      'rag',
      { type: 'token', data: 'see [METADATA] here [METADATA]{"a":' },
      { type: 'done' },
    )
    expect(events).toEqual([[token('see [METADATA] here ')], [token('[METADATA]{"a":'), DONE]])
  })
})

describe('dialect D', () => {
  const delta = (content: string, finish: string | null = null) => ({
    choices: [{ delta: { content }, finish_reason: finish }],
  })
  test('content, finish reason, usage, [DONE]', () => {
    const usage = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }
    expect(
      said('openai', { ...delta('a'), model: 'm' }, delta('b'), delta('', 'length'), usage, '[DONE]'),
    ).toEqual([
      [{ type: 'metadata', data: { model: 'm' } }, token('a')],
      [token('b')],
      [],
      [{ type: 'usage', data: { inputTokens: 3, outputTokens: 4 } }],
      [{ type: 'done', reason: 'length' }],
    ])
  })
  test('an error in band is an error, never text', () => {
    expect(said('openai', { error: { message: 'boom' } }, { what: 1 }, 'x')).toEqual([
      [{ type: 'error' }],
      null,
      null,
    ])
  })
  test('a body that ends after its finish reason is whole; without one it is cut', () => {
    const normaliser = createNormaliser('openai')
    normaliser.frame({ event: 'message', data: JSON.stringify(delta('a')), id: '' })
    expect(normaliser.end()).toEqual([])
    normaliser.frame({ event: 'message', data: JSON.stringify(delta('', 'stop')), id: '' })
    expect(normaliser.end()).toEqual([DONE])
    expect(createNormaliser('rag').end()).toEqual([])
  })
})
