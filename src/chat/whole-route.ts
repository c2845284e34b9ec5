// The sibling without streaming: the same question, guards and upstream; the answer comes at once, whole or not at all.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../contract/errors.js'
import type { Admission } from './admission.js'
import { untilEnded, type WholeAnswer, wholeAnswer } from './collect.js'
import { FAILURES, type FailureCode } from './events.js'
import { BUSY, followIn } from './refused.js'
import { asStatus, type Starting } from './starting.js'

export async function answerWhole(
  { starting, admission }: { readonly starting: Starting; readonly admission: Admission },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const place = admission.takePlace(request)
  try {
    const asked = starting.question(request.body, 'body')
    // Without a key nobody can come back for it.
    const canReturn = request.headers['idempotency-key'] !== undefined
    const onDisconnect = canReturn ? starting.onDisconnect(undefined) : 'cancel'
    const started = await starting.start(request, asked, onDisconnect)
    const { found } = started
    followIn(place, found.facts.streamId)
    const leave = await starting.opened(started, reply, null)
    if (leave === null) return reply.hijack()
    const isThere = await untilEnded(found.log, reply.raw)
    leave()
    if (!isThere) return reply.hijack()
    const { text, model, sources, usage, end } = await wholeAnswer(found.log)
    if (end.type !== 'done') throw wholeFailure(end)
    return await reply.header('X-Stream-ID', found.facts.streamId).send({
      success: true,
      response: text,
      ...(model === null ? {} : { model_used: model }),
      ...(sources === undefined ? {} : { sources }),
      ...(usage === undefined ? {} : { usage }),
      connectionId: admission.of(request).connectionId,
    })
  } finally {
    place.release()
  }
}

function isFailure(code: unknown): code is FailureCode {
  return typeof code === 'string' && Object.hasOwn(FAILURES, code)
}

/** A whole answer that did not become whole. */
function wholeFailure({ type, data }: WholeAnswer['end']): HttpError {
  if (type === 'error' && isFailure(data.code)) return asStatus(data.code)
  if (data.reason === 'shutdown') return new HttpError('draining', undefined, BUSY)
  if (data.reason === 'expired') return asStatus('idle_timeout')
  return new HttpError('upstream_failed', 'The answer was stopped.')
}
