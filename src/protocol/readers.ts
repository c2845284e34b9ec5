// The document of GET /summary/readers: who is connected, as zod schema.
import { z } from 'zod'

const count = z.int().nonnegative()

/** `board`: /summary/events; `status`: /events; `chat`: answers. */
export const CONNECTION_KINDS = ['board', 'status', 'chat'] as const

export const readerData = z.lazy(() =>
  z.looseObject({
    kind: z.enum(CONNECTION_KINDS),
    /** Of the client, as the limits count it: behind a trusted proxy, the one that the proxy names. */
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    /** ISO 8601. */
    since: z.string(),
    open_sec: z.number(),
    /** Whether a credential let it in. */
    has_owner: z.boolean(),
    encoding: z.enum(['plain', 'gzip']),
    /** Up to where it has everything: a generation of the board, an event id of the status, a sequence of an answer. */
    position: z.int().nullable(),
    /** Generations, or events, that it lacks. */
    behind: count,
    /** It takes no byte now. */
    blocked: z.boolean(),
    /** For it in the memory of the server. */
    waiting_bytes: count,
    /** Of a reader of the board. */
    mode: z.enum(['lines', 'structured']).optional(),
    view: z.enum(['lines', 'blocks']).optional(),
    /** How many panels, or types of event, it asked for; null: all. */
    subset: count.nullable(),
  }),
)

export const readersDocument = z.lazy(() =>
  z.looseObject({
    /** Readers of board and status, and how many there may be. */
    streams: count,
    max_streams: count,
    /** Connections of all kinds. */
    total: count,
    /** The newest first; no more than 1 000. */
    readers: z.array(readerData).readonly(),
  }),
)

export type ConnectionKind = (typeof CONNECTION_KINDS)[number]
export type ReaderData = Readonly<z.infer<typeof readerData>>
export type ReadersDocument = Readonly<z.infer<typeof readersDocument>>
