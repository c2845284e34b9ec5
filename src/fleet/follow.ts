// Which board a node shows, and the fleet's board as it shows it. Both are pure.
//
// An epoch belongs to the life of one process, so boards of two epochs are never mixed, whatever Redis remembers. Within one,
// a node only moves up. Between two, it follows the one that was published under the lease that is in force now, and only to a
// higher term: else a stale replica or an old dump could move it back. A Redis that forgot everything gives lower terms rightly;
// that is known by its `life`, or by a lower term that stays.
import { type Board, type BoardPanel, emptyBoard, unchangedBoard } from '../board/board.js'
import { type FleetSource, readHead, readPanel } from './board-text.js'
import type { Lease } from './lease.js'
import type { BoardHead } from './scripts/beat.js'
import type { Pulled } from './scripts/pull.js'

/** A lower term that stays for this long is followed. */
export const LOWER_TERM_MS = 10_000

export type Shown = {
  readonly board: Board
  /** The term under which it was published, and the publisher's count of writes. */
  readonly term: number
  readonly revision: number
  /** Of the Redis that it came from; null: of none yet. */
  readonly life: string | null
  /** A lower term of another epoch, and since when it is seen. */
  readonly lower: { readonly epoch: string; readonly term: number; readonly sinceMs: number } | null
  /** The generations that the last other epochs were shown up to: none is ever shown at an earlier one. */
  readonly past: ReadonlyMap<string, number>
}

/** As many changes of publisher back; what is older than that is in no Redis. */
const MOST_PAST = 32

export const NOTHING_SHOWN: Shown = {
  board: emptyBoard(''),
  term: 0,
  revision: 0,
  life: null,
  lower: null,
  past: new Map(),
}

/** After this board is shown instead. */
export function showing(shown: Shown, now: Pick<Shown, 'board' | 'term' | 'revision' | 'life'>): Shown {
  const { epoch, generation } = shown.board
  if (epoch === now.board.epoch) return { ...shown, ...now, lower: null }
  const past = new Map(shown.past)
  past.delete(now.board.epoch)
  if (epoch !== '') past.set(epoch, generation)
  for (const oldest of past.keys()) {
    if (past.size <= MOST_PAST) break
    past.delete(oldest)
  }
  return { ...now, past, lower: null }
}

/** What a beat or a pull found. */
export type Seen = { readonly lease: Lease | null; readonly head: BoardHead | null; readonly life: string }

/** `take`: it is newer than what is shown. `keep` what is shown, with what was learned. */
export function follow(
  shown: Shown,
  { lease, head, life }: Seen,
  nowMs: number,
  lowerTermMs: number = LOWER_TERM_MS,
): { readonly take: boolean; readonly shown: Shown } {
  // Without a publisher nothing is better than what is there; a head of another term was written by one that lost the lease.
  if (lease === null || head === null || head.term !== lease.term) return { take: false, shown }
  if (head.epoch === shown.board.epoch) {
    const { generation } = shown.board
    const isNewer =
      head.generation > generation || (head.generation === generation && head.revision > shown.revision)
    return { take: isNewer, shown: { ...shown, lower: null } }
  }
  if (head.generation < (shown.past.get(head.epoch) ?? 0)) return { take: false, shown }
  if (head.term > shown.term || (shown.life !== null && shown.life !== life)) return { take: true, shown }
  const { epoch, term } = head
  const isKnown = shown.lower?.epoch === epoch && shown.lower.term === term
  const lower = isKnown && shown.lower !== null ? shown.lower : { epoch, term, sinceMs: nowMs }
  return { take: nowMs - lower.sinceMs >= lowerTermMs, shown: { ...shown, lower } }
}

/**
 * `whole`: what was pulled does not fit what is shown: pull all panels. `corrupt`: it is no board. `unreadable`: it is one of a
 * version that this one does not know.
 */
export type Merged =
  | { readonly ok: true; readonly board: Board; readonly source: FleetSource }
  | { readonly ok: false; readonly why: 'whole' | 'corrupt' | 'unreadable' }

/**
 * The board in Redis, from what is shown and what was pulled since. `since` of each panel and the marks of removed ones are the
 * publisher's, so that this node answers a returning reader byte for byte as the publisher would, also when it has just started.
 */
export function mergePulled(held: Board, pulled: NonNullable<Pulled['board']>, proto?: number): Merged {
  const head = readHead(pulled.text, proto)
  if (head === 'corrupt' || head === 'unreadable') return { ok: false, why: head }
  const { epoch, generation } = pulled
  const previous = held.epoch === epoch ? held : emptyBoard(epoch)
  const { cycle, ts, order, gone, source } = head
  const panels = new Map<string, BoardPanel>()
  const before = new Map<string, BoardPanel>()
  const changed: string[] = []
  for (const key of order) {
    const old = previous.panels.get(key)
    const text = pulled.panels.get(key)
    if (text === undefined) {
      // Also where the epoch is another one: this node may have shown its own board since it asked.
      if (old === undefined) return { ok: false, why: 'whole' }
      panels.set(key, old)
      continue
    }
    const panel = readPanel(key, text)
    if (panel === null || panel.since > generation) return { ok: false, why: 'corrupt' }
    // Whole, of an epoch that is known: most panels are those that are shown already.
    if (old?.hash === panel.hash && old.since === panel.since) {
      panels.set(key, old)
      continue
    }
    panels.set(key, panel)
    changed.push(key)
    if (old !== undefined) before.set(key, old)
  }
  // Only its verdict or its cycle may differ: the same generation is the same panels.
  if (generation === previous.generation) {
    if (changed.length > 0) return { ok: false, why: 'corrupt' }
    return { ok: true, board: { ...unchangedBoard(previous, cycle, ts), verdict: head.verdict }, source }
  }
  const removed = [...previous.panels.keys()].filter(key => !panels.has(key))
  const tombstones = new Map(gone)
  const board: Board = {
    epoch,
    generation,
    cycle,
    builtAtMs: ts,
    panels,
    changed,
    removed,
    tombstones,
    before,
    verdict: head.verdict,
  }
  return { ok: true, board, source }
}
