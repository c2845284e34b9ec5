// Takes over another server's board: same epoch, generations and hashes, so that a reader can move between the two servers with
// its `Last-Event-ID`.
//
// We may not know when a panel changed: before we connected, or within several generations that arrived as one. Such a panel
// counts as changed in the generation that we received: a reader gets it twice rather than never.
import type { Verdict } from '../protocol/events.js'
import type { Board, BoardPanel } from './board.js'
import { emptyBoard, unchangedBoard } from './board.js'

/** A board as received, with checked hashes. */
export type SeenBoard = {
  readonly epoch: string
  readonly generation: number
  readonly cycle: number
  /** When the followed server built it, epoch ms. */
  readonly ts: number
  readonly panels: readonly Omit<BoardPanel, 'since'>[]
  /** Null where the followed server sends none. */
  readonly verdict: Verdict | null
}

/** A panel that was not sent again has the same object. */
function sameFacts(
  { facts: a }: Pick<BoardPanel, 'facts'>,
  { facts: b }: Pick<BoardPanel, 'facts'>,
): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

export function followBoard(known: Board, seen: SeenBoard): Board {
  const previous = known.epoch === seen.epoch ? known : emptyBoard(seen.epoch)
  const { generation, cycle, ts } = seen
  // Within an epoch generations only grow: an older one comes from a server that lags behind.
  if (generation < previous.generation) return unchangedBoard(previous, previous.cycle, previous.builtAtMs)
  if (generation === previous.generation) return unchangedBoard(previous, cycle, ts)
  const panels = new Map<string, BoardPanel>()
  const before = new Map<string, BoardPanel>()
  const changed: string[] = []
  for (const panel of seen.panels) {
    const old = previous.panels.get(panel.key)
    if (old?.hash === panel.hash && sameFacts(old, panel)) {
      panels.set(panel.key, old)
      continue
    }
    changed.push(panel.key)
    if (old !== undefined) before.set(panel.key, old)
    panels.set(panel.key, { ...panel, since: generation })
  }
  const removed = [...previous.panels.keys()].filter(key => !panels.has(key))
  const tombstones = new Map(previous.tombstones)
  for (const key of panels.keys()) tombstones.delete(key)
  for (const key of removed) tombstones.set(key, generation)
  return {
    epoch: seen.epoch,
    generation,
    cycle,
    builtAtMs: ts,
    panels,
    changed,
    removed,
    tombstones,
    before,
    verdict: previous.verdict,
  }
}
