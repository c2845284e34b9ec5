// Is the system healthy? The server's verdict while the connection is live: the page computes none of its own.
import type { ClientVerdict } from '../../client/index.js'
import type { ConnectionWord } from './connection.js'
import type { Tone } from './panels.js'

export const VERDICTS = ['healthy', 'attention', 'failing', 'unknown'] as const
export type VerdictWord = (typeof VERDICTS)[number]

export type Overall = {
  readonly verdict: VerdictWord
  readonly reasons: readonly string[]
  /** The panels with the tone of the verdict, in the board's order. */
  readonly panels: readonly string[]
}

export type OverallFacts = {
  readonly connection: ConnectionWord
  readonly hasBoard: boolean
  /** The verdict of the board; null when the server sends none. */
  readonly said: ClientVerdict | null
  readonly panels: readonly { readonly key: string; readonly tone: Tone }[]
}

/** The tone of the panels that cause a verdict. */
const TONE_OF: Readonly<Record<VerdictWord, Tone | null>> = {
  healthy: null,
  attention: 'warn',
  failing: 'error',
  unknown: null,
}

const unknown = (reason: string): Overall => ({ verdict: 'unknown', reasons: [reason], panels: [] })

/** Unknown without a live connection, whatever was shown last. */
export function overallOf({ connection, hasBoard, said, panels }: OverallFacts): Overall {
  if (connection === 'signed-out') return unknown('signed out')
  if (!hasBoard) return unknown('no board yet')
  if (connection !== 'live') {
    const reason = connection === 'silent' ? 'no sign of life' : 'no live connection'
    return unknown(said === null ? reason : `${reason}; last known: ${wordsOf(said.word)}`)
  }
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
