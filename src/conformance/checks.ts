// The checks of `g6-conformance`: each has a name, the rule of docs/protocol.md it is for, and what to try.
import { type BoardReader, createBoardReader } from '../../client/reader.js'
import { panelHash } from '../board/hash.js'
import {
  problemDocument,
  resyncDocument,
  SUMMARY_EVENTS,
  type SummaryEventName,
  verdictData,
} from '../protocol/events.js'
import {
  documentIn,
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

type PanelData = { title: string; tone: string; lines: string[]; hash: string; truncated?: true }

function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(what)
}

const named = (messages: readonly Message[], name: string) => messages.filter(({ event }) => event === name)
const lastOfGroup = ({ data }: Message) => data?.more !== true
const isWhole = (messages: readonly Message[]) => named(messages, 'full_snapshot').some(lastOfGroup)
const panelsOf = (messages: readonly Message[]) =>
  named(messages, 'full_snapshot')
    .flatMap(({ data }) => Object.entries(data?.panels as Readonly<Record<string, PanelData>>))
    .map(([key, panel]) => ({ ...panel, key }))
const isEventName = (name: string): name is SummaryEventName => Object.hasOwn(SUMMARY_EVENTS, name)

/** A new reader up to its first whole board. */
async function joined(target: Target, asked: Parameters<typeof listen>[1] = {}): Promise<Heard> {
  const heard = await listen(target, asked, isWhole)
  must(heard.status === 200, `the stream answers ${heard.status}, not 200`)
  must(heard.isComplete, `no whole full_snapshot came within ${target.timeoutMs} ms`)
  return heard
}

function helloOf({ messages }: Pick<Heard, 'messages'>): NonNullable<Message['data']> {
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
  let newest = 0
  for (const { data } of heard.messages) {
    if (typeof data?.generation !== 'number') continue
    must(data.generation >= newest, 'generations go back')
    newest = data.generation
  }
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
    messages.length > 0 && (messages[0]?.data?.generation === position || messages.slice(1).some(lastOfGroup))
  const heard = await listen({ ...target, url }, asked, isCaughtUp)
  const hello = helloOf(heard)
  must(hello.resumed === true, `after Last-Event-ID ${id} hello says resumed: ${hello.resumed}`)
  const hasSnapshot = named(heard.messages, 'full_snapshot').length > 0
  must(!hasSnapshot, 'a full_snapshot came although the stream resumed')
  // What came after it caught up has changed the panels again.
  const caughtUp = heard.messages.findIndex((message, i) => i > 0 && lastOfGroup(message))
  const upTo = hello.generation === position ? 1 : caughtUp + 1
  const { board } = applied(heard.messages.slice(0, upTo), reader)
  const isSame = listed(board?.panels.values() ?? []) === helloPanels(hello)
  must(isSame, 'the panels are not those that hello lists')
}

async function problemOf(target: Target, address: string, status: number, method = 'GET'): Promise<Response> {
  const response = await request(target, address, { method })
  const type = response.headers.get('content-type') ?? ''
  const document: unknown = type.startsWith('application/problem+json')
    ? await documentIn(target, response)
    : await response.body?.cancel()
  must(response.status === status, `the status is ${response.status}, not ${status}`)
  must(type.startsWith('application/problem+json'), `the type is ${type}, not application/problem+json`)
  const parsed = problemDocument.safeParse(document)
  const isRight = parsed.success && parsed.data.status === status
  must(isRight, 'the document has no type, title, status, code and request_id')
  return response
}

const RULES = {
  'stream-headers': 'A stream MUST be 200 with Content-Type text/event-stream and Cache-Control no-cache.',
  'retry-first': 'A stream MUST say `retry:` before its first event.',
  'hello-first': 'The first event of every stream MUST be `hello`.',
  schema: 'The data of every event MUST be one JSON object of the schema of its name.',
  snapshot:
    'A `hello` that did not resume MUST be followed by a `full_snapshot` of just the panels it lists.',
  ids: 'The last event of each group MUST have the id `epoch-generation`; the others MUST NOT have one.',
  hashes:
    'The hash of a panel MUST be the SHA-256 of `v1`, key, title, tone and lines, joined by line feeds.',
  updates: 'Updates MUST lead to the state they name, and generations MUST NOT go back.',
  structured: '`?structured=1` MUST give line differences that lead to the hash they name.',
  resume:
    'A reader that returns with the id of the epoch in `Last-Event-ID` MUST get what changed since, and no snapshot.',
  'resume-query': '`?last_event_id=` MUST mean the same as `Last-Event-ID`.',
  'resume-epoch':
    'An id of another epoch MUST be answered with `resync_required` (`epoch`) and a `full_snapshot`.',
  'resume-malformed':
    'An id of another form MUST be answered with `resync_required` (`malformed`) and a `full_snapshot`.',
  subset: '`?panels=` MUST give these panels only, with ids that end in six hexadecimal digits.',
  'subset-unknown': 'Panels that do not exist MUST be refused with 400 and a problem document.',
  blocks: '`?view=blocks` MUST add the blocks of each panel.',
  resync: '`/summary/resync` MUST be the state of the stream, of the schema of the document.',
  'resync-etag': '`/summary/resync` MUST have an ETag and answer 304 to a client that has it.',
  verdict:
    'A verdict MUST be the same on `hello`, on the last event of a group and in `/summary/resync`, and its places those of its reasons; the event `verdict` MUST NOT have an id.',
  head: 'HEAD MUST answer with the headers of GET, and end.',
  methods: 'Other methods MUST be refused with 405, `Allow` and a problem document.',
  gzip: 'A stream MAY be compressed for a client that accepts gzip; each event MUST then arrive at once.',
  keepalive: 'A silent stream MUST get a comment within `keepalive_ms` of `hello`.',
}

/** Each throws an Error that says what is wrong, or Skipped. */
const RUNS: Readonly<Record<keyof typeof RULES, (target: Target) => Promise<void>>> = {
  async 'stream-headers'(target) {
    const { headers } = await joined(target)
    const [type, caching] = [headers.get('content-type') ?? '', headers.get('cache-control') ?? '']
    must(/^text\/event-stream\b/.test(type), `Content-Type is "${type}"`)
    must(caching.includes('no-cache'), `Cache-Control is "${caching}"`)
  },
  async 'retry-first'(target) {
    must((await joined(target)).beginsWithRetry, 'no retry: came before the first event')
  },
  async 'hello-first'(target) {
    must(helloOf(await joined(target)).resumed === false, 'hello says resumed: true to a new reader')
  },
  async schema(target) {
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
  async snapshot(target) {
    const heard = await joined(target)
    must(
      listed(panelsOf(heard.messages)) === helloPanels(helloOf(heard)),
      'the panels of full_snapshot are not those that hello lists',
    )
  },
  async ids(target) {
    const heard = await joined(target)
    const { epoch, generation } = helloOf(heard)
    for (const message of named(heard.messages, 'full_snapshot')) {
      const id = lastOfGroup(message) ? `${epoch}-${generation}` : ''
      must(message.id === id, `a full_snapshot has the id "${message.id}", not "${id}"`)
    }
  },
  async hashes(target) {
    for (const panel of panelsOf((await joined(target)).messages)) {
      const isRight = panel.truncated === true || panelHash(panel) === panel.hash
      must(isRight, `the hash of "${panel.key}" is not that of its content`)
    }
  },
  updates: target => follows(target, false),
  structured: target => follows(target, true),
  resume: target => resumes(target, lastEventId => ({ lastEventId })),
  'resume-query': target =>
    resumes(target, id => ({ url: `${streamAddress(target)}?last_event_id=${encodeURIComponent(id)}` })),
  'resume-epoch': target => refusedResume(target, 'another.epoch-1', 'epoch'),
  'resume-malformed': target => refusedResume(target, 'no id', 'malformed'),
  async subset(target) {
    const [first] = helloOf(await joined(target)).panels as { readonly key: string }[]
    if (first === undefined) throw new Skipped('the board has no panel')
    const { messages } = await joined(target, { panels: [first.key] })
    const keys = panelsOf(messages).map(({ key }) => key)
    must(keys.join() === first.key, `?panels=${first.key} gave ${keys.join()}`)
    must(/-[0-9a-f]{6}$/.test(messages.at(-1)?.id ?? ''), `the id is "${messages.at(-1)?.id}"`)
  },
  async 'subset-unknown'(target) {
    await problemOf(target, streamAddress(target, { panels: ['no.such.panel'] }), 400)
  },
  async blocks(target) {
    const { messages } = await joined(target, { view: 'blocks' })
    const haveBlocks = panelsOf(messages).every(panel => 'blocks' in panel)
    must(haveBlocks, 'a panel has no blocks')
  },
  async resync(target) {
    for (let tries = 0; tries < 30; tries++) {
      const parsed = resyncDocument.safeParse(
        await documentIn(target, await request(target, resyncAddress(target))),
      )
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
  async 'resync-etag'(target) {
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
  async verdict(target) {
    for (let tries = 0; tries < 30; tries++) {
      const { messages } = await joined(target)
      const resync = resyncDocument.safeParse(
        await documentIn(target, await request(target, resyncAddress(target))),
      )
      must(resync.success, `the document is not of its schema: ${resync.error?.issues[0]?.message}`)
      const sentVerdict = helloOf({ messages }).verdict
      if (sentVerdict === undefined) throw new Skipped('the server has no verdict')
      for (const { event, id } of messages)
        must(event !== 'verdict' || id === '', `a verdict event has the id "${id}"`)
      const { data } = verdictData.safeParse(sentVerdict)
      const isPlaced = data?.places === undefined || data.places.length === data.reasons.length
      must(data !== undefined && isPlaced, 'the verdict of hello is not of its schema')
      const last = verdictData.safeParse(messages.findLast(lastOfGroup)?.data?.verdict).data
      // Parsed, so that the order of their members is the same.
      const all = [last, resync.data.verdict].map(each => JSON.stringify(each))
      if (all.every(each => each === JSON.stringify(data))) return
    }
    throw new Error('hello, the last event of the first group and /summary/resync have other verdicts')
  },
  async head(target) {
    const response = await request(target, streamAddress(target), { method: 'HEAD' })
    must(response.status === 200, `the status is ${response.status}`)
    must(/^text\/event-stream\b/.test(response.headers.get('content-type') ?? ''), 'it is no event stream')
  },
  async methods(target) {
    const response = await problemOf(target, streamAddress(target), 405, 'DELETE')
    must(response.headers.has('allow'), 'there is no Allow header')
  },
  async gzip(target) {
    const { headers } = await joined(target, { headers: { 'Accept-Encoding': 'gzip' } })
    const encoding = headers.get('content-encoding') ?? 'identity'
    if (encoding === 'identity') throw new Skipped('the server does not compress')
  },
  async keepalive(target) {
    if (!target.keepalive) throw new Skipped('it takes time: --keepalive')
    const keepaliveMs = Number(helloOf(await joined(target)).keepalive_ms)
    const limitMs = 2 * keepaliveMs + target.timeoutMs
    // Events are signs of life too.
    const isAlive = (messages: readonly Message[], comments: number) =>
      comments > 0 || (isWhole(messages) && messages.length > 4)
    must((await listen(target, {}, isAlive, limitMs)).isComplete, `nothing came within ${limitMs} ms`)
  },
}

export const CHECKS = Object.entries(RUNS).map(([name, run]) => ({
  name,
  rule: RULES[name as keyof typeof RULES],
  run,
}))
