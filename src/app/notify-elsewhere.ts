// Mutes and acknowledgements at a server of a fleet that does not carry out the rules: it asks the one that does, and answers as that
// one would. Times are those of the publisher, so no two clocks are compared.
import { z } from 'zod'
import { HttpError } from '../contract/errors.js'
import { busyHeaders } from '../contract/refusal.js'
import type { NotifyDesk } from '../http/routes/notify.js'
import { parseJson } from '../ingest/json-text.js'
import type { LineLog } from '../log/silent.js'
import { acknowledgedDocument, muteData, muteRequest, unmutedDocument } from '../protocol/notify.js'

export type NotifyChanges = Pick<NotifyDesk, 'mute' | 'unmute' | 'acknowledge'>

const request = z.discriminatedUnion('do', [
  z.object({ do: z.literal('mute'), request: muteRequest }),
  z.object({ do: z.literal('unmute'), id: z.string().nullable() }),
  z.object({ do: z.literal('acknowledge'), rule: z.string().nullable() }),
])
type Request = z.infer<typeof request>

/** What a person asked for that cannot be done. */
const REFUSALS = z.enum(['not_found', 'too_many_mutes'])
const refused = z.object({ code: REFUSALS, detail: z.string().max(400) })

/** At the publisher: the answer to a request of another server. Null: it is none that this version knows. */
export async function carriedOut(changes: NotifyChanges, text: string, log: LineLog): Promise<string | null> {
  const json = parseJson(text)
  const asked = request.safeParse(json.ok ? json.value : null)
  if (!asked.success) return null
  try {
    return JSON.stringify(await carryOut(changes, asked.data))
  } catch (error) {
    const known = error instanceof HttpError ? REFUSALS.safeParse(error.code) : null
    if (error instanceof HttpError && known?.success) {
      return JSON.stringify({ code: known.data, detail: error.message } satisfies z.infer<typeof refused>)
    }
    log.error({ why: String(error) }, 'what another server asked of the notifications failed')
    return null
  }
}

async function carryOut(changes: NotifyChanges, asked: Request): Promise<unknown> {
  if (asked.do === 'mute') return changes.mute(asked.request)
  if (asked.do === 'unmute') return { ended: await changes.unmute(asked.id) }
  return { rules: await changes.acknowledge(asked.rule) }
}

/** `ask` gives null when no server answered in time. */
export function askedElsewhere(ask: (text: string) => Promise<string | null>): NotifyChanges {
  async function answerTo<T extends z.ZodType>(asked: Request, answer: T): Promise<z.infer<T>> {
    const json = parseJson((await ask(JSON.stringify(asked))) ?? '')
    const value = json.ok ? json.value : null
    const refusal = refused.safeParse(value)
    if (refusal.success) throw new HttpError(refusal.data.code, refusal.data.detail)
    const done = answer.safeParse(value)
    if (!done.success) throw new HttpError('not_publisher', undefined, busyHeaders())
    return done.data
  }
  return {
    mute: request => answerTo({ do: 'mute', request }, muteData),
    unmute: async id => (await answerTo({ do: 'unmute', id }, unmutedDocument)).ended,
    acknowledge: async rule => (await answerTo({ do: 'acknowledge', rule }, acknowledgedDocument)).rules,
  }
}
