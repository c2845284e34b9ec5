// The documents of /summary/notify as zod schemas: rules and mutes, and what people ask of them.
import { z } from 'zod'

const moment = z.number().describe('Epoch ms.')
const ruleName = z.string().max(64)

export const muteData = z.lazy(() =>
  z.object({
    id: z.string(),
    from: moment,
    until: moment,
    reason: z.string(),
    rules: z.array(z.string()).readonly().nullable().describe('Null: all rules.'),
  }),
)

export const notifyDocument = z.lazy(() =>
  z.looseObject({
    schema_version: z.literal('v1'),
    rules: z
      .array(
        z.looseObject({
          name: z.string(),
          condition: z.string(),
          phase: z
            .enum(['idle', 'waiting', 'open', 'unknown'])
            .describe('waiting: it holds, and not long enough yet. open: a message was sent, and it lasts.'),
          since: moment.nullable(),
          reasons: z.array(z.string()).readonly(),
          acknowledged: z.boolean(),
          muted_until: moment.nullable(),
        }),
      )
      .readonly(),
    mutes: z.array(muteData).readonly(),
    outbox: z.object({ messages: z.int().nonnegative(), oldest_sec: z.number().nullable() }),
  }),
)

const MOST_MUTE_SEC = 30 * 24 * 3600

export const muteRequest = z.lazy(() =>
  z.strictObject({
    for_sec: z
      .number('allowed: seconds from 1 to 2592000 (30 days)')
      .min(1, 'allowed: seconds from 1 to 2592000 (30 days)')
      .max(MOST_MUTE_SEC, 'allowed: seconds from 1 to 2592000 (30 days)'),
    reason: z
      .string('allowed: a text of up to 200 characters')
      .trim()
      .max(200, 'allowed: up to 200 characters'),
    rules: z.array(ruleName).min(1).max(100).optional().describe('Default: all.'),
  }),
)

export const ruleRequest = z.strictObject({ rule: ruleName.optional().describe('Default: all.') })

export const unmutedDocument = z.object({ ended: z.int().nonnegative() })
export const acknowledgedDocument = z.object({ rules: z.array(z.string()).readonly() })
export const testDocument = z.lazy(() =>
  z.object({
    results: z
      .array(z.object({ rule: z.string(), target: z.string(), ok: z.boolean(), why: z.string().nullable() }))
      .readonly(),
  }),
)

export type NotifyDocument = z.infer<typeof notifyDocument>
export type MuteData = z.infer<typeof muteData>
export type MuteRequest = z.infer<typeof muteRequest>
