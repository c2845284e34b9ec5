// State words and their tones. A word that is not in the table is judged by its parts. A word without a known part says nothing
// (`knownTone`); where a known panel asks for a state, it is a warning, because it may be bad (`stateTone`).
import type { Tone } from './panel.js'

export type StateTone = Exclude<Tone, 'muted'>

/** Lower case, parts joined by underscores. */
export const STATE_WORDS: Readonly<Record<StateTone, string>> = {
  ok: `
    ok okay green healthy up good running run connected active ready operational success succeeded successful completed
    complete passed pass passing alive available normal online loaded enabled clean health_ok none resolved synced streaming
    serving in_service finished succeed stable deployed bound primary secondary`,
  info: `
    paused pausing queued in_progress waiting scheduled maintenance under_maintenance unknown skipped neutral cancelled
    canceled idle inactive standby off closed unassigned not_started new low info notice debug postmortem suppressed silenced
    disabled terminated insufficient_data no_data cordoned draining drained maint`,
  warn: `
    yellow warn warning degraded degraded_performance stale slow partial partially pending starting activating initializing
    recovering retrying reloading deactivating unavailable minor moderate medium investigating identified monitoring
    suspended throttled undersized misplaced out_of_service restarting auto_restart flapping at_risk health_warn stopping
    stopped terminating unstable limited impaired lagging overloaded delayed incomplete invalid
    rollback rolling_back rolled_back out_of_sync backoff recovery peering backfilling lost_contact
    unavail resilvering rebuilding non_critical missing onbatt dischrg triggered
    repairing`,
  error: `
    red error err critical crit fatal failed failing failure fail down unhealthy disconnected offline dead outage major_outage
    partial_outage crashloopbackoff imagepullbackoff oomkilled evicted timed_out timeout unreachable inconsistent corrupt
    corrupted emergency alert panic high exited broken blocked expired rejected health_err crashed errors failures denied
    unauthorized major firing alerting alarm errored crash not_serving sealed lost aborted faulted faulty bad
    unresponsive defunct nok killed hung non_recoverable commlost`,
}

/** The words of a tone, as the reference page lists them. */
export function stateWords(tone: StateTone): readonly string[] {
  return STATE_WORDS[tone].trim().split(/\s+/)
}

const TONES: ReadonlyMap<string, StateTone> = new Map(
  (['ok', 'info', 'warn', 'error'] as const).flatMap(tone =>
    stateWords(tone).map(word => [word, tone] as const),
  ),
)

/** The first is the best. */
const ORDER: readonly StateTone[] = ['ok', 'info', 'warn', 'error']
const NEGATIONS: ReadonlySet<string> = new Set(['not', 'no', 'non', 'never', 'isn', 'aren', 'without'])
/** Longer text is not a state word and is not examined. */
const MAX_LENGTH = 200
/** Cached tones; a full cache is emptied. */
const MAX_KEPT = 1024
const kept = new Map<string, StateTone | null>()

/** `NotReady` → `not_ready`, `Major Outage` → `major_outage` */
function spelled(word: string): string {
  const spaced = word.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').toLowerCase()
  return spaced
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replaceAll(' ', '_')
}

const spellings = new Map<string, string>()

/** The same, remembered: a table has the same few words in all its rows. */
export function normalWord(word: string): string {
  const known = spellings.get(word)
  if (known !== undefined) return known
  const made = spelled(word)
  if (word.length > MAX_LENGTH) return made
  if (spellings.size === MAX_KEPT) spellings.clear()
  spellings.set(word, made)
  return made
}

/** Parts of the longest word in the table: `out_of_service`. */
const MAX_WORD_PARTS = 3

/** The longest known word at this part, and its tone. */
function wordAt(parts: readonly string[], at: number): readonly [tone: StateTone, length: number] | null {
  for (let length = Math.min(MAX_WORD_PARTS, parts.length - at); length > 0; length--) {
    const tone = TONES.get(parts.slice(at, at + length).join('_'))
    if (tone !== undefined) return [tone, length]
  }
  return null
}

/** The worst of the known parts. A negated good part is a warning; a negated bad one does not count. */
function toneOfParts(parts: readonly string[]): StateTone | null {
  let worst = -1
  let isNegated = false
  for (let at = 0; at < parts.length; at++) {
    if (NEGATIONS.has(parts[at] ?? '')) {
      isNegated = true
      continue
    }
    const found = wordAt(parts, at)
    if (found === null) continue
    const [tone, length] = found
    at += length - 1
    const counted = !isNegated ? tone : tone === 'ok' ? 'warn' : 'info'
    worst = Math.max(worst, ORDER.indexOf(counted))
    isNegated = false
  }
  return ORDER[worst] ?? null
}

function judged(word: string): StateTone | null {
  const whole = normalWord(word)
  return TONES.get(whole) ?? TONES.get(whole.replaceAll('_', '')) ?? toneOfParts(whole.split('_'))
}

/** The tone of a state word, in upper or lower case, of several words the worst; null where no part is known. */
export function knownTone(word: string): StateTone | null {
  if (word.length > MAX_LENGTH) return judged(word.slice(0, MAX_LENGTH))
  const known = kept.get(word)
  if (known !== undefined) return known
  if (kept.size === MAX_KEPT) kept.clear()
  const tone = judged(word)
  kept.set(word, tone)
  return tone
}

/** The same where a word must be a state: one that is not known is a warning. */
export function stateTone(word: string): StateTone {
  return knownTone(word) ?? 'warn'
}

/** Names of members whose `false` is an error. */
const GOOD_WHEN_TRUE = /(^|_)(healthy|ok|ready|up|alive|reachable|connected|valid|available|success|passing)$/
/** Names of members whose `true` is an error. */
const BAD_WHEN_TRUE = /(^|_)(failed|error|down|expired|stale|corrupt|unhealthy)$/

/** The tone of a boolean by the name of its member; undefined where the name does not tell which value is good. */
export function flagTone(name: string, value: boolean): StateTone | undefined {
  const whole = normalWord(name)
  if (GOOD_WHEN_TRUE.test(whole)) return value ? 'ok' : 'error'
  if (BAD_WHEN_TRUE.test(whole)) return value ? 'error' : 'ok'
  return undefined
}

/** Whether the text of a member with this name is a state word. */
export function namesAState(name: string): boolean {
  return /(^|_)(status|state|health|phase)$/.test(normalWord(name))
}
