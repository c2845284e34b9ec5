// A request to the route of an app: passed on; an event stream in answer is logged and can be resumed, anything else goes through.
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { RouteTable } from '../../config/relay-tables.js'
import { HttpError } from '../../contract/errors.js'
import type { Backend } from '../backends/backend.js'
import { newStreamId } from '../begin.js'
import { connect, followIn, type Seat, withSeat } from '../connect.js'
import { IdempotencyKeys, idempotencyKey } from '../idempotency.js'
import { passFormat } from '../pass/pass-answer.js'
import { createPassReader, type PassEvent } from '../pass/pass-reader.js'
import { digestOf, queryOf, withQuery } from '../pass/question.js'
import { events } from '../pass/wires/events.js'
import { uiMessage } from '../pass/wires/ui-message.js'
import type { Lease } from '../ports.js'
import { busy, failedBefore } from '../refused.js'
import { eventIdOf } from '../request.js'
import { follow } from '../resume.js'
import { type AskParts, earlierElsewhere, onDisconnectOf, type Question, takeLease } from '../start.js'
import { TryFailed } from '../upstream/breakers.js'
import { type Head, HeldCall } from '../upstream/held-call.js'
import type { UpstreamRequest } from '../upstream/request.js'
import { failureCode } from '../upstream/retry.js'
import { headersFromApp, headersToApp } from './headers.js'
import { routeOwner } from './owner.js'
import type { RouteStream } from './running.js'
import { nameIn } from './stream-name.js'

/** The header of the AI SDK's UI message streams. */
export const UI_MESSAGE_HEADER = 'x-vercel-ai-ui-message-stream'

export type AppRoute = {
  readonly table: RouteTable
  readonly backend: Backend
  /** Questions with a key whose app has not answered yet; a second one waits for that. */
  readonly asking: Map<string, Asking>
}

type Key = Question
type Asking = { readonly fingerprint: string; readonly answered: Promise<unknown> }

/** An app is a backend of one route, with nothing of its own but an address. */
export function appRoute(table: RouteTable): AppRoute {
  const backend: Backend = {
    name: `route ${table.path}`,
    url: new URL(table.upstream),
    key: null,
    keyHeader: 'authorization',
    models: null,
    usageOption: false,
    serves: new Set(),
    acceptsCallerKey: false,
    firstTokenTimeoutMs: null,
  }
  return { table, backend, asking: new Map() }
}

export function askApp(
  parts: AskParts,
  route: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  return withSeat(parts.admission, request, async seat => {
    const { relay, admission } = parts
    const eventId = eventIdOf(request.headers['last-event-id'])
    // Clients that come back by asking again.
    const known = eventId === null ? null : await relay.find(eventId.streamId, admission.of(request).caller)
    if (known !== null && eventId !== null) {
      return follow(parts, request, reply, known, eventId.sequence + 1, seat)
    }
    if (!parts.audit.canStart()) throw busy('chat_audit', 'audit_unavailable')
    const key = keyOf(parts, route, request)
    if (key === null) return askNew(parts, route, request, reply, seat, null)
    const joined = await joinEarlier(parts, route, request, reply, seat, key)
    if (joined !== null) return joined
    const answered = askUnlessElsewhere(parts, route, request, reply, seat, key)
    route.asking.set(key.scoped, { fingerprint: key.fingerprint, answered })
    try {
      return await answered
    } finally {
      route.asking.delete(key.scoped)
    }
  })
}

/** Null: none, or a caller who owns nothing, who could not have the earlier answer. Throws the 400 of one that is not valid. */
function keyOf({ admission }: AskParts, { table }: AppRoute, request: FastifyRequest): Key | null {
  const given = idempotencyKey(request.headers['idempotency-key'])
  if (given === false) throw new HttpError('invalid_idempotency_key')
  const owner = routeOwner(table.owner, request.headers)
  if (given === null || owner === null) return null
  const scoped = IdempotencyKeys.scoped(`${table.path} ${admission.of(request).caller.key}`, given)
  return { scoped, fingerprint: `${request.url} ${digestOf(bodyOf(request))}`, streamId: newStreamId() }
}

/** Null: there is none. Throws the 409 of another question with the same key. */
async function joinEarlier(
  parts: AskParts,
  { asking }: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  seat: Seat,
  { scoped, fingerprint }: Key,
): Promise<FastifyReply | null> {
  const { relay, admission } = parts
  const running = asking.get(scoped)
  if (running !== undefined && running.fingerprint !== fingerprint)
    throw new HttpError('idempotency_conflict')
  // The first caller gets its failure.
  await running?.answered.catch(() => {})
  const earlier = relay.keys.find(scoped, fingerprint)
  if (earlier.kind === 'conflict') throw new HttpError('idempotency_conflict')
  if (earlier.kind === 'none') return null
  const found = await relay.find(earlier.streamId, admission.of(request).caller)
  return found === null ? null : follow(parts, request, reply, found, 0, seat)
}

/** The app may take its time before it answers, so a caller waits for as long at another server. */
async function askUnlessElsewhere(
  parts: AskParts,
  route: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  seat: Seat,
  key: Key,
): Promise<FastifyReply> {
  const { relay, admission, config } = parts
  const { caller } = admission.of(request)
  try {
    const found = await earlierElsewhere(parts, caller, key, config().chatFirstTokenTimeoutMs)
    if (found !== null) return follow(parts, request, reply, found, 0, seat)
    return await askNew(parts, route, request, reply, seat, key)
  } finally {
    // Its answer is no stream, or there is none.
    if (relay.keys.find(key.scoped, key.fingerprint).kind === 'none') await relay.claims?.giveUp(key.streamId)
  }
}

async function askNew(
  parts: AskParts,
  route: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  seat: Seat,
  key: Key | null,
): Promise<FastifyReply> {
  const body = bodyOf(request)
  const asked = requestTo(route, request, body, parts.admission.isSecret)
  // With a key the caller can come back before the app has answered.
  const call = await opened(parts, route, asked, key === null ? reply.raw : null)
  if (call === 'gone') return reply.hijack()
  const { head } = call
  if (head.status === 200 && isEventStream(head)) {
    return answerStream(parts, route, request, reply, { ...call, asked, body, seat, key })
  }
  return reply
    .code(head.status)
    .headers(headersFromApp(head.headers, false))
    .send(call.call.body({ forMs: parts.config().chatMaxDurationMs }))
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

function requestTo(
  { table, backend }: AppRoute,
  request: FastifyRequest,
  body: Buffer,
  isSecret: (text: string) => boolean,
): UpstreamRequest {
  const { pathname, search, origin } = backend.url
  return {
    origin,
    path: withQuery(`${pathname}${search}`, queryOf(request.url, isSecret)),
    method: 'POST',
    headers: headersToApp(request.headers, table.forward, request.facts.requestId, isSecret),
    body,
  }
}

type Opened = { readonly call: HeldCall; readonly head: Head }

/** Behind the breaker of the route. Nothing is asked twice: the app may have begun to work. Throws what became of it. */
async function opened(
  { relay, timers, config }: AskParts,
  { backend }: AppRoute,
  asked: UpstreamRequest,
  caller: ServerResponse | null,
): Promise<Opened | 'gone'> {
  const result: { opened: Opened | null } = { opened: null }
  const run = async (): Promise<void> => {
    const call = new HeldCall(relay.edge, asked, timers, config().chatFirstTokenTimeoutMs)
    const outcome = await call.head(caller)
    if (outcome === 'gone') return
    if ('failure' in outcome) throw new TryFailed(outcome.failure)
    result.opened = { call, head: outcome.head }
  }
  try {
    await relay.breakers.execute(backend.name, run)
  } catch (error) {
    if (error instanceof TryFailed) throw failedBefore(failureCode(error.failure))
    throw error
  }
  return result.opened ?? 'gone'
}

function isEventStream({ headers }: Head): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(String(headers['content-type'] ?? ''))
}

type Streaming = Opened & {
  readonly asked: UpstreamRequest
  readonly body: Buffer
  readonly seat: Seat
  readonly key: Key | null
}

async function answerStream(
  parts: AskParts,
  { table, backend }: AppRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  { call, head, asked, body, seat, key }: Streaming,
): Promise<FastifyReply> {
  const { relay, admission } = parts
  const { caller, connectionId } = admission.of(request)
  const query = request.query as Readonly<Record<string, unknown>>
  const owner = routeOwner(table.owner, request.headers)
  const name = nameIn(table.streamId, { headers: request.headers, query, body })
  const canReturn = owner !== null && name !== null
  const lease = await leaseOrAbort(parts, request, call)
  const isUiMessage = head.headers[UI_MESSAGE_HEADER] !== undefined
  const generation = relay.start<PassEvent>({
    request: {
      requestId: request.facts.requestId,
      get query() {
        return digestOf(body)
      },
      sessionId: null,
      kind: 'pass',
      edge: call.edgeFor(head),
      format: passFormat({ questionBytes: body.length }),
      asking: {
        targets: [backend],
        requestFor: () => asked,
        newReader: () => createPassReader(isUiMessage ? uiMessage() : events()),
        keptRefusalBytes: 0,
        handsOnEarly: true,
      },
    },
    connectionId,
    caller,
    lease,
    // Nobody can ask for it again.
    onDisconnect: canReturn ? onDisconnectOf(parts, undefined) : 'cancel',
    ...(key === null ? {} : { streamId: key.streamId }),
  })
  const found = { facts: generation.facts, log: generation.log }
  const { streamId } = found.facts
  if (canReturn) {
    relay.routes.keep(table.path, owner, name, { streamId, isUiMessage })
    relay.names?.keep(routeName(table.path, owner, name), JSON.stringify({ streamId, isUiMessage }))
  }
  if (key !== null) relay.keys.keep(key.scoped, key.fingerprint, streamId)
  followIn(seat, streamId)
  const location = canReturn ? { Location: `${table.path}/${encodeURIComponent(name)}/stream` } : {}
  const headers = { ...headersFromApp(head.headers, true), ...location }
  // A caller who has left meanwhile has the grace to come back.
  const leave = relay.follow(generation)
  try {
    return connect(parts, request, reply, { found, from: 0, isResume: false, seat, headers })
  } finally {
    leave()
  }
}

async function leaseOrAbort(parts: AskParts, request: FastifyRequest, call: HeldCall): Promise<Lease> {
  try {
    return await takeLease(parts, request)
  } catch (error) {
    call.abort()
    throw error
  }
}

/** The running stream of a chat; null: none. Throws the 404 of a caller who owns nothing. */
export async function runningOf(
  { relay }: AskParts,
  { table }: AppRoute,
  request: FastifyRequest,
): Promise<RouteStream | null> {
  const owner = routeOwner(table.owner, request.headers)
  if (owner === null) throw new HttpError('not_found')
  const { streamName: name } = request.params as { readonly streamName: string }
  const here = relay.routes.find(table.path, owner, name)
  if (here !== null || relay.names === undefined) return here
  return routeStreamIn(await relay.names.find(routeName(table.path, owner, name)))
}

function routeName(path: string, owner: string, name: string): string {
  return JSON.stringify(['route', path, owner, name])
}

const routeStream = z.object({ streamId: z.string(), isUiMessage: z.boolean() })

/** As another server kept it. */
function routeStreamIn(text: string | null): RouteStream | null {
  return text === null ? null : routeStream.parse(JSON.parse(text))
}
