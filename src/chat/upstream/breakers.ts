// A circuit breaker for each backend: it opens when half of the last calls failed. The library is loaded with the first
// question, so a server whose relay is off does without it.
import type * as cockatielLibrary from 'cockatiel'
import type { CircuitBreakerPolicy } from 'cockatiel'
import type { TryFailure } from './retry.js'

/** A try that failed; those that are `atFault` count against the backend. */
export class TryFailed extends Error {
  override readonly name = 'TryFailed'
  constructor(
    readonly failure: TryFailure,
    readonly atFault = true,
  ) {
    super(failure.kind)
  }
}

const isFault = (error: Error): boolean => error instanceof TryFailed && error.atFault

/** The trial call of an open breaker ended without a result; counts as a failure. */
class TrialUndecided extends Error {
  override readonly name = 'TrialUndecided'
}

/** A backend that answers is well, also where it refuses what it was asked; such a refusal is returned. */
function verdict(error: unknown): TryFailed {
  if (!(error instanceof TryFailed)) throw new TrialUndecided('undecided', { cause: error })
  if (error.atFault) throw error
  return error
}

export type BreakerState = 'closed' | 'open' | 'half_open'

type Cockatiel = typeof cockatielLibrary

const CALLS = 20
/** The library opens above its threshold, and ours is exactly half. */
const JUST_BELOW_HALF = 0.5 - 1 / (CALLS * 10)
const HALF_OPEN_AFTER_MS = 10_000

export class Breakers {
  readonly #policies = new Map<string, CircuitBreakerPolicy>()
  #cockatiel: Cockatiel | null = null

  constructor(readonly halfOpenAfterMs = HALF_OPEN_AFTER_MS) {}

  #policyOf(backend: string, { CountBreaker, circuitBreaker, handleWhen }: Cockatiel): CircuitBreakerPolicy {
    const known = this.#policies.get(backend)
    if (known !== undefined) return known
    const breaker = new CountBreaker({ threshold: JUST_BELOW_HALF, size: CALLS })
    const policy = circuitBreaker(handleWhen(isFault).orType(TrialUndecided), {
      halfOpenAfter: this.halfOpenAfterMs,
      breaker,
    })
    this.#policies.set(backend, policy)
    return policy
  }

  /** Runs one try; throws TryFailed, `breaker_open` when it was not made. Other errors do not count against the backend. */
  async execute(backend: string, run: () => Promise<void>): Promise<void> {
    this.#cockatiel ??= await import('cockatiel')
    const { CircuitState } = this.#cockatiel
    const policy = this.#policyOf(backend, this.#cockatiel)
    // One trial call is running; the others do not wait for its result.
    if (policy.state === CircuitState.HalfOpen) throw new TryFailed({ kind: 'breaker_open' })
    // The library lets one call through an open breaker: the trial.
    const isTrial = policy.state === CircuitState.Open
    let isMade = false
    try {
      const refusal = await policy.execute(() => {
        isMade = true
        return isTrial ? run().catch(verdict) : run()
      })
      if (refusal !== undefined) throw refusal
    } catch (error) {
      if (!isMade) throw new TryFailed({ kind: 'breaker_open' })
      throw error instanceof TrialUndecided ? error.cause : error
    }
  }

  /** Its answer failed after it had begun, when the try counted as a success. */
  async fault(backend: string, failure: TryFailure): Promise<void> {
    try {
      await this.execute(backend, () => Promise.reject(new TryFailed(failure)))
    } catch (error) {
      if (!(error instanceof TryFailed)) throw error
    }
  }

  stateOf(backend: string): BreakerState {
    const state = this.#policies.get(backend)?.state
    if (state === undefined || this.#cockatiel === null) return 'closed'
    const { CircuitState } = this.#cockatiel
    if (state === CircuitState.HalfOpen) return 'half_open'
    return state === CircuitState.Closed ? 'closed' : 'open'
  }
}
