// A board as it is in Redis: a head, and one JSON text for each panel. What a later version adds is passed over, and a head of a
// version that this one cannot read is reported as such.
import { z } from 'zod'
import type { Board, BoardPanel } from '../board/board.js'
import { panelHash } from '../board/hash.js'
import { MAX_SPAN } from '../declared/file.js'
import type { Fact, Facts } from '../panels/facts.js'
import { TONES } from '../panels/panel.js'
import { blocksFrom } from '../panels/parse-panel.js'
import { type Verdict, verdictData } from '../protocol/events.js'
import type { PanelText } from './scripts/publish.js'

/** Of the head and the panels. A version reads its own number and the one before. */
export const FLEET_PROTO = 1

/** A larger board is not shared. */
export const MOST_BOARD_BYTES = 4 * 1024 * 1024

const source = z.object({
  state: z.string(),
  error: z.string().nullable(),
  /** Durations at the time of the publish, so that no two machines' clocks are compared. */
  age_sec: z.number().nullable(),
  changed_ago_sec: z.number().nullable(),
  too_old: z.boolean(),
  /** Of a board file: its title, and the columns that panels take. */
  looks: z
    .object({
      title: z.string().max(200).nullable(),
      spans: z.record(z.string(), z.int().min(1).max(MAX_SPAN)),
    })
    .optional(),
})

/** The state of the publisher's source, and how it wants its board to look. */
export type FleetSource = z.infer<typeof source>

const count = z.int().nonnegative()
const head = z.object({
  proto: count,
  cycle: count,
  /** When the publisher built it, epoch ms of its clock: to show, not to compare. */
  ts: z.number(),
  order: z.array(z.string()),
  /** Removed panels, each with the generation of its removal. */
  gone: z.array(z.tuple([z.string(), count])),
  source,
  verdict: z.looseObject(verdictData.unwrap().shape).nullable(),
})

export type Head = Omit<z.infer<typeof head>, 'verdict'> & { readonly verdict: Verdict | null }

const fact: z.ZodType<Fact> = z.lazy(() =>
  z.union([z.number(), z.string(), z.boolean(), facts, z.array(facts)]),
)
const facts: z.ZodType<Facts> = z.record(z.string(), fact)

const panel = z.object({
  since: count,
  hash: z.string(),
  title: z.string(),
  tone: z.enum(TONES),
  lines: z.array(z.string()),
  blocks: z.unknown(),
  facts: facts.optional(),
})

export function headText(board: Board, source: FleetSource, proto = FLEET_PROTO): string {
  const { cycle, builtAtMs, panels, tombstones, verdict } = board
  const written: Head = {
    proto,
    cycle,
    ts: builtAtMs,
    order: [...panels.keys()],
    gone: [...tombstones],
    source,
    verdict,
  }
  return JSON.stringify(written)
}

export function panelText({ key, since, hash, title, tone, lines, blocks, facts }: BoardPanel): PanelText {
  return { key, since, json: JSON.stringify({ since, hash, title, tone, lines, blocks, facts }) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const versioned = z.object({ proto: count })

/** `proto`: of the reader. `unreadable`: of a version that this one does not know. `corrupt`: of none. */
export function readHead(text: string, proto = FLEET_PROTO): Head | 'unreadable' | 'corrupt' {
  const value = jsonOf(text)
  const version = versioned.safeParse(value)
  if (!version.success) return 'corrupt'
  const { proto: written } = version.data
  if (written > proto || written < proto - 1) return 'unreadable'
  const read = head.safeParse(value)
  return read.success ? read.data : 'corrupt'
}

/** Null: it is none, or its hash is not that of what it shows. */
export function readPanel(key: string, text: string): BoardPanel | null {
  const read = panel.safeParse(jsonOf(text))
  if (!read.success) return null
  const { since, hash, title, tone, lines, blocks, facts } = read.data
  if (panelHash({ key, title, tone, lines }) !== hash) return null
  const made = { key, since, hash, title, tone, lines, blocks: blocksFrom(blocks, lines) }
  return facts === undefined ? made : { ...made, facts }
}
