// The documents of GET /summary/history and GET /summary/history/verdicts, as zod schemas.
import { z } from 'zod'
import { seriesMembers, VERDICT_WORDS } from './events.js'

/** Epoch milliseconds. */
const ts = z.number().nonnegative()
const seconds = z.number().nonnegative()

const ofStep = (what: string) =>
  z
    .array(z.number().nullable())
    .optional()
    .describe(
      `The ${what} value of each step, where they are whole minutes of a time before the last 15 minutes.`,
    )

export const historyDocument = z.lazy(() =>
  z.looseObject({
    ...seriesMembers,
    series: z.array(
      z.looseObject({ ...seriesMembers.series.element.shape, min: ofStep('least'), max: ofStep('greatest') }),
    ),
  }),
)

const times = {
  healthy_sec: seconds,
  attention_sec: seconds,
  failing_sec: seconds,
  unknown_sec: seconds,
  uptime_pct: z
    .number()
    .nullable()
    .describe('The part of the known time that was not failing, %; null: nothing is known.'),
}

export const verdictLogDocument = z.lazy(() =>
  z.looseObject({
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
      .describe('The newest 1 000, the oldest first.'),
    days: z
      .array(z.looseObject({ day: z.string().describe('In the time zone of the board.'), ...times }))
      .describe('The oldest first.'),
    weeks: z
      .array(
        z.looseObject({ from: z.string().describe('Its Monday, in the time zone of the board.'), ...times }),
      )
      .optional()
      .describe('The oldest first.'),
  }),
)

export type HistoryDocument = z.infer<typeof historyDocument>
export type VerdictLogDocument = z.infer<typeof verdictLogDocument>
