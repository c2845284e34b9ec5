// `indices_stream.json`: the last 50 items, one for each index and collector cycle, newest last. A plain list without an
// envelope; the manifest does not name it.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import { MISSING, timeOfDay } from '../../panels/format.js'
import type { Snapshot } from '../../snapshot/snapshot.js'
import { isoTime } from './panel-data.js'

export const STREAM_FILE = 'indices_stream.json'
export const MAX_ITEMS = 50
/** A longer file was not written by this program. */
const MAX_BYTES = 1024 * 1024
const MINUTE_MS = 60_000

const plainValue = z.union([z.string(), z.number(), z.boolean(), z.null()])
type Item = Readonly<Record<string, z.infer<typeof plainValue>>>

/** Items of an earlier run, possibly of another program; members without a plain value are omitted. */
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
  /** The collector cycle of the last items. */
  readonly turn: string | null
}

export const NO_ITEMS: IndicesStream = { items: [], turn: null }

/** Identifies the collector cycle of a snapshot: by its number, else by the minute of its start, else by its indices. */
function turnOf({ cycle, indices }: Snapshot): string {
  if (cycle.number !== null) return `cycle ${cycle.number}`
  if (cycle.lastStartMs !== null) return `minute ${Math.floor(cycle.lastStartMs / MINUTE_MS)}`
  return JSON.stringify(indices)
}

function itemsOf({ indices, cycle }: Snapshot, timezone: string): readonly Item[] {
  const time = timeOfDay(cycle.lastStartMs, timezone)
  return indices.slice(-MAX_ITEMS).map(index => ({
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

/** Appends the items of a new collector cycle; returns the same object for the same cycle or without indices. */
export function withTurn(stream: IndicesStream, snapshot: Snapshot, timezone: string): IndicesStream {
  const turn = turnOf(snapshot)
  if (turn === stream.turn) return stream
  const items = itemsOf(snapshot, timezone)
  if (items.length === 0) return stream
  return { turn, items: [...stream.items, ...items].slice(-MAX_ITEMS) }
}

/** Refuses a link, which could point to another file's content, and does not block on a pipe. Windows has neither flag. */
const REGULAR_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

async function textOf(path: string): Promise<string> {
  const file = await open(path, REGULAR_ONLY)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The items of an earlier run; none when the file is missing or something else. */
export async function earlierStream(path: string): Promise<IndicesStream> {
  const text = await textOf(path).catch(() => '')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return NO_ITEMS
  }
  const read = earlierItems.safeParse(parsed)
  const items = read.success ? read.data.slice(-MAX_ITEMS) : []
  const cycle = items.at(-1)?.cycle
  return { items, turn: typeof cycle === 'number' ? `cycle ${cycle}` : null }
}
