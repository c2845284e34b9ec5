// Is the system healthy? The server's verdict while the connection is live: the page computes none of its own.
import type { ConnectionWord } from './connection.js'
import type { Tone } from './panels.js'

export const VERDICTS = ['healthy', 'attention', 'failing', 'unknown'] as const
export type VerdictWord = (typeof VERDICTS)[number]

/** Where a reason is found on the board. */
export type Place = { readonly panel: string; readonly row?: string; readonly label?: string }
export type Reason = { readonly text: string; readonly place: Place | null }

export type Overall = {
  readonly verdict: VerdictWord
  /** The most important reason. */
  readonly cause: Reason
  /** At most two others. */
  readonly also: readonly Reason[]
  /** How many more there are. */
  readonly more: number
  /** Since when the verdict is so, epoch ms; null where nobody knows. */
  readonly sinceMs: number | null
}

/** The verdict of the server. Of an earlier version it has neither `since` nor `places`. */
export type SentVerdict = {
  readonly word: string
  readonly reasons: readonly string[]
  readonly since?: unknown
  readonly places?: unknown
}

export type OverallFacts = {
  readonly connection: ConnectionWord
  readonly hasBoard: boolean
  /** Null when the server sends none. */
  readonly sent: SentVerdict | null
  readonly panels: readonly { readonly key: string; readonly tone: Tone }[]
}

const ALSO = 2
/** The tone of the panels that cause a verdict. */
const TONE_OF: Readonly<Record<VerdictWord, Tone | null>> = {
  healthy: null,
  attention: 'warn',
  failing: 'error',
  unknown: null,
}

function placeFrom(value: unknown): Place | null {
  if (typeof value !== 'object' || value === null) return null
  const { panel, row, label } = value as Readonly<Record<string, unknown>>
  if (typeof panel !== 'string') return null
  return {
    panel,
    ...(typeof row === 'string' && { row }),
    ...(typeof label === 'string' && { label }),
  }
}

/** The reasons with their places; of a server that names none, the first one leads to the first panel of the verdict's tone. */
function reasonsOf({ reasons, places }: SentVerdict, worst: string | undefined): readonly Reason[] {
  const known: readonly unknown[] | null = Array.isArray(places) ? places : null
  return reasons.map((text, i) => {
    if (known !== null) return { text, place: placeFrom(known[i]) }
    return { text, place: i === 0 && worst !== undefined ? { panel: worst } : null }
  })
}

const unknown = (text: string): Overall => ({
  verdict: 'unknown',
  cause: { text, place: null },
  also: [],
  more: 0,
  sinceMs: null,
})

/** `4 more`, as the last reason. */
const COUNTED = /^(\d+) more$/

/** Unknown without a live connection, whatever was shown last. */
export function overallOf({ connection, hasBoard, sent, panels }: OverallFacts): Overall {
  if (connection === 'signed-out') return unknown('signed out')
  if (!hasBoard) return unknown('no board yet')
  if (connection !== 'live') {
    const reason = connection === 'silent' ? 'no sign of life' : 'no connection'
    return unknown(sent === null ? reason : `${reason}; last known: ${wordsOf(sent.word)}`)
  }
  if (sent === null) return unknown('the server does not say')
  const verdict = VERDICTS.find(word => word === sent.word) ?? 'unknown'
  const worst = panels.find(({ tone }) => tone === TONE_OF[verdict])?.key
  const all = reasonsOf(sent, worst)
  const counted = Number(COUNTED.exec(all.at(-1)?.text ?? '')?.[1] ?? 0)
  const reasons = counted > 0 ? all.slice(0, -1) : all
  const well: readonly Reason[] = verdict === 'healthy' ? [{ text: 'Nothing needs a look', place: null }] : []
  const [cause = { text: wordsOf(verdict), place: null }, ...others] = [...well, ...reasons]
  return {
    verdict,
    cause,
    also: others.slice(0, ALSO),
    more: Math.max(0, others.length - ALSO) + counted,
    sinceMs: typeof sent.since === 'number' ? sent.since : null,
  }
}

/** `too_large` → `too large` */
export function wordsOf(name: string): string {
  return name.replaceAll('_', ' ')
}
