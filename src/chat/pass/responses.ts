// The responses API's own way to come back to an answer and to stop it, over the same log. An id that is not ours goes on with
// the caller's own key alone: what the operator's key can read is none of a caller's business.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { HttpError } from '../../contract/errors.js'
import type { KnownAnswer } from '../answer-ids.js'
import { type Backend, backendsOf, pathAt } from '../backends/backend.js'
import { withSeat } from '../connect.js'
import type { ChatLog, FoundStream, SharedNames } from '../log/chat-log.js'
import { after as numberText } from '../request.js'
import { follow, notFound, stopFound } from '../resume.js'
import type { AskParts } from '../start.js'
import type { UpstreamRequest } from '../upstream/request.js'
import { forward } from './forward.js'
import { type Asker, headersToBackend } from './headers.js'

type Ours = { readonly known: KnownAnswer; readonly found: FoundStream }

/** Null: not ours, no longer kept, or of another caller. */
async function oursOf(
  { relay, admission }: AskParts,
  request: FastifyRequest,
  id: string,
): Promise<Ours | null> {
  const known = relay.answers.find(id) ?? (await knownElsewhere(relay.names, id))
  const found = known === null ? null : await relay.find(known.streamId, admission.of(request).caller)
  return known === null || found === null ? null : { known, found }
}

export function answerName(id: string): string {
  return JSON.stringify(['response', id])
}

const knownAnswer = z.object({
  streamId: z.string(),
  backend: z.string(),
  isStreamed: z.boolean(),
  isBackground: z.boolean(),
})

/** As another server kept it. */
async function knownElsewhere(names: SharedNames | undefined, id: string): Promise<KnownAnswer | null> {
  const text = (await names?.find(answerName(id))) ?? null
  return text === null ? null : knownAnswer.parse(JSON.parse(text))
}

function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id
}

/** `GET /v1/responses/{id}` */
export async function getResponse(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const query = request.query as { readonly stream?: unknown; readonly starting_after?: unknown }
  const ours = await oursOf(parts, request, idOf(request))
  if (query.stream !== 'true' || ours?.known.isStreamed !== true) return passOn(parts, request, reply, ours)
  const given = query.starting_after
  if (given !== undefined && !numberText.safeParse(given).success) {
    throw new HttpError('invalid_query', 'starting_after must be the sequence_number of an event, once.')
  }
  return withSeat(parts.admission, request, async seat => {
    const { found } = ours
    const first = await firstNumber(found.log)
    const from = given === undefined ? 0 : Number(given) - first + found.log.head + 1
    return follow(parts, request, reply, found, Math.max(0, from), seat)
  })
}

const SEQUENCE_NUMBER = /"sequence_number"\s*:\s*(\d{1,15})/

/** The API's number of the oldest event that is kept; its numbers rise by one, but need not begin at 0. */
async function firstNumber(log: ChatLog): Promise<number> {
  if (log.head >= log.tail) return log.head
  const { bytes } = await log.readFrom(log.head, 'raw', 1)
  const number = SEQUENCE_NUMBER.exec(bytes.toString('latin1'))?.[1]
  return number === undefined ? log.head : Number(number)
}

/** `POST /v1/responses/{id}/cancel` */
export async function cancelResponse(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const id = idOf(request)
  const ours = await oursOf(parts, request, id)
  if (ours === null) return passOn(parts, request, reply, null)
  const { known, found } = ours
  // It goes on with this request, so the stop sends none of its own.
  parts.relay.answers.takeCancel(known.streamId)
  await stopFound(parts, request, found)
  if (known.isBackground) return passOn(parts, request, reply, ours)
  return reply.send({ id, object: 'response', status: 'cancelled' })
}

/** Cancels an answer at its backend; null: it takes no key of this caller. */
export function cancelOf(asker: Asker, backend: Backend, id: string): UpstreamRequest | null {
  const given = headersToBackend(asker, backend, 'application/json')
  if (given === null) return null
  // It has no body.
  const { 'content-type': _, ...headers } = given as Record<string, string>
  const path = pathAt(backend.url, `/responses/${encodeURIComponent(id)}/cancel`)
  return { origin: backend.url.origin, path, method: 'POST', headers, body: null }
}

/** To the backend that made it; an id that is not ours: with the caller's own key, to the backend that takes it. */
function passOn(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  ours: Ours | null,
): Promise<FastifyReply> {
  const { forwardedKey } = parts.admission.of(request)
  if (ours === null && forwardedKey === null) throw notFound()
  const backends = backendsOf(parts.config()).filter(
    ({ serves, name, acceptsCallerKey }) =>
      serves.has('responses') && (ours === null ? acceptsCallerKey : name === ours.known.backend),
  )
  const [path = ''] = request.url.slice('/v1'.length).split('?')
  return forward(parts, request, reply, {
    path,
    backends,
    hasModel: false,
    starts: false,
    repeats: false,
    // Its tokens are spent with the answer.
    spends: 'never',
  })
}
