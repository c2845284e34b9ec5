// Requests that are passed on and never logged: the answer goes through as it comes, no faster than its reader takes it. Costs a copy of
// the beginning and the end of each body, where its counts are.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../../contract/errors.js'
import type { Backend, Served } from '../backends/backend.js'
import { estimatedTokens } from '../keys/token-uses.js'
import { type AskParts, takeLease } from '../start.js'
import { type Forwarded, targetsOf } from './forward-targets.js'
import { Forward, type ForwardRules } from './forward-try.js'
import { headersToCaller } from './headers.js'
import { UsageTap } from './usage-tap.js'

export type Forwarding = Forwarded &
  ForwardRules & {
    /** It may cost money, so it counts as an answer of its caller while it runs. */
    readonly starts: boolean
    /** Whether its tokens are spent: always, estimated where they are not counted; where they are counted; never. */
    readonly spends: 'always' | 'counted' | 'never'
  }

/** The backends for a path; null: of any. */
export function serving(backends: readonly Backend[], served: Served | null): readonly Backend[] {
  return served === null ? backends : backends.filter(({ serves }) => serves.has(served))
}

export async function forward(
  parts: AskParts,
  request: FastifyRequest,
  reply: FastifyReply,
  forwarding: Forwarding,
): Promise<FastifyReply> {
  const targets = targetsOf(parts, request, forwarding)
  if (targets.length === 0) throw new HttpError('model_not_served')
  const lease = forwarding.starts ? await takeLease(parts, request) : null
  try {
    const answered = await new Forward(parts, request, reply.raw, forwarding, targets).answer()
    if (answered === 'gone') {
      lease?.release()
      return reply.hijack()
    }
    const { call, head, tries } = answered
    const { status, headers } = head
    const tap = new UsageTap()
    const body = call.body({
      forMs: parts.config().chatMaxDurationMs,
      onData: chunk => tap.take(chunk),
      onWhole: () => {
        if (status === 200) spend(parts, request, forwarding, tap)
      },
    })
    body.once('close', () => lease?.release())
    // The caller's client would do again what was done here.
    const noRetry = status >= 400 && tries > 1 ? { 'x-should-retry': 'false' } : {}
    return reply
      .code(status)
      .headers({ ...headersToCaller(headers), ...noRetry })
      .send(body)
  } catch (error) {
    lease?.release()
    throw error
  }
}

function spend(
  { admission, limits }: AskParts,
  request: FastifyRequest,
  { spends }: Forwarding,
  { counts }: UsageTap,
): void {
  if (spends === 'never' || (spends === 'counted' && counts === null)) return
  const sentBytes = Buffer.isBuffer(request.body) ? request.body.length : 0
  limits.spent(admission.of(request).caller.relayKey, {
    in: counts?.inputTokens ?? estimatedTokens(counts === null ? sentBytes : 0),
    out: counts?.outputTokens ?? 0,
    estimated: counts === null,
  })
}
