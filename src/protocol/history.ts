// The documents of GET /summary/history and GET /summary/history/verdicts, as zod schemas.
import { z } from 'zod'
import { seriesMembers, VERDICT_WORDS } from './events.js'

/** Epoch milliseconds. */
const ts = z.number().nonnegative()
const seconds = z.number().nonnegative()

export const historyDocument = z.looseObject(seriesMembers)

export const verdictLogDocument = z.looseObject({
  schema_version: z.literal('v1'),
  since: ts.nullable().describe('From when the server has verdicts, epoch ms; null: it has none yet.'),
  verdicts: z
    .array(
      z.looseObject({
        word: z.enum(VERDICT_WORDS),
        reasons: z.array(z.string()).describe('When it began, the most important first.'),
        from: ts,
        to: ts.nullable().describe('Null: it lasts.'),
        lasted_sec: seconds,
      }),
    )
    .describe('The oldest first.'),
  days: z
    .array(
      z.looseObject({
        day: z.string().describe('In the time zone of the board.'),
        healthy_sec: seconds,
        attention_sec: seconds,
        failing_sec: seconds,
        unknown_sec: seconds,
        uptime_pct: z
          .number()
          .nullable()
          .describe('The part of the known time that was not failing, %; null: nothing is known.'),
      }),
    )
    .describe('The oldest first.'),
})

export type HistoryDocument = z.infer<typeof historyDocument>
export type VerdictLogDocument = z.infer<typeof verdictLogDocument>
