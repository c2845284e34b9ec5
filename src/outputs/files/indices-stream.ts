// `indices_stream.json`: the indices of the last turns of the collector, one item for each index and turn, the newest last,
// the last 50 in all. A plain list without an envelope; the manifest does not name it.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import { MISSING, timeOfDay } from '../../panels/format.js'
import type { Snapshot } from '../../snapshot/snapshot.js'
import { isoTime } from './panel-data.js'

export const STREAM_FILE = 'indices_stream.json'
export const MOST_ITEMS = 50
/** A longer file is not ours. */
const MOST_BYTES = 1024 * 1024
const MINUTE_MS = 60_000

const plainValue = z.union([z.string(), z.number(), z.boolean(), z.null()])
type Item = Readonly<Record<string, z.infer<typeof plainValue>>>

/** Items of an earlier run, of any program; members that are no plain values are left out. */
const earlierItems = z.array(
  z.record(z.string(), plainValue.optional().catch(undefined)).transform((members): Item => {
    const known = Object.entries(members).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    )
    return Object.fromEntries(known)
  }),
)

export type IndicesStream = {
  readonly items: readonly Item[]
  /** The turn whose items are the last ones. */
  readonly turn: string | null
}

export const NO_ITEMS: IndicesStream = { items: [], turn: null }

/** Which turn of the collector a snapshot is of: by its number, else by the minute it began in, else by its indices. */
function turnOf({ cycle, indices }: Snapshot): string {
  if (cycle.number !== null) return `cycle ${cycle.number}`
  if (cycle.lastStartMs !== null) return `minute ${Math.floor(cycle.lastStartMs / MINUTE_MS)}`
  return JSON.stringify(indices)
}

function itemsOf({ indices, cycle }: Snapshot, timezone: string): readonly Item[] {
  const time = timeOfDay(cycle.lastStartMs, timezone)
  return indices.slice(-MOST_ITEMS).map(index => ({
    index: index.name,
    status: index.status?.toUpperCase() ?? null,
    cycle: cycle.number,
    time: isoTime(cycle.lastStartMs),
    time_hms: time === MISSING ? null : time,
    legs: index.legs,
    avg: cycle.lastDurationSec,
    success: index.successPct ?? cycle.successPct,
    dq_score: index.dqPct,
    dq_issues: index.dqIssues,
  }))
}

/** With the items of a new turn; the same object while the turn is the same, or has no indices. */
export function withTurn(stream: IndicesStream, snapshot: Snapshot, timezone: string): IndicesStream {
  const turn = turnOf(snapshot)
  if (turn === stream.turn) return stream
  const items = itemsOf(snapshot, timezone)
  if (items.length === 0) return stream
  return { turn, items: [...stream.items, ...items].slice(-MOST_ITEMS) }
}

/** A link would copy another file's content in here; a pipe would block an ordinary open. Windows has neither flag. */
const REGULAR_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

async function textOf(path: string): Promise<string> {
  const file = await open(path, REGULAR_ONLY)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** What an earlier run left. Nothing where there is no such file, or one that is something else: it is then written anew. */
export async function earlierStream(path: string): Promise<IndicesStream> {
  const text = await textOf(path).catch(() => '')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return NO_ITEMS
  }
  const read = earlierItems.safeParse(parsed)
  const items = read.success ? read.data.slice(-MOST_ITEMS) : []
  const cycle = items.at(-1)?.cycle
  return { items, turn: typeof cycle === 'number' ? `cycle ${cycle}` : null }
}
