import { describe, expect, test } from 'vitest'
import { type OwnTime, ownTime } from '../../../test/support/own-time.js'
import type { BodyReader } from '../answer-format.js'
import type { Backend } from '../backends/backend.js'
import { Breakers, TryFailed } from './breakers.js'
import { type Asking, UpstreamCall } from './call.js'
import type { EdgeHandlers, UpstreamEdge } from './edge.js'

const backend = (name: string, more: Partial<Backend> = {}): Backend => ({
  name,
  url: new URL(`http://${name}`),
  key: null,
  keyHeader: 'authorization',
  models: null,
  usageOption: true,
  serves: new Set(),
  acceptsCallerKey: false,
  firstTokenTimeoutMs: null,
  ...more,
})
const [FIRST, SECOND] = [backend('first'), backend('second')]

/** A body of words and blanks: `.` is not visible, `!` an error, `$` the end, everything else visible. */
function wordsReader(): BodyReader<string> {
  return {
    push: chunk => chunk.toString().split(' '),
    end: () => [],
    isTerminal: word => word === '!' || word === '$',
    isError: word => word === '!',
    isVisible: word => /\w/.test(word),
  }
}

/** A breaker that is open for these backends. */
async function openFor(...backends: readonly Backend[]): Promise<Breakers> {
  const breakers = new Breakers(60_000)
  for (const { name } of backends) {
    for (let i = 0; i < 20; i++) {
      const fails = () => Promise.reject(new TryFailed({ kind: 'not_a_stream', cause: 'html' }))
      await breakers.execute(name, fails).catch(() => {})
    }
    expect(breakers.stateOf(name)).toBe('open')
  }
  return breakers
}

type Answer = (origin: string, handlers: EdgeHandlers, time: OwnTime) => void
type Options = {
  readonly breakers?: Breakers
  readonly targets?: readonly Backend[]
  readonly repeatUnanswered?: boolean
  readonly asking?: Partial<Asking<string>>
  /** How the outcome is known. */
  readonly until?: (word: string) => boolean
}

/** Calls the backends; each answers as the test says. Resolves with the outcome, and with what was asked, received and reported. */
async function outcome(answer: Answer, options: Options = {}) {
  const {
    breakers = new Breakers(60_000),
    targets = [FIRST, SECOND],
    until = word => /[\w$!]/.test(word),
  } = options
  const asked: string[] = []
  const tries: string[] = []
  const causes: unknown[] = []
  const received: string[] = []
  let signs = 0
  let aborted = 0
  const time = ownTime()
  const edge: UpstreamEdge = {
    open: (request, handlers) => {
      asked.push(request.origin)
      queueMicrotask(() => answer(request.origin, handlers, time))
      return { abort: () => void aborted++, pause: () => {}, resume: () => {} }
    },
    close: async () => {},
  }
  const asking: Asking<string> = {
    targets,
    requestFor: ({ url }) => ({ origin: url.origin, path: '/', method: 'POST', headers: {}, body: '{}' }),
    newReader: wordsReader,
    keptRefusalBytes: 0,
    ...options.asking,
  }
  const code = await new Promise<string>((resolve, reject) => {
    new UpstreamCall(
      {
        edge,
        breakers,
        ...time,
        // No wait before a retry.
        random: () => 0,
        rules: { silenceMs: 1_000, repeatUnanswered: options.repeatUnanswered ?? false },
      },
      asking,
      {
        onHead: () => {},
        onItems: words => {
          if (words === null) signs++
          else received.push(...words)
          const last = words?.findLast(until)
          if (last !== undefined) resolve(last === '!' ? 'in_band' : 'answered')
        },
        onUnknownFrame: () => {},
        onTry: (origin, isRetry) => tries.push(`${origin} ${isRetry}`),
        onTryFailed: (_code, _origin, cause, name) => causes.push(`${name}: ${cause}`),
        onFailed: failure => resolve(failure.code),
        onFault: reject,
      },
    ).start()
  })
  return { code, asked, tries, causes, received: received.join(' '), signs, aborted, breakers, time }
}

const unreachable: Answer = (_, handlers) => handlers.onError('ECONNREFUSED', false)
function says(handlers: EdgeHandlers, ...chunks: readonly string[]): void {
  handlers.onHead(200, { 'content-type': 'text/event-stream' })
  for (const chunk of chunks) handlers.onData(Buffer.from(chunk))
}
/** The first fails as given, the second answers. */
const firstFails =
  (fails: Answer): Answer =>
  (origin, handlers, time) => {
    if (origin === FIRST.url.origin) fails(origin, handlers, time)
    else says(handlers, '. b', '$')
  }
const stateOf = ({ breakers }: { readonly breakers: Breakers }, name = 'first') => breakers.stateOf(name)

test('a backend with an open breaker is skipped; the failure is that of the other one', async () => {
  for (const unavailable of [FIRST, SECOND]) {
    const { code, asked } = await outcome(unreachable, { breakers: await openFor(unavailable) })
    const other = unavailable === FIRST ? SECOND : FIRST
    expect(code).toBe('upstream_unreachable')
    expect(asked).toEqual([other.url.origin, other.url.origin, other.url.origin])
  }
})

test('with all breakers open no backend is called, and the failure says so', async () => {
  expect(await outcome(unreachable, { breakers: await openFor(FIRST, SECOND) })).toMatchObject({
    code: 'breaker_open',
    asked: [],
    tries: [],
  })
})

test('every try after the first one of a question is a retry, at any backend', async () => {
  const { code, tries, causes } = await outcome(firstFails((_, handlers) => handlers.onHead(503, {})))
  expect(code).toBe('answered')
  expect(tries).toEqual([
    'http://first false',
    'http://first true',
    'http://first true',
    'http://second true',
  ])
  expect(causes).toEqual(['first: 503', 'first: 503', 'first: 503'])
})

describe('before the first visible word the next backend is asked', () => {
  test.each<readonly [what: string, cause: unknown, fails: Answer]>([
    ['HTML', 'html', (_, h) => h.onHead(200, { 'content-type': 'text/html' })],
    ['JSON', 'json', (_, h) => h.onHead(200, { 'content-type': 'application/problem+json' })],
    ['no type', 'no_content_type', (_, h) => h.onHead(200, {})],
    ['a refusal', 401, (_, h) => h.onHead(401, {})],
    ['a redirect', 302, (_, h) => h.onHead(302, { location: 'http://elsewhere' })],
    [
      'an empty body',
      'empty_body',
      (_, h) => {
        says(h)
        h.onEnd()
      },
    ],
    [
      'no last event',
      'no_last_event',
      (_, h) => {
        says(h, '.')
        h.onEnd()
      },
    ],
    [
      'a cut',
      'ECONNRESET',
      (_, h) => {
        says(h, '.')
        h.onError('ECONNRESET', true)
      },
    ],
    ['an error in band', 'in_band', (_, h) => says(h, '. .', '!')],
    [
      'silence',
      'silence',
      (_, h, time) => {
        says(h, '.')
        time.pass(1_000)
      },
    ],
    ['silence without a head', 'silence', (_, _h, time) => time.pass(1_000)],
  ])('%s', async (_, cause, fails) => {
    const { code, asked, received, causes } = await outcome(firstFails(fails))
    expect([code, received, asked]).toEqual(['answered', '. b $', ['http://first', 'http://second']])
    expect(causes).toEqual([`first: ${cause}`])
  })

  test('what came before is held back while there is another one, and is a sign of life', async () => {
    const held = await outcome((_, handlers) => says(handlers, '.', '. .', 'a'))
    expect(held).toMatchObject({ received: '. . . a', signs: 2, asked: ['http://first'] })
    const alone = await outcome((_, handlers) => says(handlers, '.', 'a'), { targets: [FIRST] })
    expect(alone).toMatchObject({ received: '. a', signs: 0 })
    const early = await outcome(
      firstFails((_, handlers) => says(handlers, '.', '!')),
      {
        asking: { handsOnEarly: true },
      },
    )
    expect(early).toMatchObject({ received: '. . b $', code: 'answered' })
  })

  test('a long beginning is handed on, and is the answer from then on', async () => {
    const long = '.'.repeat(300 * 1024)
    const { received, asked } = await outcome((_, handlers) => says(handlers, long, '!'), {
      until: word => word === '!',
    })
    expect(asked).toEqual(['http://first'])
    expect(received).toBe(`${long} !`)
  })
})

test('the error of the last backend goes on as it came, also behind one that is not asked', async () => {
  const fails: Answer = (_, handlers) => says(handlers, '.', '!')
  expect(await outcome(fails)).toMatchObject({
    code: 'in_band',
    received: '. !',
    asked: ['http://first', 'http://second'],
  })
  const { asked, received } = await outcome(fails, { breakers: await openFor(SECOND) })
  expect([asked, received]).toEqual([['http://first'], '. !'])
})

test('after the first visible word no other backend is asked', async () => {
  const cut = await outcome(
    (_, handlers) => {
      says(handlers, 'a')
      handlers.onError('ECONNRESET', true)
    },
    { until: () => false },
  )
  expect(cut).toMatchObject({ code: 'upstream_cut', received: 'a', asked: ['http://first'] })
  const error = await outcome((_, handlers) => says(handlers, 'a', '!'), { until: word => word === '!' })
  expect(error).toMatchObject({ received: 'a !', asked: ['http://first'] })
})

describe('a question that was sent and not answered', () => {
  const resets = firstFails((_, handlers) => handlers.onError('ECONNRESET', true))
  test('is asked nowhere again', async () => {
    expect(await outcome(resets)).toMatchObject({ code: 'upstream_unreachable', asked: ['http://first'] })
  })
  test('goes to the next backend where that is allowed', async () => {
    expect(await outcome(resets, { repeatUnanswered: true })).toMatchObject({
      code: 'answered',
      asked: ['http://first', 'http://second'],
    })
  })
})

describe('silence', () => {
  test('each backend has a time of its own, and any byte begins it again', async () => {
    const patient = backend('first', { firstTokenTimeoutMs: 5_000 })
    const { code, asked } = await outcome(
      (origin, handlers, time) => {
        if (origin !== patient.url.origin) return says(handlers, 'b')
        time.pass(4_999)
        says(handlers, '.')
        time.pass(4_999)
        handlers.onData(Buffer.from('.'))
        time.pass(4_999)
        handlers.onData(Buffer.from('a'))
      },
      { targets: [patient, SECOND] },
    )
    expect([code, asked]).toEqual(['answered', ['http://first']])
  })
  test('of the last one is the failure, and ends its connection', async () => {
    const silent: Answer = (_, _handlers, time) => time.pass(1_000)
    const { code, aborted, time } = await outcome(silent, { targets: [FIRST] })
    expect([code, aborted, time.waiting()]).toEqual(['first_token_timeout', 1, 0])
  })
})

describe('the breaker', () => {
  const twenty = async (answer: Answer, options: Options = {}) => {
    const breakers = new Breakers(60_000)
    for (let i = 0; i < 20; i++)
      await outcome(answer, { breakers, targets: [FIRST], until: () => true, ...options })
    return { breakers }
  }
  test.each([400, 404, 413, 422])('%i from what callers ask does not open it', async status => {
    expect(stateOf(await twenty((_, handlers) => handlers.onHead(status, {})))).toBe('closed')
  })
  test('a refusal of the operator’s key does, of the caller’s own it does not', async () => {
    const refuses: Answer = (_, handlers) => handlers.onHead(401, {})
    expect(stateOf(await twenty(refuses))).toBe('open')
    expect(stateOf(await twenty(refuses, { asking: { usesCallerKey: true } }))).toBe('closed')
  })
  test('errors in band open it, before the first word and after it, and so do cuts', async () => {
    expect(stateOf(await twenty((_, handlers) => says(handlers, '!')))).toBe('open')
    expect(
      stateOf(await twenty((_, handlers) => says(handlers, 'a', '!'), { until: word => word === '!' })),
    ).toBe('open')
    const cut: Answer = (_, handlers) => {
      says(handlers, 'a')
      handlers.onError('ECONNRESET', true)
    }
    expect(stateOf(await twenty(cut, { until: () => false }))).toBe('open')
  })
})

describe('a body that stays open after the reason of its end', () => {
  const newReader = () => ({ ...wordsReader(), hasReason: () => true, end: () => ['$'] })
  const until = (word: string): boolean => word === '$'

  test('is ended after two seconds', async () => {
    const { received, aborted, time } = await outcome(
      (_, handlers, { pass }) => {
        says(handlers, 'a')
        pass(2_000)
      },
      { until, asking: { newReader } },
    )
    expect([received, aborted, time.waiting()]).toEqual(['a $', 1, 0])
  })
  test('has these two seconds for its counts and its own end', async () => {
    const { received, aborted } = await outcome(
      (_, handlers, { pass }) => {
        says(handlers, 'a')
        pass(1_999)
        handlers.onData(Buffer.from('. $'))
      },
      { until, asking: { newReader } },
    )
    expect([received, aborted]).toEqual(['a . $', 0])
  })
  test('is a cut where the reason alone is no end', async () => {
    const { code, aborted, causes, time } = await outcome(
      (_, handlers, { pass }) => {
        says(handlers, 'a')
        pass(2_000)
      },
      { until, asking: { newReader: () => ({ ...wordsReader(), hasReason: () => true }) } },
    )
    expect([code, aborted, causes, time.waiting()]).toEqual(['upstream_cut', 1, ['first: no_last_event'], 0])
  })
  test('goes on where more of the answer comes after the reason', async () => {
    let hasReason = false
    const { received } = await outcome(
      (_, handlers, { pass }) => {
        for (const chunk of ['a', 'b']) {
          hasReason = chunk === 'a'
          says(handlers, chunk)
          pass(1_500)
        }
        handlers.onData(Buffer.from('c'))
      },
      {
        until: word => word === 'c',
        asking: { newReader: () => ({ ...newReader(), hasReason: () => hasReason }) },
      },
    )
    expect(received).toBe('a b c')
  })
  test('ends one without a visible word, and of one that fails meanwhile nothing is left', async () => {
    const empty = await outcome(
      (_, handlers, { pass }) => {
        says(handlers, '.')
        pass(2_000)
      },
      { until, targets: [backend('first', { firstTokenTimeoutMs: 60_000 })], asking: { newReader } },
    )
    expect([empty.received, empty.time.waiting()]).toEqual(['. $', 0])
    const failed = await outcome(
      firstFails((_, handlers, { pass }) => {
        says(handlers, '.')
        handlers.onError('ECONNRESET', true)
        pass(2_000)
      }),
      { until, asking: { newReader, handsOnEarly: true } },
    )
    expect([failed.received, failed.asked.length]).toEqual(['. . b $', 2])
  })
})
