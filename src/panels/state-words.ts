// State words and their tones. A word that is not in the table is judged by its parts; a word without a known part is a warning,
// because it may be bad.
import type { Tone } from './panel.js'

type StateTone = Exclude<Tone, 'muted'>

/** Lower case, parts joined by underscores. */
const WORDS: Readonly<Record<StateTone, string>> = {
  ok: `
    ok okay green healthy up good running run connected active ready operational success succeeded successful completed
    complete passed pass passing alive available normal online loaded enabled clean health_ok none`,
  info: `
    paused pausing queued in_progress waiting scheduled maintenance under_maintenance unknown skipped neutral cancelled
    canceled idle inactive standby off closed unassigned not_started new low info`,
  warn: `
    yellow warn warning degraded degraded_performance stale slow partial partially pending starting activating initializing
    recovering retrying reloading deactivating unavailable minor moderate medium investigating identified monitoring
    suspended throttled undersized misplaced out_of_service restarting auto_restart flapping at_risk health_warn stopping
    stopped terminating unstable limited impaired lagging overloaded delayed incomplete invalid`,
  error: `
    red error err critical crit fatal failed failing failure fail down unhealthy disconnected offline dead outage major_outage
    partial_outage crashloopbackoff imagepullbackoff oomkilled evicted timed_out timeout unreachable inconsistent corrupt
    corrupted emergency alert panic high exited broken blocked expired rejected health_err crashed errors failures denied
    unauthorized`,
}

const TONES: ReadonlyMap<string, StateTone> = new Map(
  (['ok', 'info', 'warn', 'error'] as const).flatMap(tone =>
    WORDS[tone]
      .trim()
      .split(/\s+/)
      .map(word => [word, tone] as const),
  ),
)

/** The first is the best. */
const ORDER: readonly StateTone[] = ['ok', 'info', 'warn', 'error']
const NEGATIONS: ReadonlySet<string> = new Set(['not', 'no', 'non', 'never', 'isn', 'aren', 'without'])
/** Longer text is not a state word and is not examined. */
const MAX_LENGTH = 200
/** Cached tones; a full cache is emptied. */
const MAX_KEPT = 1024
const kept = new Map<string, StateTone>()

/** `NotReady` → `not_ready`, `Major Outage` → `major_outage` */
function normal(word: string): string {
  const spaced = word.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').toLowerCase()
  return spaced
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replaceAll(' ', '_')
}

/** The worst of the known parts. A negated good part is a warning; a negated bad one does not count. */
function toneOfParts(parts: readonly string[]): StateTone | null {
  let worst = -1
  let isNegated = false
  for (const part of parts) {
    if (NEGATIONS.has(part)) {
      isNegated = true
      continue
    }
    const tone = TONES.get(part)
    if (tone === undefined) continue
    const counted = !isNegated ? tone : tone === 'ok' ? 'warn' : 'info'
    worst = Math.max(worst, ORDER.indexOf(counted))
    isNegated = false
  }
  return ORDER[worst] ?? null
}

function judged(word: string): StateTone {
  const whole = normal(word)
  const known = TONES.get(whole) ?? TONES.get(whole.replaceAll('_', ''))
  if (known !== undefined) return known
  return toneOfParts(whole.split('_')) ?? 'warn'
}

/** The tone of a state word, in upper or lower case; of several words the worst. */
export function stateTone(word: string): StateTone {
  if (word.length > MAX_LENGTH) return judged(word.slice(0, MAX_LENGTH))
  const known = kept.get(word)
  if (known !== undefined) return known
  if (kept.size === MAX_KEPT) kept.clear()
  const tone = judged(word)
  kept.set(word, tone)
  return tone
}

/** Names of members whose `false` is an error. */
const GOOD_WHEN_TRUE = /(^|_)(healthy|ok|ready|up|alive|reachable|connected|valid|available|success|passing)$/
/** Names of members whose `true` is an error. */
const BAD_WHEN_TRUE = /(^|_)(failed|error|down|expired|stale|corrupt|unhealthy)$/

/** The tone of a boolean by the name of its member; undefined where the name does not tell which value is good. */
export function flagTone(name: string, value: boolean): StateTone | undefined {
  const whole = normal(name)
  if (GOOD_WHEN_TRUE.test(whole)) return value ? 'ok' : 'error'
  if (BAD_WHEN_TRUE.test(whole)) return value ? 'error' : 'ok'
  return undefined
}

/** Whether the text of a member with this name is a state word. */
export function namesAState(name: string): boolean {
  return /(^|_)(status|state|health|phase)$/.test(normal(name))
}
