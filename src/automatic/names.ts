// What the name of a member tells: its words, whether it carries a state, names its row, or is a secret. Rules about names only, so
// that they hold for documents nobody has seen yet.
import { normalWord } from '../panels/state-words.js'

/** Cached by name; a full cache is emptied. */
const MAX_KEPT = 8_192
/** A longer name is data, and only its beginning is looked at. */
const MAX_NAME = 120
const kept = new Map<string, readonly string[]>()

function split(name: string): readonly string[] {
  const spaced = name
    .slice(0, MAX_NAME)
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1 ')
  return spaced.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

/** `lastScrapeDuration`, `last_scrape_duration` → last, scrape, duration */
export function partsOf(name: string): readonly string[] {
  const known = kept.get(name)
  if (known !== undefined) return known
  if (kept.size === MAX_KEPT) kept.clear()
  const parts = split(name)
  kept.set(name, parts)
  return parts
}

export function setOf(words: string): ReadonlySet<string> {
  return new Set(words.trim().split(/\s+/))
}

const SECRET_WORDS = setOf(
  'password passwd pwd passphrase secret secrets token tokens credential credentials authorization apikey cookie bearer jwt',
)
const SECRET_PAIRS = setOf(
  'api_key private_key access_key secret_key signing_key encryption_key client_secret auth_header connection_string',
)
/** `token_count` and `tokens_used` are numbers about secrets, not secrets. */
const isHarmless = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'
const SECRET_VALUE = /^(?:(?:bearer|basic) \S{8}|eyJ[\w-]{8,}\.[\w-]+\.|-----BEGIN )/i

/** What every name of a secret has. The keys of a large map are no secrets, and all different: splitting each into words is slow. */
const MAY_BE_SECRET = /[^ -~]|pass|pwd|secret|token|cred|auth|key|cookie|bearer|jwt|connection/i

/** Whether this member must never be shown. */
export function isSecret(name: string, value: unknown): boolean {
  if (typeof value === 'string' && SECRET_VALUE.test(value.slice(0, 100))) return true
  if (!MAY_BE_SECRET.test(name)) return false
  const parts = partsOf(name)
  const last = parts.at(-1) ?? ''
  const isNamed =
    parts.some(part => SECRET_WORDS.has(part)) ||
    parts.some((part, i) => SECRET_PAIRS.has(`${part}_${parts[i + 1] ?? ''}`))
  return (
    isNamed && (SECRET_WORDS.has(last) || last === 'key' ? typeof value !== 'boolean' : !isHarmless(value))
  )
}

/** Names that carry a state; of `provider_status` the last word counts. */
const STATE_ENDINGS = setOf(
  'status state states statuses phase health healthy conclusion severity indicator impact verdict result condition',
)
/** Only as the whole name: `log_level` is a setting, `members_up` a count. */
const STATE_WHOLES = setOf('active sub level reachable ready ok up alive replicas')
/** `state_value`, `stateStr` */
const STATE_SUFFIXES = setOf('value name str string text word')
/** What is wished for, or was once, is not how it is. */
const NOT_NOW = setOf(
  'desired expected target wanted requested previous prev prior old initial default load unit file admin max min target',
)
const IS = setOf('is has are')

export const STATE_NAMES: readonly string[] = [...STATE_ENDINGS, ...STATE_WHOLES]

function stateWordsOf(parts: readonly string[]): string | null {
  const [first = ''] = parts
  const last = parts.at(-1) ?? ''
  if (parts.length > 1 && NOT_NOW.has(first)) return null
  // `lastState` of a container is history, `last_backup_status` is how the backup is.
  if (first === 'last' && parts.length === 2 && last === 'state') return null
  if (
    parts.length === 2 &&
    (last === 'state' || last === 'status') &&
    (first === 'active' || first === 'sub')
  )
    return first
  if (STATE_WHOLES.has(last) && (parts.length === 1 || (parts.length === 2 && IS.has(first)))) return last
  if (STATE_ENDINGS.has(last)) return last
  if (last === 'statename') return 'state'
  return last.endsWith('status') ? 'status' : null
}

/** The word of the name that makes it a state (`status` of `provider_status`); null where it carries none. */
export function stateName(name: string): string | null {
  const parts = partsOf(name)
  const found = stateWordsOf(parts)
  if (found !== null || parts.length < 2 || !STATE_SUFFIXES.has(parts.at(-1) ?? '')) return found
  return stateWordsOf(parts.slice(0, -1))
}

/** The same for a path: `instanceState.name` is a state too. */
export function stateNameOf(path: readonly string[]): string | null {
  const known = ofPaths.get(path)
  if (known !== undefined) return known
  const found = foundIn(path)
  ofPaths.set(path, found)
  return found
}

/** The paths of a table are the same objects in every row. */
const ofPaths = new WeakMap<readonly string[], string | null>()

function foundIn(path: readonly string[]): string | null {
  const last = path.findLast(part => part !== ANY) ?? ''
  const own = stateName(last)
  const parent = path.at(-2)
  // The name of an element of `containerStatuses` is its name.
  const hasParent = parent !== undefined && parent !== ANY && path.at(-1) === last
  return own === null && hasParent && STATE_SUFFIXES.has(normalWord(last)) ? stateName(parent) : own
}

/** In a path: every element of a list, or every member of a map whose keys are data. */
export const ANY = '*'

/** Names that say what a row is, the best first. */
const ROW_NAMES = [
  ...[
    'name',
    'names',
    'title',
    'display_name',
    'full_name',
    'unit',
    'node',
    'service',
    'host',
    'hostname',
    'instance',
  ],
  ...['component', 'job', 'alertname', 'container', 'pod', 'queue', 'topic', 'index', 'table', 'database'],
  ...[
    'key',
    'label',
    'server',
    'member',
    'endpoint',
    'address',
    'target',
    'path',
    'description',
    'id',
    'state_name',
    'type',
  ],
]

/** The smaller the better; null for a name that does not say what a row is. */
export function rowNameRank(path: readonly string[]): number | null {
  const last = path.at(-1) ?? ''
  const parts = partsOf(last)
  const whole = ROW_NAMES.indexOf(parts.join('_'))
  if (whole >= 0) return whole + (path.length - 1) * 2
  const ending = parts.at(-1)
  // `svname` and `pxname` are written as one word.
  if (ending?.endsWith('name') === true && stateNameOf(path) === null) return 10 + path.length * 2
  return ending === 'id' || ending === 'arn' ? 100 + path.length : null
}

const ID_NAMES = setOf(
  'id ids uid uuid guid arn hash digest sha sha256 checksum fingerprint etag revision fsid',
)

/** Whether the name says that the value is an identifier. */
export function namesAnId(name: string): boolean {
  const parts = partsOf(name)
  return ID_NAMES.has(parts.at(-1) ?? '') || parts.slice(-2).join('_') === 'resource_version'
}

/** Keys that are data, not names of members: `vmq@10.0.0.1`, `http://a:80`, `node-7`. */
export function isDataKey(key: string): boolean {
  return /[@:/\s]|\d[.-]\d|[a-z]-?\d+$/i.test(key)
}

const HISTORY = setOf('updates history events log logs transitions changes versions revisions steps')

/** Lists of what was, not of what is. */
export function namesAHistory(name: string): boolean {
  return HISTORY.has(partsOf(name).at(-1) ?? '')
}

const ERROR_TEXTS = setOf(
  'error message reason trace why cause failure description summary output detail details warning',
)

/** The smaller the better: how much a text says about what went wrong; null where the name promises nothing. */
export function errorTextRank(name: string): number | null {
  const last = partsOf(name).at(-1) ?? ''
  if (!ERROR_TEXTS.has(last)) return null
  return [...ERROR_TEXTS].indexOf(last)
}

const DETAILS = /[_-]?(details?|stats|info|data|summary)$/i

/** `publish_details` and `rate` → `publish_rate` */
export function joinedName(parent: string, child: string): string {
  const short = parent.replace(DETAILS, '')
  return `${short === '' ? parent : short}_${child}`
}

/** `data.activeTargets` → `Active targets` */
export function titleOf(path: readonly string[]): string {
  const last = path.at(-1) ?? ''
  if (isDataKey(last)) return last
  const words = last
    .replace(/([\p{Ll}\p{N}])(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replace(/[_\s]+/gu, ' ')
    .trim()
  if (words === '') return last
  const lower = words.replace(/ \p{Lu}\p{Ll}/gu, found => found.toLowerCase())
  return `${lower.charAt(0).toUpperCase()}${lower.slice(1)}`
}
