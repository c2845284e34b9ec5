// The checks of `g6-conformance`: each has a name, the rule of docs/protocol.md it is for, and what to try.
import { type BoardReader, createBoardReader } from '../../client/reader.js'
import { panelHash } from '../board/hash.js'
import { problemDocument, resyncDocument, SUMMARY_EVENTS, type SummaryEventName } from '../protocol/events.js'
import {
  type Heard,
  listen,
  type Message,
  request,
  resyncAddress,
  streamAddress,
  type Target,
} from './listen.js'

/** Thrown by a check that could not be made here. */
export class Skipped extends Error {}

export type Check = {
  readonly name: string
  /** The rule, as a sentence with MUST or MAY. */
  readonly rule: string
  /** Throws an Error that says what is wrong, or Skipped. */
  readonly run: (target: Target) => Promise<void>
}

type Panels = Readonly<
  Record<string, { title: string; tone: string; lines: string[]; hash: string; truncated?: true }>
>

function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(what)
}

const named = (messages: readonly Message[], name: string) => messages.filter(({ event }) => event === name)
const lastOfGroup = ({ data }: Message) => data?.more !== true
const isWhole = (messages: readonly Message[]) => named(messages, 'full_snapshot').some(lastOfGroup)
const hasHello = (messages: readonly Message[]) => messages.length > 0
const isEventName = (name: string): name is SummaryEventName => Object.hasOwn(SUMMARY_EVENTS, name)

/** A new reader up to its first whole board. */
async function joined(target: Target, asked: Parameters<typeof listen>[1] = {}): Promise<Heard> {
  const heard = await listen(target, asked, isWhole)
  must(heard.status === 200, `the stream answers ${heard.status}, not 200`)
  must(heard.isComplete, `no whole full_snapshot came within ${target.timeoutMs} ms`)
  return heard
}

function helloOf({ messages }: Heard): NonNullable<Message['data']> {
  const data = messages[0]?.event === 'hello' ? messages[0].data : undefined
  must(data !== undefined, `the first event is ${messages[0]?.event ?? 'missing'}, not hello`)
  return data
}

/** Key and hash of each panel. */
const listed = (panels: Iterable<{ readonly key: string; readonly hash: string }>): string =>
  [...panels]
    .map(({ key, hash }) => `${key} ${hash}`)
    .sort()
    .join('\n')
const helloPanels = (hello: NonNullable<Message['data']>) =>
  listed(hello.panels as { key: string; hash: string }[])

function applied(messages: readonly Message[], reader: BoardReader = createBoardReader()): BoardReader {
  for (const { event, text } of messages) {
    const { why, error } = reader.apply(event, text)
    must(error === undefined, `${event} cannot be applied: ${error}`)
    must(
      reader.counts.mismatches === 0,
      `${event} does not lead to the state it names: ${why ?? 'hash mismatch'}`,
    )
  }
  return reader
}

/** Follows the stream for a while and applies what comes. */
async function follows(target: Target, structured: boolean): Promise<void> {
  const isChanged = (messages: readonly Message[]) =>
    isWhole(messages) && messages.some(message => /^panel_update/.test(message.event) && lastOfGroup(message))
  const heard = await listen(target, { structured }, isChanged)
  const mode = structured ? 'structured' : 'lines'
  must(helloOf(heard).diff_mode === mode, `hello says diff_mode ${helloOf(heard).diff_mode}, not ${mode}`)
  const { board } = applied(heard.messages)
  if (!heard.isComplete || board === null) throw new Skipped('no panel changed in the time given')
  const generations = heard.messages.flatMap(({ data }) =>
    typeof data?.generation === 'number' ? [data.generation] : [],
  )
  must(
    generations.every((each, i) => i === 0 || each >= (generations[i - 1] ?? 0)),
    'generations go back',
  )
}

async function refusedResume(target: Target, lastEventId: string, reason: string): Promise<void> {
  const heard = await joined(target, { lastEventId })
  must(helloOf(heard).resumed === false, 'hello says resumed: true')
  const [required] = named(heard.messages, 'resync_required')
  must(required?.data?.reason === reason, `no resync_required with the reason ${reason} came`)
}

async function resumes(
  target: Target,
  how: (id: string) => { lastEventId?: string; url?: string },
): Promise<void> {
  const first = await joined(target)
  const reader = applied(first.messages)
  const id = first.messages.at(-1)?.id ?? ''
  const { url = target.url, ...asked } = how(id)
  const position = reader.board?.generation
  reader.disconnected()
  const isCaughtUp = (messages: readonly Message[]) =>
    hasHello(messages) && (messages[0]?.data?.generation === position || messages.slice(1).some(lastOfGroup))
  const heard = await listen({ ...target, url }, asked, isCaughtUp)
  const hello = helloOf(heard)
  must(hello.resumed === true, `after Last-Event-ID ${id} hello says resumed: ${hello.resumed}`)
  must(
    named(heard.messages, 'full_snapshot').length === 0,
    'a full_snapshot came although the stream resumed',
  )
  // What came after it caught up has changed the panels again.
  const caughtUp = heard.messages.findIndex((message, i) => i > 0 && lastOfGroup(message))
  const upTo = hello.generation === position ? 1 : caughtUp + 1
  const { board } = applied(heard.messages.slice(0, upTo), reader)
  must(
    listed(board?.panels.values() ?? []) === helloPanels(hello),
    'the panels are not those that hello lists',
  )
}

async function problemOf(target: Target, address: string, status: number, method = 'GET'): Promise<Response> {
  const response = await request(target, address, { method })
  const type = response.headers.get('content-type') ?? ''
  const document: unknown = type.startsWith('application/problem+json')
    ? await response.json()
    : await response.body?.cancel()
  must(response.status === status, `the status is ${response.status}, not ${status}`)
  must(type.startsWith('application/problem+json'), `the type is ${type}, not application/problem+json`)
  const parsed = problemDocument.safeParse(document)
  must(
    parsed.success && parsed.data.status === status,
    'the document has no type, title, status, code and request_id',
  )
  return response
}

function check(name: string, rule: string, run: Check['run']): Check {
  return { name, rule, run }
}

export const CHECKS: readonly Check[] = [
  check(
    'stream-headers',
    'A stream MUST be 200 with Content-Type text/event-stream and Cache-Control no-cache.',
    async target => {
      const { headers } = await joined(target)
      const [type, caching] = [headers.get('content-type') ?? '', headers.get('cache-control') ?? '']
      must(/^text\/event-stream\b/.test(type), `Content-Type is "${type}"`)
      must(caching.includes('no-cache'), `Cache-Control is "${caching}"`)
    },
  ),
  check('retry-first', 'A stream MUST say `retry:` before its first event.', async target => {
    must((await joined(target)).beginsWithRetry, 'no retry: came before the first event')
  }),
  check('hello-first', 'The first event of every stream MUST be `hello`.', async target => {
    must(helloOf(await joined(target)).resumed === false, 'hello says resumed: true to a new reader')
  }),
  check(
    'schema',
    'The data of every event MUST be one JSON object of the schema of its name.',
    async target => {
      const { messages } = await joined(target)
      for (const { event, data } of messages) {
        must(isEventName(event), `the event "${event}" is not known`)
        const parsed = SUMMARY_EVENTS[event].safeParse(data)
        must(
          parsed.success,
          `${event}: ${parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)[0]}`,
        )
      }
    },
  ),
  check(
    'snapshot',
    'A `hello` that did not resume MUST be followed by a `full_snapshot` of just the panels it lists.',
    async target => {
      const heard = await joined(target)
      const keys = named(heard.messages, 'full_snapshot').flatMap(({ data }) =>
        Object.entries(data?.panels as Panels).map(([key, { hash }]) => ({ key, hash })),
      )
      must(
        listed(keys) === helloPanels(helloOf(heard)),
        'the panels of full_snapshot are not those that hello lists',
      )
    },
  ),
  check(
    'ids',
    'The last event of each group MUST have the id `epoch-generation`; the others MUST NOT have one.',
    async target => {
      const heard = await joined(target)
      const { epoch, generation } = helloOf(heard)
      for (const message of named(heard.messages, 'full_snapshot')) {
        const id = lastOfGroup(message) ? `${epoch}-${generation}` : ''
        must(message.id === id, `a full_snapshot has the id "${message.id}", not "${id}"`)
      }
    },
  ),
  check(
    'hashes',
    'The hash of a panel MUST be the SHA-256 of `v1`, key, title, tone and lines, joined by line feeds.',
    async target => {
      for (const { data } of named((await joined(target)).messages, 'full_snapshot')) {
        for (const [key, { title, tone, lines, hash, truncated }] of Object.entries(data?.panels as Panels)) {
          must(
            truncated === true || panelHash({ key, title, tone, lines }) === hash,
            `the hash of "${key}" is not that of its content`,
          )
        }
      }
    },
  ),
  check('updates', 'Updates MUST lead to the state they name, and generations MUST NOT go back.', target =>
    follows(target, false),
  ),
  check('structured', '`?structured=1` MUST give line differences that lead to the hash they name.', target =>
    follows(target, true),
  ),
  check(
    'resume',
    'A reader that returns with the id of the epoch in `Last-Event-ID` MUST get what changed since, and no snapshot.',
    target => resumes(target, lastEventId => ({ lastEventId })),
  ),
  check('resume-query', '`?last_event_id=` MUST mean the same as `Last-Event-ID`.', target =>
    resumes(target, id => ({ url: `${streamAddress(target)}?last_event_id=${encodeURIComponent(id)}` })),
  ),
  check(
    'resume-epoch',
    'An id of another epoch MUST be answered with `resync_required` (`epoch`) and a `full_snapshot`.',
    target => refusedResume(target, 'another.epoch-1', 'epoch'),
  ),
  check(
    'resume-malformed',
    'An id of another form MUST be answered with `resync_required` (`malformed`) and a `full_snapshot`.',
    target => refusedResume(target, 'no id', 'malformed'),
  ),
  check(
    'subset',
    '`?panels=` MUST give these panels only, with ids that end in six hexadecimal digits.',
    async target => {
      const [first] = helloOf(await joined(target)).panels as { readonly key: string }[]
      if (first === undefined) throw new Skipped('the board has no panel')
      const { messages } = await joined(target, { panels: [first.key] })
      const keys = named(messages, 'full_snapshot').flatMap(({ data }) => Object.keys(data?.panels as Panels))
      must(keys.join() === first.key, `?panels=${first.key} gave ${keys.join()}`)
      must(/-[0-9a-f]{6}$/.test(messages.at(-1)?.id ?? ''), `the id is "${messages.at(-1)?.id}"`)
    },
  ),
  check(
    'subset-unknown',
    'Panels that do not exist MUST be refused with 400 and a problem document.',
    async target => {
      await problemOf(target, streamAddress(target, { panels: ['no.such.panel'] }), 400)
    },
  ),
  check('blocks', '`?view=blocks` MUST add the blocks of each panel.', async target => {
    const { messages } = await joined(target, { view: 'blocks' })
    const panels = named(messages, 'full_snapshot').flatMap(({ data }) =>
      Object.values(data?.panels as Panels),
    )
    must(
      panels.every(panel => 'blocks' in panel),
      'a panel has no blocks',
    )
  }),
  check(
    'resync',
    '`/summary/resync` MUST be the state of the stream, of the schema of the document.',
    async target => {
      for (let tries = 0; tries < 30; tries++) {
        const parsed = resyncDocument.safeParse(await (await request(target, resyncAddress(target))).json())
        must(parsed.success, `the document is not of its schema: ${parsed.error?.issues[0]?.message}`)
        const { board } = applied((await joined(target)).messages)
        if (board === null || board.generation !== parsed.data.generation) continue
        const panels = Object.entries(parsed.data.panels).map(([key, { hash }]) => ({ key, hash }))
        must(parsed.data.epoch === board.epoch, 'it has another epoch')
        must(listed(panels) === listed(board.panels.values()), 'it has other panels or hashes')
        return
      }
      throw new Skipped('the board changed too often to compare')
    },
  ),
  check(
    'resync-etag',
    '`/summary/resync` MUST have an ETag and answer 304 to a client that has it.',
    async target => {
      for (let tries = 0; tries < 30; tries++) {
        const etag = (await request(target, resyncAddress(target))).headers.get('etag')
        must(etag !== null, 'there is no ETag')
        const { status } = await request(target, resyncAddress(target), {
          headers: { 'If-None-Match': etag },
        })
        if (status === 304) return
      }
      throw new Error('If-None-Match with the ETag is not answered with 304')
    },
  ),
  check('head', 'HEAD MUST answer with the headers of GET, and end.', async target => {
    const response = await request(target, streamAddress(target), { method: 'HEAD' })
    must(response.status === 200, `the status is ${response.status}`)
    must(/^text\/event-stream\b/.test(response.headers.get('content-type') ?? ''), 'it is no event stream')
  }),
  check(
    'methods',
    'Other methods MUST be refused with 405, `Allow` and a problem document.',
    async target => {
      const response = await problemOf(target, streamAddress(target), 405, 'DELETE')
      must(response.headers.has('allow'), 'there is no Allow header')
    },
  ),
  check(
    'gzip',
    'A stream MAY be compressed for a client that accepts gzip; each event MUST then arrive at once.',
    async target => {
      const { headers } = await joined(target, { headers: { 'Accept-Encoding': 'gzip' } })
      if (headers.get('content-encoding') === null) throw new Skipped('the server does not compress')
    },
  ),
  check('keepalive', 'A silent stream MUST get a comment within `keepalive_ms` of `hello`.', async target => {
    if (!target.keepalive) throw new Skipped('it takes time: --keepalive')
    const keepaliveMs = Number(helloOf(await joined(target)).keepalive_ms)
    const limitMs = 2 * keepaliveMs + target.timeoutMs
    // Events are signs of life too.
    const isAlive = (messages: readonly Message[], comments: number) =>
      comments > 0 || (isWhole(messages) && messages.length > 4)
    must((await listen(target, {}, isAlive, limitMs)).isComplete, `nothing came within ${limitMs} ms`)
  }),
]
