// Another server's board as ours: same epoch, same generations, same hashes, so that a reader may move between the two
// with its `Last-Event-ID`.
//
// What we did not see (when a panel last changed before we came, what changed in which of several generations that
// arrived as one) is taken to have changed in the generation in which we learned of it: a reader gets a panel twice
// rather than not at all.
import type { Verdict } from '../protocol/events.js'
import type { Board, BoardPanel } from './board.js'
import { emptyBoard, unchangedBoard } from './board.js'

/** A board as it was received, its hashes checked. */
export type SeenBoard = {
  readonly epoch: string
  readonly generation: number
  readonly cycle: number
  /** When the other server built it, epoch ms. */
  readonly ts: number
  readonly panels: readonly Omit<BoardPanel, 'since'>[]
  /** Null where the other server says none. */
  readonly verdict: Verdict | null
}

/** What was not sent again is the same object. */
function sameFacts(
  { facts: a }: Pick<BoardPanel, 'facts'>,
  { facts: b }: Pick<BoardPanel, 'facts'>,
): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

export function followBoard(known: Board, seen: SeenBoard): Board {
  const previous = known.epoch === seen.epoch ? known : emptyBoard(seen.epoch)
  const { generation, cycle, ts } = seen
  // The same server never goes back; whoever tells us so lags behind.
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
