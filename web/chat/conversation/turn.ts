// One question and its answer, as the page shows and keeps it.
import type { EndKind } from '../../../src/protocol/end-reasons.js'

/** How an answer ended, in the words of the page. */
export const ENDS = [
  'complete',
  'length',
  'filter',
  'refusal',
  /** Without a word, or waiting for a tool. */
  'nothing',
  /** Any other reason; `detail` is its word. */
  'early',
  /** `detail` is the message. */
  'failed',
  'stopped',
  /** The server ended it; `detail` is the reason. */
  'ended',
  /** What it still had to say is no longer kept. */
  'interrupted',
  /** Not for this caller. */
  'off',
  /** `detail` is the seconds to wait; empty: not known. */
  'busy',
] as const

export type End = { readonly kind: (typeof ENDS)[number]; readonly detail: string }

export type Source = { readonly title: string; readonly url: string | null }

export type Usage = {
  readonly read: number | null
  readonly written: number | null
  readonly isEstimated: boolean
}

/** The connection was lost when the text had this length, for this long. */
export type Cut = { readonly at: number; readonly lostMs: number }

export type Turn = {
  readonly id: number
  readonly question: string
  /** Markdown, as far as it came. */
  readonly answer: string
  /** Null: it has not ended. */
  readonly end: End | null
  /** To resume it with. */
  readonly streamId: string | null
  readonly sources: readonly Source[]
  readonly usage: Usage | null
  readonly model: string | null
  /** When it was asked, epoch milliseconds; missing before it is asked, and where an earlier version kept it. */
  readonly askedMs?: number
  readonly durationMs: number | null
  readonly cuts: readonly Cut[]
}

export function newTurn(id: number, question: string): Turn {
  return {
    id,
    question,
    answer: '',
    end: null,
    streamId: null,
    sources: [],
    usage: null,
    model: null,
    durationMs: null,
    cuts: [],
  }
}

/** Of a `done`, whose reason is `word`. */
export function endOfDone(kind: EndKind, word: string, hasText: boolean): End {
  if (kind === 'empty' || (kind === 'complete' && !hasText)) return { kind: 'nothing', detail: word }
  if (kind === 'tool') return { kind: hasText ? 'early' : 'nothing', detail: word }
  return { kind: kind === 'other' ? 'early' : kind, detail: word }
}

/** Of an `aborted`. */
export function endOfAbort(word: string): End {
  if (word === 'client_stop') return { kind: 'stopped', detail: '' }
  return { kind: word in ENDED ? 'ended' : 'early', detail: word }
}

export const ENDED: Readonly<Record<string, string>> = {
  shutdown: 'The server was restarted.',
  expired: 'It took longer than this server allows.',
  idle: 'Nobody was reading.',
}
