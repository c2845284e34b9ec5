// One request that is passed on, on its way through the backends: breaker, retries where they may help, the next backend, as for every
// question. What its answer says is not known, so its head alone decides.
import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { failedBefore } from '../refused.js'
import type { FailedTry } from '../relay.js'
import type { AskParts } from '../start.js'
import { oneHeader } from '../upstream/attempt.js'
import { TryFailed } from '../upstream/breakers.js'
import { type Head, HeldCall } from '../upstream/held-call.js'
import {
  countsAgainstBackend,
  failureCause,
  failureCode,
  type NextTry,
  nextTry,
  type Position,
  type TryFailure,
} from '../upstream/retry.js'
import type { ToBackend } from './forward-targets.js'

export type ForwardRules = {
  /** It means the same however often it is asked, and at each backend. Else only what was not sent goes to another one. */
  readonly repeats: boolean
  /** It is answered when it is done, so until then a silence means nothing. */
  readonly isSilent?: boolean
}

type Opened = { readonly call: HeldCall; readonly head: Head }
export type Answered = Opened & { readonly tries: number }

/** One request on its way through the backends. */
export class Forward {
  readonly #failures: FailedTry[] = []
  #tries = 0

  constructor(
    readonly parts: AskParts,
    readonly request: FastifyRequest,
    readonly caller: ServerResponse,
    readonly rules: ForwardRules,
    readonly targets: readonly ToBackend[],
  ) {}

  /** Throws the failure of the last backend, unless that has words of its own for it. */
  async answer(): Promise<Answered | 'gone'> {
    const { parts, request, targets } = this
    try {
      let last: TryFailure | null = null
      for (let at: Position = { backend: 0, attempt: 0 }; ; ) {
        const target = targets[at.backend]
        if (target === undefined) break
        const tried = await this.#tryOnce(target)
        if (tried === 'gone') return 'gone'
        const { opened, failure } = tried
        if (failure === null) return { ...opened, tries: this.#tries }
        // A backend that was not asked does not hide why another one failed.
        if (failure.kind !== 'breaker_open' || last === null) last = failure
        const next = this.#next(failure, at)
        if (next.kind === 'give_up') {
          if (opened !== null && failure.kind === 'status') return { ...opened, tries: this.#tries }
          opened?.call.abort()
          break
        }
        opened?.call.abort()
        at = next.at
        if ((await this.#wait(next.waitMs)) === 'gone') return 'gone'
      }
      throw failedBefore(last === null ? 'upstream_unreachable' : failureCode(last))
    } finally {
      if (this.#failures.length > 0) parts.relay.reportFailures(request.facts.requestId, this.#failures)
    }
  }

  async #tryOnce({ backend, request }: ToBackend) {
    const { relay, timers, config, admission } = this.parts
    const { chatFirstTokenTimeoutMs, chatMaxDurationMs } = config()
    const silenceMs = backend.firstTokenTimeoutMs ?? chatFirstTokenTimeoutMs
    const usesCallerKey = admission.of(this.request).forwardedKey !== null
    const tried: { opened: Opened | null; isGone: boolean } = { opened: null, isGone: false }
    const run = async (): Promise<void> => {
      this.#tries++
      const call = new HeldCall(
        relay.edge,
        request,
        timers,
        this.rules.isSilent ? chatMaxDurationMs : silenceMs,
      )
      const outcome = await call.head(this.caller)
      if (outcome === 'gone') {
        tried.isGone = true
        return
      }
      const failure = 'failure' in outcome ? outcome.failure : failureOf(outcome.head)
      if ('head' in outcome) tried.opened = { call, head: outcome.head }
      if (failure !== null) throw new TryFailed(failure, countsAgainstBackend(failure, usesCallerKey))
    }
    try {
      await relay.breakers.execute(backend.name, run)
    } catch (error) {
      if (!(error instanceof TryFailed)) throw error
      const { failure } = error
      if (failure.kind !== 'breaker_open') {
        const { name, url } = backend
        this.#failures.push({
          backend: name,
          upstream: url.origin,
          code: failureCode(failure),
          cause: failureCause(failure),
        })
      }
      return { opened: tried.opened, failure }
    }
    if (tried.isGone || tried.opened === null) return 'gone'
    return { opened: tried.opened, failure: null }
  }

  #next(failure: TryFailure, at: Position): NextTry {
    const { parts, targets } = this
    if (this.rules.repeats) {
      const now = { chance: Math.random(), wallMs: parts.clock.nowMs() }
      return nextTry(failure, at, targets.length, now, {
        repeatUnanswered: parts.config().relayRepeatUnanswered,
      })
    }
    const isUnsent = failure.kind === 'unreachable' || failure.kind === 'breaker_open'
    return isUnsent && at.backend + 1 < targets.length
      ? { kind: 'try', at: { backend: at.backend + 1, attempt: 0 }, waitMs: 0 }
      : { kind: 'give_up' }
  }

  #wait(ms: number): Promise<'gone' | null> {
    const { caller, parts } = this
    return new Promise(resolve => {
      const settle = (how: 'gone' | null): void => {
        cancel()
        caller.off('close', onClose)
        resolve(how)
      }
      const onClose = (): void => settle('gone')
      const cancel = parts.timers.after(ms, () => settle(null))
      caller.once('close', onClose)
      if (caller.destroyed) onClose()
    })
  }
}

/** A page in place of an answer is that of a proxy in between. */
function failureOf({ status, headers }: Head): TryFailure | null {
  if (status >= 300)
    return { kind: 'status', status, retryAfter: oneHeader(headers['retry-after']), refusal: null }
  const isPage = /^(text\/html|application\/xhtml\+xml)\b/i.test(oneHeader(headers['content-type']) ?? '')
  return isPage ? { kind: 'not_a_stream', cause: 'html' } : null
}
