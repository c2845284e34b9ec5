// The query parameters of the relay beside the question, as the schemas they are checked with.
import { z } from 'zod'

export const onDisconnect = z.enum(['grace', 'cancel', 'finish'])
export const after = z.string().regex(/^(-1|\d{1,15})$/)

export const askQuery = {
  on_disconnect: onDisconnect
    .optional()
    .describe(
      'What becomes of the answer when its last reader has gone; `finish` only with G6_CHAT_ALLOW_FINISH. Default: G6_CHAT_ON_DISCONNECT.',
    ),
}

export const resumeQuery = {
  after: after
    .optional()
    .describe('The number of the last event seen, -1 for none; wins over Last-Event-ID.'),
}
