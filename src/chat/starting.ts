// From a checked request to a generation: an earlier answer to the same question, or a new one. Then the wait for the first
// frame, in which a failure may still become an honest status.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Timers } from '../clock/timers.js'
import { type ErrorCode, HttpError } from '../contract/errors.js'
import { Refusal } from '../contract/refusal.js'
import type { Admission } from './admission.js'
import type { ChatConfig } from './chat-config.js'
import { FAILURES, type FailureCode } from './events.js'
import type { Generation, OnDisconnect } from './generation.js'
import { IdempotencyKeys, idempotencyKey } from './idempotency.js'
import type { FoundStream } from './log/chat-log.js'
import { type Asked, checkQuestion } from './question.js'
import { BUSY, rateLimited } from './refused.js'
import type { Relay } from './relay.js'
import { passedOn } from './request-headers.js'
import { onDisconnect } from './request-queries.js'
import type { AuditTrail, ChatLimits, Lease } from './seams.js'

export type StartingParts = {
  readonly config: () => ChatConfig
  readonly relay: Relay
  readonly admission: Admission
  readonly limits: ChatLimits
  readonly audit: AuditTrail
  readonly timers: Timers
}

/** A stream to answer with; `generation` is null when it has ended or runs elsewhere. */
export type Started = {
  readonly found: FoundStream
  readonly generation: Generation | null
  readonly isJoined: boolean
  /** The client may come back for it though it never heard of its id. */
  readonly hasKey: boolean
}

const BREAKER_RETRY = { 'Retry-After': '10' }

export class Starting {
  readonly #parts: StartingParts

  constructor(parts: StartingParts) {
    this.#parts = parts
  }

  /** Throws the 400 of a question that cannot be asked. */
  question(given: unknown, place: 'body' | 'url'): Asked {
    const checked = checkQuestion(given, place, this.#parts.config().chatMaxQueryBytes)
    if (checked.ok) return checked.asked
    const required = place === 'body' ? 'query is required' : 'query parameter is required'
    const error = checked.isQueryMissing ? required : checked.detail
    throw new HttpError('invalid_question', checked.detail, {}, { error })
  }

  onDisconnect(asked: unknown): OnDisconnect {
    const { chatOnDisconnect, chatAllowFinish } = this.#parts.config()
    const allowed: readonly OnDisconnect[] = chatAllowFinish
      ? ['grace', 'cancel', 'finish']
      : ['grace', 'cancel']
    if (asked === undefined) return allowed.find(each => each === chatOnDisconnect) ?? 'grace'
    const { data: found } = onDisconnect.safeParse(asked)
    if (found !== undefined && allowed.includes(found)) return found
    throw new HttpError('invalid_query', `on_disconnect must be ${allowed.join(' or ')}.`)
  }

  /** The running or kept answer to the same question, or a new one. */
  async start(request: FastifyRequest, asked: Asked, onDisconnect: OnDisconnect): Promise<Started> {
    const { relay, admission } = this.#parts
    const { caller } = admission.of(request)
    const key = idempotencyKey(request.headers['idempotency-key'])
    if (key === false) throw new HttpError('invalid_idempotency_key')
    if (key === null) return this.#begin(request, asked, onDisconnect, false)
    const scoped = IdempotencyKeys.scoped(caller.key, key)
    const fingerprint = IdempotencyKeys.fingerprint(asked)
    const earlier = relay.keys.find(scoped, fingerprint)
    if (earlier.kind === 'conflict') throw new HttpError('idempotency_conflict')
    if (earlier.kind === 'same') {
      const found = await relay.find(earlier.streamId, caller.person)
      if (found !== null) {
        return { found, generation: relay.running(earlier.streamId), isJoined: true, hasKey: true }
      }
    }
    const started = this.#begin(request, asked, onDisconnect, true)
    relay.keys.keep(scoped, fingerprint, started.found.facts.streamId)
    return started
  }

  #begin(request: FastifyRequest, asked: Asked, onDisconnect: OnDisconnect, hasKey: boolean): Started {
    const { relay, admission, audit, config: configNow } = this.#parts
    const config = configNow()
    const { caller, connectionId } = admission.of(request)
    const { person } = caller
    if (config.ragBackendUrl.length === 0) throw new Refusal('chat_backend', 'no_backend', undefined, BUSY)
    if (!audit.canStart()) throw new Refusal('chat_audit', 'audit_unavailable', undefined, BUSY)
    const lease = this.#lease(request)
    try {
      const generation = relay.start({
        question: {
          ...asked,
          ...passedOn(request.headers),
          email: person?.email ?? null,
          role: person?.role ?? null,
          requestId: request.facts.requestId,
          authorization:
            config.chatForwardAuth && person !== null ? (request.headers.authorization ?? null) : null,
        },
        connectionId,
        person,
        lease,
        onDisconnect,
      })
      const { facts, log } = generation
      return { found: { facts, log }, generation, isJoined: false, hasKey }
    } catch (error) {
      lease.release()
      throw error
    }
  }

  #lease(request: FastifyRequest): Lease {
    const { limits, admission } = this.#parts
    const { caller, bypasses } = admission.of(request)
    const lease = limits.lease(bypasses ? null : caller.key)
    if (lease === 'instance') throw new Refusal('chat_cap', 'chat_full', undefined, BUSY)
    if (lease === 'user') throw rateLimited('chat_cap', 'too_many_streams_of_user')
    return lease
  }

  /**
   * Waits until the upstream begins, has failed, or the headers can wait no longer; meanwhile it counts as a follower, until
   * the function it gives is called. Null: the client is gone. Throws the status of a failure before anything was sent; then
   * nothing of the stream is left.
   */
  async opened(started: Started, reply: FastifyReply, forMs: number | null): Promise<(() => void) | null> {
    const { relay, timers } = this.#parts
    const { generation, found, hasKey } = started
    if (generation === null) return () => {}
    const leave = relay.follow(generation)
    const { raw } = reply
    const outcome = await new Promise<FailureCode | 'gone' | null>(resolve => {
      const settle = (how: FailureCode | 'gone' | null): void => {
        raw.off('close', onClose)
        cancelLate?.()
        resolve(how)
      }
      const onClose = (): void => settle('gone')
      const cancelLate = forMs === null ? null : timers.after(forMs, () => settle(null))
      raw.once('close', onClose)
      // It may have gone while an earlier answer to the question was looked for.
      if (raw.destroyed) settle('gone')
      else void generation.opened.then(settle)
    })
    if (outcome === 'gone') {
      // Without an id or a key nobody can come back for it.
      if (!hasKey) generation.abort('idle')
      leave()
      return null
    }
    if (outcome === null) return leave
    leave()
    relay.forget(found.facts.streamId)
    throw asStatus(outcome)
  }
}

/** The failure as an answer's status. */
export function asStatus(code: FailureCode): HttpError {
  const { status, message } = FAILURES[code]
  if (status === 503) return new HttpError('breaker_open', message, BREAKER_RETRY)
  const statusCode: ErrorCode = status === 504 ? 'upstream_timeout' : 'upstream_failed'
  return new HttpError(statusCode, message)
}
