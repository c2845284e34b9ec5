// What a request asks of the Durable Streams protocol. A GET without `offset` and `live` is not one of it: that resumes as SSE.
import { z } from 'zod'
import { HttpError } from '../../contract/errors.js'
import { type Place, placeOf } from './offsets.js'

export type DurableQuery = {
  readonly place: Place
  readonly live: 'no' | 'sse' | 'long-poll'
  /** The `Stream-Cursor` that the client had last. */
  readonly cursor: string | null
}

/** For the OpenAPI description. */
export const durableParameters = {
  offset: z
    .string()
    .optional()
    .describe('Durable Streams: where to read from; -1, now, or a Stream-Next-Offset of this stream.'),
  live: z
    .enum(['sse', 'long-poll'])
    .optional()
    .describe('Durable Streams: goes on with what comes next; without it the answer ends.'),
  cursor: z.string().optional().describe('Durable Streams: the last Stream-Cursor.'),
}

type Given = Readonly<Record<string, unknown>>

const NO_OFFSET = 'offset must be given once: -1, now, or a Stream-Next-Offset of this stream.'
const NO_LIVE = 'live must be sse or long-poll, together with an offset.'

/** Null: not a request of the protocol. Throws the 400 of one that is not valid. */
export function durableQuery({ offset, live, cursor }: Given): DurableQuery | null {
  if (offset === undefined && live === undefined) return null
  const place = typeof offset === 'string' ? placeOf(offset) : null
  if (place === null) throw new HttpError('invalid_query', offset === undefined ? NO_LIVE : NO_OFFSET)
  if (live !== undefined && live !== 'sse' && live !== 'long-poll') {
    throw new HttpError('invalid_query', NO_LIVE)
  }
  return { place, live: live ?? 'no', cursor: typeof cursor === 'string' ? cursor : null }
}
