// Draws one plot a frame, so that no frame draws them all.

const waiting = new Set<() => void>()
let frame = 0

function next(): void {
  frame = 0
  const [draw] = waiting
  if (draw === undefined) return
  waiting.delete(draw)
  if (waiting.size > 0) frame = requestAnimationFrame(next)
  draw()
}

/** Calls `draw` once in one of the next frames, however often it is scheduled. */
export function takeTurn(draw: () => void): void {
  waiting.add(draw)
  if (frame === 0) frame = requestAnimationFrame(next)
}

/** Cancels the call. */
export function leaveTurns(draw: () => void): void {
  waiting.delete(draw)
}
