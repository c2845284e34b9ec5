// Is the system healthy? One word for a person who has five seconds, and what makes it so.
import type { ConnectionWord } from './connection.js'
import type { Tone } from './panels.js'

export type Verdict = 'healthy' | 'attention' | 'failing' | 'unknown'

export type Overall = {
  readonly verdict: Verdict
  /** Of the source and the connection; panels are named in `panels`. */
  readonly reasons: readonly string[]
  /** The panels that are no better than the verdict says, in the board's order. */
  readonly panels: readonly string[]
}

export type OverallFacts = {
  readonly connection: ConnectionWord
  readonly hasBoard: boolean
  /** Of `/summary/health`; null while nobody knows. */
  readonly sourceState: string | null
  readonly panels: readonly { readonly key: string; readonly tone: Tone }[]
}

function ofTone(panels: OverallFacts['panels'], tone: Tone): readonly string[] {
  return panels.filter(panel => panel.tone === tone).map(({ key }) => key)
}

/**
 * Without a live connection nobody knows, whatever was shown last. A source that cannot be read counts as failing: what
 * the panels show is the past. One that is merely old wants a look.
 */
export function overallOf({ connection, hasBoard, sourceState, panels }: OverallFacts): Overall {
  if (connection === 'signed-out') return { verdict: 'unknown', reasons: ['signed out'], panels: [] }
  if (!hasBoard) return { verdict: 'unknown', reasons: ['no board yet'], panels: [] }
  if (connection !== 'live') return { verdict: 'unknown', reasons: ['no live connection'], panels: [] }
  const failing = ofTone(panels, 'error')
  const doubtful = ofTone(panels, 'warn')
  const known = sourceState ?? 'fresh'
  const isStale = known === 'stale'
  const isReadable = known === 'fresh' || isStale || known === 'starting' || known === 'unknown'
  // An old source is told whatever the panels say: what they say is old too.
  const reasons = isReadable && !isStale ? [] : [`source ${wordsOf(known)}`]
  if (!isReadable || failing.length > 0) return { verdict: 'failing', reasons, panels: failing }
  if (isStale || doubtful.length > 0) return { verdict: 'attention', reasons, panels: doubtful }
  return { verdict: 'healthy', reasons: [], panels: [] }
}

/** `too_large` → `too large` */
export function wordsOf(name: string): string {
  return name.replaceAll('_', ' ')
}
