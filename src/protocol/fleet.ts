// The document of GET /fleet: the servers of a fleet, as zod schema.
import { z } from 'zod'

const count = z.int().nonnegative()

/** What a node does: it shows the fleet's board, publishes it, or goes on without Redis, with its own board or the last one. */
export const SEATS = ['following', 'leading', 'alone', 'adrift'] as const

/**
 * What a node does without. `engine`: Redis is gone. `foreign`: the fleet belongs to other servers. `version`: its board is of a later
 * version. `key`: it, or an answer, is encrypted with another key. `large`: the board is too large to be shared. `full`: Redis has no memory left for answers.
 */
export const DEGRADED = ['engine', 'foreign', 'version', 'key', 'large', 'full'] as const

/** What a node says of itself with each beat. A later version may say more. */
export const memberData = z.lazy(() =>
  z.looseObject({
    /** Host and port, and a random part for each start. */
    node: z.string(),
    version: z.string(),
    role: z.enum(SEATS),
    /** Its own source is. */
    fresh: z.boolean(),
    draining: z.boolean(),
    /** The board that it shows. */
    epoch: z.string(),
    generation: count,
    /** Streams of the board and of the status, and answers of the relay, that are open. */
    readers: count,
    chat: count,
    /** How late its last beat was, ms. */
    lag_ms: z.number(),
    /** Its memory, bytes. */
    rss: count,
    /** How long Redis took to answer its last beat, ms. */
    engine_ms: z.number(),
    /** Its start, epoch ms of its own clock. */
    started: z.number(),
    /** How long ago its last beat was by the clock of Redis, ms: over 3 000 it is silent. Absent without Redis. */
    silent_ms: count.optional(),
  }),
)

export const fleetDocument = z.lazy(() =>
  z.looseObject({
    name: z.string(),
    /** The node that answers. */
    node: z.string(),
    seat: z.enum(SEATS),
    /** Of the publisher's lease; null: there is no publisher. */
    term: count.nullable(),
    degraded: z.array(z.enum(DEGRADED)).readonly(),
    /** All that beat, by name; only the one that answers while Redis is gone. No more than 1 000. */
    nodes: z.array(memberData).readonly(),
  }),
)

export type MemberData = Readonly<z.infer<typeof memberData>>
export type FleetDocument = Readonly<z.infer<typeof fleetDocument>>

/** Three beats. What its last beat reported, also that it publishes, may be untrue. */
const SILENT_MS = 3_000

export const isSilent = ({ silent_ms: silentMs = 0 }: MemberData): boolean => silentMs > SILENT_MS

/** More than one: Redis is two, or one of them has just ended. */
export function publishersOf(nodes: readonly MemberData[]): readonly MemberData[] {
  return nodes.filter(node => node.role === 'leading' && !isSilent(node))
}

/** For people. */
export function roleText(member: MemberData): string {
  if (isSilent(member)) return 'silent'
  return member.draining ? `${member.role}, stopping` : member.role
}
