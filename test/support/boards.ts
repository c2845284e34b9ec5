// Boards for tests, made from lines of text.
import { type Board, emptyBoard, nextBoard } from '../../src/board/board.js'
import type { Panel } from '../../src/panels/panel.js'

export function textPanel(key: string, ...lines: string[]): Panel {
  return {
    key,
    title: key.toUpperCase(),
    tone: 'ok',
    blocks: [{ kind: 'text', text: lines.join(' ') }],
    lines,
  }
}

/** A publisher of boards: each call is the next cycle. */
export function boardMaker(epoch = 'e1'): (...panels: Panel[]) => Board {
  let board = emptyBoard(epoch)
  let cycle = 0
  return (...panels) => {
    cycle++
    board = nextBoard(board, panels, cycle, 1_000_000 + cycle * 1_000)
    return board
  }
}
