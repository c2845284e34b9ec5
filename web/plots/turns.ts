// Draws the plots one a frame, so that no frame has to draw them all.

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

/** Has it called in one of the next frames, once, however often it is asked for. */
export function takeTurn(draw: () => void): void {
  waiting.add(draw)
  if (frame === 0) frame = requestAnimationFrame(next)
}

/** It is not called any more. */
export function leaveTurns(draw: () => void): void {
  waiting.delete(draw)
}
