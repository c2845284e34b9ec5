// A message about a rule, as data. It is kept as it is until it is delivered; formats are made of it when it is sent.
import { z } from 'zod'
import { VERDICT_WORDS } from '../protocol/events.js'

export const MESSAGE_EVENTS = ['begin', 'repeat', 'end', 'test'] as const

/** The body of a webhook in our own form, and what `exec` gets on standard input. */
export const notification = z.object({
  schema_version: z.literal('v1'),
  id: z.string().max(200).describe('The same each time this message is sent: drop what came before.'),
  incident: z.string().max(200).describe('The same for all messages from begin to end.'),
  rule: z.string().max(64),
  event: z.enum(MESSAGE_EVENTS),
  title: z.string().max(300).describe('One line for people.'),
  condition: z.string().max(300),
  verdict: z.enum(VERDICT_WORDS),
  reasons: z.array(z.string().max(300)).max(8),
  at: z.number().describe('When it was made, epoch ms.'),
  since: z.number().describe('Since when the condition holds, epoch ms.'),
  lasted_sec: z.number(),
  repeats: z.int().nonnegative(),
  link: z.string().max(2_000).nullable().describe('Where the board is (G6_PUBLIC_URL).'),
})

export type Notification = z.output<typeof notification>
