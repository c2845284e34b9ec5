// Waiting until a client shows a board.
import type { Connection } from '../../client/index.js'
import type { Board } from '../../src/board/board.js'
import { seen } from './board-server.js'

/** Resolves when the connection shows the board, every hash of it. */
export function reaches(connection: Connection, board: Board): Promise<void> {
  const wanted = JSON.stringify(seen(board))
  const there = (): boolean => connection.board !== null && JSON.stringify(seen(connection.board)) === wanted
  return new Promise(resolve => {
    const ends: (() => void)[] = []
    const look = (): void => {
      if (!there()) return
      for (const end of ends) end()
      resolve()
    }
    ends.push(connection.on('update', look), connection.on('state', look))
    look()
  })
}
