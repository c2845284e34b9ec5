// The board: all panels at one moment, each with its hash and the generation in which it last changed.
//
// Boards are immutable; `nextBoard` makes the next from the previous one. `since` per panel and a tombstone per removed panel
// are all a server needs to bring a reader at any earlier generation up to date, however long it was away: there is no log of
// events. A panel that looks the same keeps its hash and its object, so an unchanged cycle costs string comparisons and no SHA-256.
import type { Panel } from '../panels/panel.js'
import { sameVerdict } from '../panels/verdict.js'
import type { Verdict } from '../protocol/events.js'
import { panelHash } from './hash.js'

export type BoardPanel = Panel & {
  readonly hash: string
  /** Generation of the last change. */
  readonly since: number
}

export type Board = {
  readonly epoch: string
  /** Count of board changes within the epoch; the first board is 1. */
  readonly generation: number
  /** The loop's counter when this board was made. */
  readonly cycle: number
  readonly builtAtMs: number
  /** In registry order. */
  readonly panels: ReadonlyMap<string, BoardPanel>
  /** Keys of panels that are new or differ from the previous board; empty when none do. */
  readonly changed: readonly string[]
  /** Keys that the previous board had and this one does not have. */
  readonly removed: readonly string[]
  /** Every key that was removed and did not come back → generation of its removal. */
  readonly tombstones: ReadonlyMap<string, number>
  /** The changed panels as they were in the previous generation: the base of structured diffs. */
  readonly before: ReadonlyMap<string, BoardPanel>
  /** The same object until the verdict changes; null where there is none. */
  readonly verdict: Verdict | null
}

/** Part of every payload; changes only with a breaking change. */
export const SCHEMA_VERSION = 'v1'

const NOTHING: readonly never[] = []

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function looksTheSame(a: Panel, b: Panel): boolean {
  return a.title === b.title && a.tone === b.tone && sameLines(a.lines, b.lines)
}

/** The board before any cycle, from which the first real one is made. */
export function emptyBoard(epoch: string): Board {
  return {
    epoch,
    generation: 0,
    cycle: 0,
    builtAtMs: 0,
    panels: new Map(),
    changed: NOTHING,
    removed: NOTHING,
    tombstones: new Map(),
    before: new Map(),
    verdict: null,
  }
}

/** The board of a cycle in which nothing changed or the panels could not be built. */
export function unchangedBoard(previous: Board, cycle: number, nowMs: number): Board {
  const { epoch, generation, panels, tombstones, before, verdict } = previous
  return {
    epoch,
    generation,
    cycle,
    builtAtMs: nowMs,
    panels,
    changed: NOTHING,
    removed: NOTHING,
    tombstones,
    before,
    verdict,
  }
}

/**
 * The next board. `generation` grows by one when a panel changed, appeared or disappeared; `cycle` always grows. A panel whose
 * visible content is unchanged stays the same object: blocks and facts change only together with the lines.
 */
export function nextBoard(previous: Board, panels: readonly Panel[], cycle: number, nowMs: number): Board {
  const next = new Map<string, BoardPanel>()
  const changed: string[] = []
  const before = new Map<string, BoardPanel>()
  const generation = previous.generation + 1
  for (const panel of panels) {
    const old = previous.panels.get(panel.key)
    if (old !== undefined && looksTheSame(old, panel)) {
      next.set(panel.key, old)
      continue
    }
    changed.push(panel.key)
    if (old !== undefined) before.set(panel.key, old)
    next.set(panel.key, { ...panel, hash: panelHash(panel), since: generation })
  }
  const removed = [...previous.panels.keys()].filter(key => !next.has(key))
  if (changed.length === 0 && removed.length === 0 && previous.generation > 0) {
    return unchangedBoard(previous, cycle, nowMs)
  }
  const tombstones = new Map(previous.tombstones)
  for (const key of next.keys()) tombstones.delete(key)
  for (const key of removed) tombstones.set(key, generation)
  return {
    epoch: previous.epoch,
    generation,
    cycle,
    builtAtMs: nowMs,
    panels: next,
    changed,
    removed,
    tombstones,
    before,
    verdict: previous.verdict,
  }
}

/** The board with this verdict; the same object when it already has it. */
export function withVerdict(board: Board, verdict: Verdict | null): Board {
  return sameVerdict(board.verdict, verdict) ? board : { ...board, verdict }
}

/** What changed after `generation`, in board order. */
export function changedSince(
  board: Board,
  generation: number,
): { readonly changed: readonly BoardPanel[]; readonly removed: readonly string[] } {
  const changed: BoardPanel[] = []
  for (const panel of board.panels.values()) if (panel.since > generation) changed.push(panel)
  const removed: string[] = []
  for (const [key, at] of board.tombstones) if (at > generation) removed.push(key)
  return { changed, removed }
}
