// How the answering service is, as the relay's health reports it: read at the start and after each answer.
import { signal } from '@preact/signals'

export type Service = {
  /** The median time to the first word; null: not known. */
  readonly firstWordMs: number | null
  /** Null: not known. */
  readonly isWell: boolean | null
}

const TIMEOUT_MS = 5_000

export const service = signal<Service>({ firstWordMs: null, isWell: null })

type Json = Readonly<Record<string, unknown>>

export function serviceFrom(document: unknown): Service {
  const { first_token_ms: latency, upstreams } = Object(document) as Json
  const { p50 } = Object(latency) as Json
  const known: readonly unknown[] = Array.isArray(upstreams) ? upstreams : []
  const states = known.map(each => (Object(each) as Json).breaker)
  return {
    firstWordMs: typeof p50 === 'number' ? p50 : null,
    isWell: states.length === 0 ? null : states.some(state => state === 'closed'),
  }
}

/** Leaves what is known where the server does not say. */
export async function readService(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  try {
    const signalled = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(url, { headers, cache: 'no-store', redirect: 'error', signal: signalled })
    if (response.ok) service.value = serviceFrom(await response.json())
  } catch {
    // Not reachable: the next answer asks again.
  }
}
