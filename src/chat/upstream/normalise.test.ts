import { describe, expect, test } from 'vitest'
import { createNormaliser } from './normalise.js'

/** The events of each frame; null: it was not understood. */
function normalised(...frames: readonly unknown[]): unknown {
  let isUnknown = false
  const normaliser = createNormaliser(() => {
    isUnknown = true
  })
  return frames.map(frame => {
    isUnknown = false
    const data = typeof frame === 'string' ? frame : JSON.stringify(frame)
    const events = normaliser.frame({ event: 'message', data, id: '' })
    return isUnknown ? null : events
  })
}
const DONE = { type: 'done', reason: 'complete' }
/** Of an answer without a word. */
const EMPTY = { type: 'done', reason: 'empty' }
const FAILED = { type: 'error', code: 'upstream_error' }
const token = (data: string) => ({ type: 'token', data })

describe('dialect A', () => {
  test.each([
    [{ text: 'a', sequenceNumber: 1, timestamp: 2 }, [token('a')]],
    [{ text: '' }, []],
    [
      { sources: [{ title: 't', more: 1 }, 'kb', 7] },
      [{ type: 'sources', data: [{ title: 't' }, { source: 'kb' }] }],
    ],
    [{ done: true, streamDuration: 5 }, [EMPTY]],
    [{ text: 'last', done: true }, [token('last'), DONE]],
    [{ error: 'boom', done: true }, [FAILED]],
    [{ type: 'continuity_check', sequence: 1 }, []],
    [{ done: false }, null],
    [{ what: 1 }, null],
  ])('%j', (frame, events) => expect(normalised(frame)).toEqual([events]))
})

describe('dialects B and C', () => {
  test.each(['a', '', ' ', 'error', '[META', '[METADATA]{"model":"m"}b', '\ud83d'])(
    'a token %j says the same with and without other members',
    text => {
      const bare = { type: 'token', data: text }
      expect(normalised(bare, { done: true })).toEqual(normalised({ ...bare, sequence: 1 }, { done: true }))
      expect(normalised({ ...bare, error: 'boom' })).toEqual([[FAILED]])
    },
  )
  test.each([
    [{ type: 'token', data: 'a' }, [token('a')]],
    [{ type: 'token', data: { text: 'a' } }, [token('a')]],
    [{ type: 'token', data: 7 }, [token('7')]],
    [{ type: 'metadata', data: { identified: true } }, [{ type: 'metadata', data: { identified: true } }]],
    [{ type: 'metadata', data: 'x' }, null],
    [{ type: 'ping', data: null }, []],
    [{ type: 'done', data: null }, [EMPTY]],
    [{ type: 'done' }, [EMPTY]],
    [
      { type: 'done', data: { reason: 'length', usage: { inputTokens: 1, outputTokens: 2 } } },
      [
        { type: 'usage', data: { inputTokens: 1, outputTokens: 2 } },
        { type: 'done', reason: 'length' },
      ],
    ],
    [{ type: 'done', data: { reason: 'Not a word!' } }, [{ type: 'done', reason: 'not_a_word' }]],
    [{ type: 'error', data: 'boom' }, [FAILED]],
    [{ type: 'surprise', data: 1 }, null],
    ['not json', null],
    ['[1]', null],
  ])('%j', (frame, events) => expect(normalised(frame)).toEqual([events]))

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
      const events = (normalised(...frames) as { type: string; data: unknown }[][]).flat()
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
    const events = normalised(
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
      normalised({ ...delta('a'), model: 'm' }, delta('b'), delta('', 'length'), usage, '[DONE]'),
    ).toEqual([
      [{ type: 'metadata', data: { model: 'm' } }, token('a')],
      [token('b')],
      [],
      [{ type: 'usage', data: { inputTokens: 3, outputTokens: 4 } }],
      [{ type: 'done', reason: 'length' }],
    ])
  })
  test('an error in band is an error, never text, and nothing follows it', () => {
    expect(normalised({ error: { message: 'boom' } }, '[DONE]')).toEqual([[FAILED], []])
  })
  test('a body that ends after its finish reason is whole; without one it is cut', () => {
    const normaliser = createNormaliser(() => {})
    normaliser.frame({ event: 'message', data: JSON.stringify(delta('a')), id: '' })
    expect([normaliser.hasReason, normaliser.end(false)]).toEqual([false, []])
    normaliser.frame({ event: 'message', data: JSON.stringify(delta('', 'stop')), id: '' })
    expect([normaliser.hasReason, normaliser.end(false)]).toEqual([true, [DONE]])
    expect(createNormaliser(() => {}).end(false)).toEqual([])
  })
  test('a reason that comes with every frame does not say that the answer ends', () => {
    const normaliser = createNormaliser(() => {})
    for (const [text, hasReason] of [
      ['a', true],
      ['b', false],
      ['c', false],
    ] as const) {
      const frame = { candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }] }
      normaliser.frame({ event: 'message', data: JSON.stringify(frame), id: '' })
      expect(normaliser.hasReason).toBe(hasReason)
    }
    expect(normaliser.end(false)).toEqual([DONE])
  })
  test('of several answers only the first is relayed; the others are counted', () => {
    const kinds: string[] = []
    const normaliser = createNormaliser(kind => kinds.push(kind))
    const choice = (index: number, content: string) => ({ index, delta: { content } })
    const events = [
      { choices: [choice(0, 'a'), choice(1, 'b')] },
      { choices: [choice(1, 'c')] },
      { choices: [choice(0, 'd')] },
    ].flatMap(frame => normaliser.frame({ event: 'message', data: JSON.stringify(frame), id: '' }))
    expect(events).toEqual([token('a'), token('d')])
    expect(kinds).toEqual(['choices beyond the first', 'choices beyond the first'])
  })
  test.each([
    [
      'a list of parts',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      [token('a'), token('b')],
    ],
    [
      'a part that thinks',
      [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: 'a' },
      ],
      [{ type: 'reasoning', data: 'hm' }, token('a')],
    ],
    ['an object', { type: 'text', text: 'a' }, [token('a')]],
    [
      'a picture',
      [{ type: 'image_url', image_url: {} }],
      [{ type: 'error', code: 'upstream_not_understood' }],
    ],
    ['true', true, [{ type: 'error', code: 'upstream_not_understood' }]],
    ['null', null, []],
  ])('content that is %s is read, or is a named error', (_, content, events) => {
    expect(normalised({ choices: [{ delta: { content } }] })).toEqual([events])
  })
  test('halves of a character in two texts are joined; one without the other is replaced', () => {
    expect(
      normalised(delta('a\ud83d'), delta('\ude00b'), delta('\ude00 \ud83d'), delta('c', 'stop'), '[DONE]'),
    ).toEqual([[token('a')], [token('\u{1f600}b')], [token('\ufffd ')], [token('\ufffdc')], [DONE]])
    expect(normalised(delta('a\ud83d', 'stop'), '[DONE]')).toEqual([[token('a')], [token('\ufffd'), DONE]])
  })
  test('choices: null carries the counts', () => {
    expect(
      normalised({ object: 'chat.completion.chunk', choices: null, usage: { prompt_tokens: 1 } }),
    ).toEqual([[{ type: 'usage', data: { inputTokens: 1 } }]])
  })
})

describe('an end', () => {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ delta, finish_reason }],
  })
  test.each([
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['end_turn', 'complete'],
    ['STOP', 'complete'],
    ['tool_calls', 'tool_calls'],
    ['surprise', 'surprise'],
  ])('after %s is %s', (word, reason) => {
    expect(normalised(chunk({ content: 'a' }, word), '[DONE]')).toEqual([
      [token('a')],
      [{ type: 'done', reason }],
    ])
  })
  test('that says that generating failed is an error', () => {
    expect(normalised(chunk({ content: 'a' }, 'error'), '[DONE]')).toEqual([[token('a')], [FAILED]])
  })
  test('of a refusal, of an answer without a word, of a call of a tool is none of a complete answer', () => {
    expect(normalised(chunk({ refusal: 'No.' }), chunk({}, 'stop'), '[DONE]')).toEqual([
      [{ type: 'refusal', data: 'No.' }],
      [],
      [{ type: 'done', reason: 'refusal' }],
    ])
    expect(normalised(chunk({ content: '' }, 'stop'), '[DONE]')).toEqual([[], [EMPTY]])
    expect(normalised(chunk({ reasoning_content: 'hm' }), '[DONE]')).toEqual([
      [{ type: 'reasoning', data: 'hm' }],
      [EMPTY],
    ])
    expect(normalised(chunk({ tool_calls: [{}] }, 'stop'), '[DONE]')).toEqual([
      [],
      [{ type: 'done', reason: 'tool_calls' }],
    ])
  })
  test('with nothing understood is a failure, whether there is a terminal or not', () => {
    const failed = { type: 'error', code: 'upstream_failed' }
    expect(normalised({ what: 1 }, '[DONE]')).toEqual([null, [failed]])
    const normaliser = createNormaliser(() => {})
    normaliser.frame({ event: 'message', data: 'plain text', id: '' })
    expect(normaliser.end(false)).toEqual([failed])
  })
})

describe('an error in band', () => {
  test.each([
    ['message', { object: 'error', message: 'boom', code: 40303 }],
    ['message', { type: 'error', error: { type: 'overloaded_error' } }],
    ['message', { type: 'error', errorText: 'boom' }],
    ['message', { type: 'response.failed', response: { error: { code: 'server_error' } } }],
    ['message', { type: 'overloaded_error', message: 'boom' }],
    ['message', { error: 'boom' }],
    ['message', { error: { code: 503, status: 'UNAVAILABLE' } }],
    ['message', [{ error: { code: 400 } }]],
    ['message', { errors: [{ message: 'boom' }] }],
    ['message', { detail: 'Internal Server Error' }],
    ['message', { detail: [{ loc: ['body'], msg: 'field required' }] }],
    ['message', { choices: [{ error: { message: 'boom' }, finish_reason: 'error' }] }],
    ['message', { choices: [{ delta: { content: '' }, finish_reason: 'error' }], error: { code: 502 } }],
    ['message', { code: 'InvalidParameter', message: 'boom' }],
    ['message', { status: 500, message: 'boom' }],
    ['message', { success: false, reason: 'boom' }],
    ['message', { status: 'error' }],
    ['message', { error_code: 110, error_msg: 'boom' }],
    ['message', { throttlingException: { message: 'boom' } }],
    ['message', { fault: { faultstring: 'boom' } }],
    ['error', { message: 'boom' }],
    ['error', 'boom'],
    ['error', ''],
    ['stream_error', { code: 1 }],
    ['exception', 'boom'],
  ])('%s %j', (event, frame) => {
    const normaliser = createNormaliser(() => {})
    const frameOf = (data: string, name: string) => normaliser.frame({ event: name, data, id: '' })
    const events = frameOf(typeof frame === 'string' ? frame : JSON.stringify(frame), event)
    expect([...events, ...frameOf('[DONE]', 'message')]).toEqual([FAILED])
  })
  test.each([
    { text: 'a', error: null },
    { type: 'token', data: 'a', error: '' },
    { choices: [{ delta: { content: 'a' } }], error: null },
    { type: 'text-delta', delta: 'a', errors: [] },
  ])('%j is none', frame => expect(normalised(frame)).toEqual([[token('a')]]))
  test('of a tool is none of the answer', () => {
    expect(
      normalised({ type: 'tool-output-error', errorText: 'x' }, { type: 'text-delta', delta: 'a' }),
    ).toEqual([[], [token('a')]])
  })
})
