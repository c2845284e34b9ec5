// Whether Redis has memory for more answers: beyond four fifths of what it may use the rest is kept for lease and board.
import type { Lane } from '../../redis/lane.js'

const FULL = 0.8
/** So that it does not go to and fro. */
const FREE_AGAIN = 0.75

function numberIn(info: string, pattern: RegExp): number | null {
  const found = pattern.exec(info)?.[1]
  return found === undefined ? null : Number(found)
}

/** Pure. Null: unknown, or without a limit. */
export function fullnessOf(info: string): number | null {
  const used = numberIn(info, /^used_memory:(\d+)/m)
  const most = numberIn(info, /^maxmemory:(\d+)/m)
  return used === null || most === null || most === 0 ? null : used / most
}

/** Null: unknown. Rejects with an EngineError: its user may not ask, or it does not answer. */
export async function isMemoryFull(lane: Pick<Lane, 'send'>, wasFull: boolean): Promise<boolean | null> {
  const fullness = fullnessOf(String(await lane.send(['INFO', 'memory'])))
  return fullness === null ? (wasFull ? false : null) : fullness > (wasFull ? FREE_AGAIN : FULL)
}
