// What an upstream says, whatever its dialect, and how a stream ends. What clients read is in protocol/chat-events.ts.
import type { ABORT_REASONS, ChatData, ChatFailureCode, ChatSource } from '../protocol/chat-events.js'

export type JsonObject = Readonly<Record<string, unknown>>
export type TokenCounts = Pick<ChatData['usage'], 'inputTokens' | 'outputTokens'>

/** One thing that an upstream sent. */
export type UpstreamEvent =
  | { readonly type: 'token'; readonly data: string }
  /** What the model thinks, and the words with which it declines. */
  | { readonly type: 'reasoning' | 'refusal'; readonly data: string }
  | { readonly type: 'metadata'; readonly data: JsonObject }
  | { readonly type: 'sources'; readonly data: readonly ChatSource[] }
  | { readonly type: 'usage'; readonly data: TokenCounts }
  | { readonly type: 'done'; readonly reason: string }
  | { readonly type: 'error'; readonly code: ChatFailureCode }

export type AbortReason = Exclude<(typeof ABORT_REASONS)[number], 'superseded'>

/** How a stream ends: exactly once. */
export type Terminal =
  | { readonly type: 'done'; readonly reason: string }
  | { readonly type: 'error'; readonly code: ChatFailureCode }
  | { readonly type: 'aborted'; readonly reason: AbortReason }

/** The word that the event, the metric and the audit record of an end have in common. */
export function terminalReason(terminal: Terminal): string {
  return terminal.type === 'error' ? terminal.code : terminal.reason
}
