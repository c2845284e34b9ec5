// How an answer ended, from the reason that its upstream gave and from what it sent: one rule for all routes. Pure.
import { endKind, endReason, isFailureReason } from '../../protocol/end-reasons.js'

export type SaidSoFar = { readonly hasText: boolean; readonly hasRefusal: boolean; readonly hasTool: boolean }

/** The word of `done.reason`. `failure`: the reason says that generating failed. `nothing`: it ended well without having sent anything. */
export type EndWord =
  | { readonly kind: 'done'; readonly reason: string }
  | { readonly kind: 'failure' | 'nothing' }

/** `reason` null: the upstream gave none. */
export function endWord(reason: string | null, { hasText, hasRefusal, hasTool }: SaidSoFar): EndWord {
  const word = reason ?? 'complete'
  if (isFailureReason(word)) return { kind: 'failure' }
  const isWell = endKind(word) === 'complete'
  if (isWell && hasRefusal) return { kind: 'done', reason: 'refusal' }
  if (!isWell || hasText) return { kind: 'done', reason: endReason(word) }
  return hasTool ? { kind: 'done', reason: endReason('tool_calls') } : { kind: 'nothing' }
}
