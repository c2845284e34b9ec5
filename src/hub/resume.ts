// What a returning reader's Last-Event-ID means for the present board.
import { createHash } from 'node:crypto'
import type { Board } from '../board/board.js'
import type { ResyncReason } from '../protocol/events.js'

export type Resume =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'resumed'; readonly position: number }
  | { readonly kind: 'refused'; readonly reason: ResyncReason }

/** Longer than any id we make; what is longer is not looked into. */
const MAX_ID_LENGTH = 120
const ID = /^([A-Za-z0-9_.~]+)-(0|[1-9]\d{0,14})(-[0-9a-f]{6})?$/

/** The id's suffix for a subset: six hex digits of the sorted keys. Empty for all panels. */
export function subsetSuffix(subset: readonly string[] | null): string {
  if (subset === null) return ''
  const digest = createHash('sha256')
    .update([...subset].sort().join('\n'))
    .digest('hex')
  return `-${digest.slice(0, 6)}`
}

export function decideResume(lastEventId: string | null, board: Board, idSuffix: string): Resume {
  if (lastEventId === null || lastEventId === '') return { kind: 'fresh' }
  const match = lastEventId.length > MAX_ID_LENGTH ? null : ID.exec(lastEventId)
  if (match === null) return { kind: 'refused', reason: 'malformed' }
  const [, epoch, generation, suffix = ''] = match
  if (epoch !== board.epoch) return { kind: 'refused', reason: 'epoch' }
  if (suffix !== idSuffix) return { kind: 'refused', reason: 'subset' }
  const position = Number(generation)
  if (position > board.generation) return { kind: 'refused', reason: 'ahead' }
  return { kind: 'resumed', position }
}

/** An id of the board's own epoch, of all panels or of a subset. */
export function isOfEpoch(lastEventId: string, { epoch }: Board): boolean {
  return lastEventId.length <= MAX_ID_LENGTH && ID.exec(lastEventId)?.[1] === epoch
}

/** A later generation of the board's own epoch. */
export function isAhead(lastEventId: string, board: Board, idSuffix: string): boolean {
  const resume = decideResume(lastEventId, board, idSuffix)
  return resume.kind === 'refused' && resume.reason === 'ahead'
}
