// Labels as words. On the wire a label is the raw key; page and terminal show these words and keep the key for tooltips and copying.
// A unit at the end of a key becomes the unit of its values.
import { MISSING } from '../panels/format.js'

export type Label = {
  readonly label: string
  /** The unit that the key names; null where it names none. A unit of the cell wins. */
  readonly unit: string | null
}

/** Names that no rule finds, by panel. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, Label | string>>>> = {
  header: { env: 'Environment', cycle: 'Cycle number' },
  cycle: {
    cycle: 'Number',
    last_duration: 'Last cycle',
    avg: 'Average',
  },
  indices: {
    LTP: 'Last',
    'DQ %': { label: 'Data quality', unit: '%' },
    'Success %': { label: 'Success rate', unit: '%' },
  },
  analytics: {
    LTP: 'Last',
    pcr: 'Put/call ratio',
    PCR: 'Put/call ratio',
    'IV %': { label: 'Implied volatility', unit: '%' },
  },
  resources: { cpu_pct: { label: 'Processor', unit: '%' } },
  storage: { queue_depth: 'Queue' },
  perfstore: { api_ms: 'API time', provider_status: 'State', auth: 'Sign-in', backoff: 'Last backoff' },
}

/** Words that end a key and name a unit. */
const UNITS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    s: 's sec secs second seconds',
    ms: 'ms msec msecs milli millis millisecond milliseconds',
    µs: 'us usec usecs micros microsecond microseconds',
    ns: 'ns nsec nanos nanosecond nanoseconds',
    min: 'mins minute minutes',
    h: 'hrs hour hours',
    d: 'days',
    B: 'byte bytes',
    kB: 'kb kilobytes',
    KiB: 'kib kibibytes',
    MB: 'mb megabytes',
    MiB: 'mib mebibytes',
    GB: 'gb gigabytes',
    GiB: 'gib gibibytes',
    TB: 'tb terabytes',
    TiB: 'tib tebibytes',
    '%': 'pct percent percentage perc',
    Hz: 'hz hertz',
    kHz: 'khz',
    MHz: 'mhz',
    GHz: 'ghz',
    'bit/s': 'bps',
    'kbit/s': 'kbps',
    'Mbit/s': 'mbps',
    'Gbit/s': 'gbps',
    '°C': 'celsius',
    W: 'watts',
    V: 'volts',
  }).flatMap(([unit, words]) => words.split(' ').map(word => [word, unit] as const)),
)

/** What may follow `per`. */
const PER: ReadonlyMap<string, string> = new Map([
  ['s', 's'],
  ['sec', 's'],
  ['second', 's'],
  ['min', 'min'],
  ['minute', 'min'],
  ['hour', 'h'],
  ['day', 'd'],
])

const ACRONYMS = new Set(
  `acl amqp api cpu csv db dns dq eof gc gpu hdd html http https id io iops ip iv json jvm jwt lan lsn ltp mqtt oi os pcr pdf
  pid png ram rpc rss rtt sla sms smtp sql sse ssd ssh ssl tcp tls ttl udp ui uid uri url utc uuid vm vpn wal xml`.split(
    /\s+/,
  ),
)

/**
 * Keys of programs: one word, or words joined by `_`, `.` or capitals. With a hyphen it is a name (`orders-v3`), which stays.
 * Other scripts have no capitals to split at.
 */
const KEY = /^[A-Za-zÀ-ÖØ-öø-ÿ_$][A-Za-zÀ-ÖØ-öø-ÿ\d_.$]*$/u
const HOST = /\.(?:com|net|org|io|dev|local|internal|lan|svc|cloud|de|in|uk|us|eu)$/iu
const WORD =
  /[A-ZÀ-ÖØ-Þ]{2,40}s(?![a-zß-öø-ÿ])\d*|[A-ZÀ-ÖØ-Þ]{1,40}(?![a-zß-öø-ÿ])\d*|[A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿ]+\d*|\d+/gu
/** Names of products, which keep their capitals. */
const PRODUCT = /^\p{Lu}\p{Ll}+(?:DB|SQL|MQ|QL|Hub)$/u
/** `Change %`, `Memory (MB)`, `Size [kB]`. */
const UNIT_BEHIND = /^(.*\S)\s*(?:(%)|\(([^()\s]{1,8})\)|\[([^[\]\s]{1,8})\])$/su
const PERCENTILE = /^p(\d{2})(\d)?$/u

/** With its first letter as a capital. */
export function capital(text: string): string {
  const [first = ''] = text
  const upper = first.toUpperCase()
  return upper.length === first.length ? upper + text.slice(first.length) : text
}

/** A word within a label: acronyms in capitals, others as prose. */
function shownWord(word: string): string {
  const lower = word.toLowerCase()
  if (lower === 'qos') return 'QoS'
  if (ACRONYMS.has(lower)) return lower.toUpperCase()
  const one = lower.slice(0, -1)
  if (lower.endsWith('s') && ACRONYMS.has(one)) return `${one.toUpperCase()}s`
  // A word in capitals is an acronym that the list lacks.
  return word.length > 1 && word === word.toUpperCase() ? word : lower
}

/** Takes the unit off the end of the words. */
function takeUnit(words: string[]): string | null {
  const lower = words.map(word => word.toLowerCase())
  let count = lower.length
  // Elasticsearch: `active_shards_percent_as_number`.
  if (count > 3 && lower[count - 2] === 'as' && lower[count - 1] === 'number') count -= 2
  if (lower[count - 2] === 'per') {
    const per = PER.get(lower[count - 1] ?? '')
    if (per === undefined || count === 2) return null
    const amount = UNITS.get(lower[count - 3] ?? '') ?? ''
    words.length = count - (amount === '' || count === 3 ? 2 : 3)
    return `${amount}/${per}`
  }
  const unit = UNITS.get(lower[count - 1] ?? '')
  if (unit === undefined || count < 2) return null
  count--
  // `uptime_in_seconds`
  if (count > 1 && lower[count - 1] === 'in') count--
  words.length = count
  return unit
}

/** `number_of_nodes` → `nodes`. */
function withoutCount(words: string[]): void {
  const [first = '', second = ''] = words.map(word => word.toLowerCase())
  if (words.length > 2 && (first === 'number' || first === 'count') && second === 'of') words.splice(0, 2)
  else if (words.length > 1 && first === 'num') words.splice(0, 1)
}

function ordinal(digits: string): string {
  const last = digits.at(-1) ?? ''
  const ending = digits.startsWith('1') ? 'th' : ({ '1': 'st', '2': 'nd', '3': 'rd' }[last] ?? 'th')
  return `${digits}${ending}`
}

function ofKey(key: string): Label {
  const words = key.match(WORD) ?? []
  if (words.length === 0) return { label: key, unit: null }
  let unit = takeUnit(words)
  withoutCount(words)
  // `last_flush_age_sec`: how long ago.
  if (
    unit !== null &&
    words.length > 2 &&
    words[0]?.toLowerCase() === 'last' &&
    words.at(-1)?.toLowerCase() === 'age'
  ) {
    words.pop()
    unit = `${unit} ago`
  }
  const [, whole, tenth] = PERCENTILE.exec(words.at(-1)?.toLowerCase() ?? '') ?? []
  if (whole !== undefined && words.length === 1)
    return { label: `${tenth === undefined ? ordinal(whole) : `${whole}.${tenth}th`} percentile`, unit }
  // `p95_cycle_ms`: what it is of comes first.
  const ordered = PERCENTILE.test(words[0]?.toLowerCase() ?? '')
    ? [...words.slice(1), ...words.slice(0, 1)]
    : words
  return { label: capital(ordered.map(shownWord).join(' ')), unit }
}

function ofText(text: string): Label {
  const [, words, percent, inRound, inSquare] = UNIT_BEHIND.exec(text) ?? []
  const unit = percent ?? inRound ?? inSquare
  if (words === undefined || unit === undefined) {
    const shown = /\s/u.test(text) ? capital(text) : text
    return { label: shown || MISSING, unit: null }
  }
  return { label: found(words).label, unit }
}

function found(key: string): Label {
  const text = key.trim()
  return KEY.test(text) && !PRODUCT.test(text) && !HOST.test(text) ? ofKey(text) : ofText(text)
}

function made(key: string, panelKey: string | undefined): Label {
  const names = panelKey !== undefined && Object.hasOwn(KNOWN, panelKey) ? KNOWN[panelKey] : undefined
  const known = names !== undefined && Object.hasOwn(names, key) ? names[key] : undefined
  if (typeof known === 'object') return known
  return known === undefined ? found(key) : { label: known, unit: found(key).unit }
}

/** Labels are asked for at every drawing; a full cache is emptied. */
const MAX_CACHED = 4096
const cache = new Map<string, Label>()

/** The words and the unit of a key. Text that is words already keeps them. `panelKey`: also the names of that known panel. */
export function labelOf(key: string, panelKey?: string): Label {
  const id = panelKey === undefined ? key : `${panelKey}\n${key}`
  const known = cache.get(id)
  if (known !== undefined) return known
  if (cache.size === MAX_CACHED) cache.clear()
  const label = made(key, panelKey)
  cache.set(id, label)
  return label
}
