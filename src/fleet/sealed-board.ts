// The texts of a board as they are encrypted: each for its place in Redis and its epoch, the head for its generation too.
import type { PublishRequest } from './scripts/publish.js'
import type { Pulled } from './scripts/pull.js'
import type { Seal } from './seal.js'

type BoardKey = { readonly board: string }
type Id = { readonly epoch: string; readonly generation: number }

const ofHead = ({ board }: BoardKey, { epoch, generation }: Id): string =>
  `${board} head ${epoch}-${generation}`
const ofPanel = ({ board }: BoardKey, { epoch }: Id, key: string): string => `${board} p:${key} ${epoch}`

export function sealedRequest(request: PublishRequest, keys: BoardKey, seal: Seal): PublishRequest {
  const panels = request.panels.map(panel => ({
    ...panel,
    json: seal.seal(panel.json, ofPanel(keys, request, panel.key)),
  }))
  return { ...request, head: seal.seal(request.head, ofHead(keys, request)), panels }
}

/** Null: this server does not have its key. */
export function openedBoard(
  board: NonNullable<Pulled['board']>,
  keys: BoardKey,
  seal: Seal,
): NonNullable<Pulled['board']> | null {
  const text = seal.open(board.text, ofHead(keys, board))
  if (text === null) return null
  const panels = new Map<string, string>()
  for (const [key, sealed] of board.panels) {
    const opened = seal.open(sealed, ofPanel(keys, board, key))
    if (opened === null) return null
    panels.set(key, opened)
  }
  return { ...board, text, panels }
}
