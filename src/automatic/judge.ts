// From names and values to tones. A value has a tone only where its name carries a state and its word is known; what is next to
// it in the same object may take the tone away: an alert that is resolved is no alarm, however severe it was.
import { knownTone, normalWord, type StateTone } from '../panels/state-words.js'
import { partsOf, setOf, stateNameOf } from './names.js'

/** Words of a board file, in addition to the table. */
export type ExtraWords = ReadonlyMap<string, StateTone>

/** Words that are deliberate more often than not: an automatic board does not warn about them. */
const CALM: ReadonlyMap<string, StateTone> = new Map([
  ['stopped', 'info'],
  ['stopping', 'info'],
  ['terminating', 'info'],
  ['shut_off', 'info'],
])
/** As `ipmitool` shortens non-critical, critical and non-recoverable. Under `state` the same letters are a state of a country: North Carolina. */
const CODES: ReadonlyMap<string, StateTone> = new Map([
  ['nc', 'warn'],
  ['cr', 'error'],
  ['nr', 'error'],
])
/** Longer text is a sentence, not a state. */
const MAX_WORD = 60
/** Longer text is not looked at. */
export const MAX_STATE_CHARS = MAX_WORD * 4
const MAX_PARTS = 6

const SEVERITIES = setOf('severity level impact indicator priority urgency')
/** States of something that is over, or that never began. */
const BUT_NOT_OVER = setOf('active new open firing triggered alerting unresolved')
/** Names with which a row says what happened. */
const MESSAGES = setOf('message summary description text title alertname annotations msg')
const BATCHES = setOf('batch job cron cronjob oneshot sysbatch periodic')

export type StateValue = {
  /** What the name says it is: `status`, `severity`. */
  readonly base: string
  readonly word: string
}

/** What the other values of an object say about each of its states. */
export type Surroundings = {
  readonly hasActive: boolean
  /** It has a severity and says what happened. */
  readonly isAlert: boolean
  /** It is an alert that is over or was never raised, or a check that passes. */
  readonly isSettled: boolean
  /** Work that is done: it is no longer ready, and should not be. */
  readonly isFinished: boolean
  readonly isBatch: boolean
  /** The states, longest last: `exited (0) 3 hours ago` says more than `exited`. */
  readonly words: readonly string[]
}

export const ALONE: Surroundings = {
  hasActive: false,
  isAlert: false,
  isSettled: false,
  isFinished: false,
  isBatch: false,
  words: [],
}

export function saysWhatHappened(names: Iterable<string>): boolean {
  for (const name of names) if (MESSAGES.has(partsOf(name).at(-1) ?? '')) return true
  return false
}

export const isSeverity = (base: string): boolean => SEVERITIES.has(base)
const FINISHED = setOf('succeeded completed complete finished success terminated')

/** Where nothing but states and the kind of thing is known. */
export function surroundingsOf(
  states: readonly StateValue[],
  hasMessage: boolean,
  kind: string | null,
): Surroundings {
  let [hasActive, hasSeverity, isSettled, isFinished] = [false, false, false, false]
  const words: string[] = []
  for (const { base, word } of states) {
    const whole = normalWord(word)
    if (isSeverity(base)) hasSeverity = true
    else {
      words.push(whole)
      const tone = knownTone(word)
      if ((tone === 'ok' || tone === 'info') && !BUT_NOT_OVER.has(whole)) isSettled = true
      if (FINISHED.has(whole)) isFinished = true
    }
    if (base === 'active') hasActive = true
  }
  return {
    hasActive,
    isAlert: hasSeverity && hasMessage,
    isSettled: hasSeverity && isSettled,
    isFinished,
    isBatch: kind !== null && BATCHES.has(normalWord(kind)),
    words,
  }
}

/** The tone of a word by itself; null where it is not known. */
function toneByItself(word: string, base: string, isAlert: boolean, extra: ExtraWords): StateTone | null {
  const whole = normalWord(word)
  const own = extra.get(whole)
  if (own !== undefined) return own
  if (whole === 'none') return base === 'severity' || base === 'indicator' ? 'ok' : null
  if (whole === 'high') return isAlert ? 'error' : null
  if (word.length > MAX_WORD || whole.split('_').length > MAX_PARTS) return null
  const code = base === 'state' ? undefined : CODES.get(whole)
  return code ?? CALM.get(whole) ?? knownTone(word)
}

export type Judged = {
  readonly tone?: StateTone
  /** The word is in no table. */
  readonly isUnknown?: boolean
}

const NOTHING: Judged = {}

const SHOULD_BE_KNOWN = setOf('ready up alive reachable')
/** `exited (0)`: done, without a fault. */
const EXIT_0 = /^exited \(0\)/i

function isExitZero(whole: string, words: readonly string[]): boolean {
  return words.some(other => other.startsWith(`${whole}_0`))
}

/** `READY 0/1`, `Replicas 2/3`: how many there are of how many there should be. */
const SHARES = setOf('ready replicas')
const SHARE = /^(\d{1,6})\/(\d{1,6})$/

function shareTone([, there, wanted]: RegExpExecArray, isFinished: boolean): StateTone {
  if (Number(wanted) === 0) return 'info'
  if (Number(there) >= Number(wanted)) return 'ok'
  return isFinished ? 'info' : 'warn'
}

/** The tone of a state word among its surroundings. */
export function wordTone({ base, word }: StateValue, around: Surroundings, extra: ExtraWords): Judged {
  const share = SHARE.exec(word)
  if (share !== null) return { tone: shareTone(share, around.isFinished) }
  const tone = toneByItself(word, base, around.isAlert, extra)
  const whole = normalWord(word)
  // Whether a node is ready is known while all is well.
  if (whole === 'unknown' && SHOULD_BE_KNOWN.has(base)) return { tone: 'warn' }
  if (tone === null)
    return whole === '' || whole === 'none' || whole === 'high' ? NOTHING : { isUnknown: true }
  // systemd: `exited` and `dead` are normal below `active`.
  if (base === 'sub' && around.hasActive) return NOTHING
  if (isSeverity(base) && around.isSettled && (tone === 'warn' || tone === 'error')) return NOTHING
  // An alert that is active is not well.
  if (around.isAlert && !isSeverity(base) && BUT_NOT_OVER.has(whole)) return NOTHING
  if (EXIT_0.test(word) || (whole === 'exited' && isExitZero(whole, around.words))) return { tone: 'info' }
  if (around.isBatch && whole === 'dead') return { tone: 'info' }
  return { tone }
}

const GOOD_FLAGS = setOf('healthy ok ready up alive reachable connected available passing health')
const BAD_IF_FALSE = setOf('success valid voter passed')
/** `true` is as bad as the word. */
const BAD_FLAGS = setOf('failed error down expired stale corrupt unhealthy sealed offline')
/** `MemoryPressure`, `disk_free_alarm`; `failed_outlier_check` */
const BAD_CONDITIONS = setOf('pressure unavailable alarm')

/** The tone of a boolean by the whole name of its member. */
export function flagTone(name: string, value: boolean, around: Surroundings): StateTone | undefined {
  const parts = partsOf(name)
  const [first = ''] = parts
  const whole = parts.length === 2 && (first === 'is' || first === 'has') ? (parts[1] ?? '') : parts.join('_')
  if (GOOD_FLAGS.has(whole)) return value ? 'ok' : around.isFinished ? 'info' : 'error'
  // That a request succeeded or a check passed does not say that the system is well.
  if (BAD_IF_FALSE.has(whole)) return value || whole === 'voter' ? undefined : 'error'
  if (BAD_FLAGS.has(whole)) return value ? (knownTone(whole) ?? 'error') : undefined
  const isCondition = BAD_CONDITIONS.has(parts.at(-1) ?? '') || (first === 'failed' && parts[1] !== 'over')
  return value && parts.length > 1 && isCondition ? 'warn' : undefined
}

/** `status: false` of a worker. Only booleans: the `"False"` of a condition is good or bad by its type. */
export function statusTone(name: string, value: unknown): StateTone | undefined {
  if (typeof value !== 'boolean' || partsOf(name).join('_') !== 'status') return undefined
  return value ? 'ok' : 'error'
}

const PROBLEMS = setOf('errors alarms warnings problems')
const NO_PROBLEM = /^(?:none|no|no errors?|nil|null|n\/a|ok|false|[-–—0]*)$/i

/** Whether what is under this name is wrong now. */
export const namesAProblem = (name: string): boolean => PROBLEMS.has(partsOf(name).join('_'))

/** Whether the text, or an element of the list, says what is wrong now: `errors: ["NOSPACE"]`. */
export function saysAProblem(name: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.some(element => saysAProblem(name, element))
  return typeof value === 'string' && namesAProblem(name) && !NO_PROBLEM.test(value.trim())
}

/** `true`, `"True"` and `"false"` of a member whose name may be a flag; null for anything else. */
export function flagOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string' || value.length > 5) return null
  const lower = value.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : null
}

/** The state that a value at this path is; null where the name carries none or the value is no word. */
export function stateAt(path: readonly string[], value: unknown): StateValue | null {
  if (typeof value !== 'string' || value === '' || value.length > MAX_STATE_CHARS) return null
  const base = stateNameOf(path)
  if (base === null || flagOf(value) !== null) return null
  return /\p{L}/u.test(value) || (SHARES.has(base) && SHARE.test(value)) ? { base, word: value } : null
}

const COUNTER_PARTS = setOf('failed failures failure error errors dead unassigned unroutable')
const COUNTER_WHOLES = setOf('down critical unhealthy offline overdue')
/** Of these, no number counts what went wrong. */
const NOT_COUNTED = setOf(
  'max min limit threshold timeout code port interval retention id ratio rate percent pct level time',
)

/** Whether a number with this name counts what should not happen. */
export function isBadCounter(name: string): boolean {
  const parts = partsOf(name)
  if (parts.some(part => NOT_COUNTED.has(part))) return false
  return (
    parts.some(part => COUNTER_PARTS.has(part)) ||
    (COUNTER_WHOLES.has(parts.at(-1) ?? '') && parts.length <= 1)
  )
}

export const CALM_WORDS: readonly string[] = [...CALM.keys()]
export const CODE_WORDS: readonly string[] = [...CODES.keys()]
export const SHARE_NAMES: readonly string[] = [...SHARES]
export const PROBLEM_NAMES: readonly string[] = [...PROBLEMS]
export const GOOD_FLAG_NAMES: readonly string[] = [...GOOD_FLAGS, ...BAD_IF_FALSE]
export const BAD_FLAG_NAMES: readonly string[] = [...BAD_FLAGS]
export const BAD_COUNTER_NAMES: readonly string[] = [...COUNTER_PARTS, ...COUNTER_WHOLES]
