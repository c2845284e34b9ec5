// How the system was today, from the document of GET /summary/history/verdicts. It may come from any server. Pure.
import type { Tone } from '../panels/panel.js'

export type Spell = {
  readonly word: string
  readonly tone: Tone
  readonly fromMs: number
  readonly ms: number
}

export type Today = {
  /** From the first one that is known today to now; between two there may be a time that nobody knows. */
  readonly spells: readonly Spell[]
  /** The part of the known time that was healthy, and that was not failing, %. */
  readonly healthyPct: number
  readonly uptimePct: number
  /** Of this week; null: not known. */
  readonly weekPct: number | null
}

const TONES: Readonly<Record<string, Tone>> = { healthy: 'ok', attention: 'warn', failing: 'error' }
/** More than a strip shows: the oldest are left out. */
const MAX_SPELLS = 200

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Null where nothing is known of today. `dayMs`: when the day began. */
export function todayOf(document: unknown, dayMs: number, nowMs: number): Today | null {
  const { verdicts, weeks }: Readonly<Record<string, unknown>> = Object(document)
  const spells = asList(verdicts).flatMap((row): Spell[] => {
    const { word, from, to }: Readonly<Record<string, unknown>> = Object(row)
    if (typeof word !== 'string' || typeof from !== 'number') return []
    const endMs = Math.min(nowMs, typeof to === 'number' ? to : nowMs)
    const fromMs = Math.max(dayMs, from)
    const tone = Object.hasOwn(TONES, word) ? (TONES[word] ?? 'muted') : 'muted'
    return endMs > fromMs ? [{ word, tone, fromMs, ms: endMs - fromMs }] : []
  })
  const sum = (...words: readonly string[]): number =>
    spells.reduce((total, { word, ms }) => (words.includes(word) ? total + ms : total), 0)
  const known = sum('healthy', 'attention', 'failing')
  if (known === 0) return null
  const { uptime_pct: week }: Readonly<Record<string, unknown>> = Object(asList(weeks).at(-1))
  return {
    spells: spells.slice(-MAX_SPELLS),
    healthyPct: (100 * sum('healthy')) / known,
    uptimePct: (100 * sum('healthy', 'attention')) / known,
    weekPct: typeof week === 'number' ? week : null,
  }
}
