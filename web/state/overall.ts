// Is the system healthy? What the server says, while it is heard: the page computes no verdict of its own.
import type { ClientVerdict } from '../../client/index.js'
import type { ConnectionWord } from './connection.js'
import type { Tone } from './panels.js'

export const VERDICTS = ['healthy', 'attention', 'failing', 'unknown'] as const
export type VerdictWord = (typeof VERDICTS)[number]

export type Overall = {
  readonly verdict: VerdictWord
  readonly reasons: readonly string[]
  /** The panels that are as the verdict says, in the board's order. */
  readonly panels: readonly string[]
}

export type OverallFacts = {
  readonly connection: ConnectionWord
  readonly hasBoard: boolean
  /** Of the board; null where the server gives none. */
  readonly said: ClientVerdict | null
  readonly panels: readonly { readonly key: string; readonly tone: Tone }[]
}

/** Where the cause is found. */
const TONE_OF: Readonly<Record<VerdictWord, Tone | null>> = {
  healthy: null,
  attention: 'warn',
  failing: 'error',
  unknown: null,
}

const unknown = (reason: string): Overall => ({ verdict: 'unknown', reasons: [reason], panels: [] })

/** Without a live connection nobody knows, whatever was shown last. */
export function overallOf({ connection, hasBoard, said, panels }: OverallFacts): Overall {
  if (connection === 'signed-out') return unknown('signed out')
  if (!hasBoard) return unknown('no board yet')
  if (connection !== 'live') return unknown('no live connection')
  if (said === null) return unknown('the server does not say')
  const verdict = VERDICTS.find(word => word === said.word) ?? 'unknown'
  const tone = TONE_OF[verdict]
  return {
    verdict,
    reasons: said.reasons,
    panels: panels.filter(panel => panel.tone === tone).map(({ key }) => key),
  }
}

/** `too_large` → `too large` */
export function wordsOf(name: string): string {
  return name.replaceAll('_', ' ')
}
