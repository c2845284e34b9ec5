// The alerts of a status: the lists `alerts` and `events`, then follow-ups from ingest. Alerts equal in every field are taken once.
// Newest first.
import { ALERTS } from './candidates.js'
import type { Notes } from './notes.js'
import { pick } from './pick.js'
import type { Status } from './reading.js'
import type { Alert, AlertLevel, Snapshot } from './snapshot.js'
import { timeMs } from './time.js'
import { emptyRecord, isSafeName, keptName, list, map, member, number, text } from './value.js'

/** Only this many alerts are kept, the newest; all are counted. */
export const MAX_ALERTS = 1000
/** Names in a count by severity. */
const MAX_SEVERITIES = 20

/** Spellings of the three levels. */
const SPELLINGS: ReadonlyMap<string, AlertLevel> = new Map([
  ['critical', 'critical'],
  ['crit', 'critical'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['info', 'info'],
  ['information', 'info'],
])

/** Other words for critical. */
const AS_BAD_AS_CRITICAL: ReadonlySet<string> = new Set([
  'error',
  'err',
  'fatal',
  'emergency',
  'emerg',
  'alert',
  'panic',
])

/**
 * Folds a level word to three: `critical` (also crit, error, err, fatal, emergency, emerg, alert, panic), `warn` (also
 * warning), `info` (everything else, and no word at all). Any case.
 */
export function alertLevel(word: string | null): AlertLevel {
  const lower = word?.toLowerCase() ?? 'info'
  return AS_BAD_AS_CRITICAL.has(lower) ? 'critical' : (SPELLINGS.get(lower) ?? 'info')
}

function firstText(item: Readonly<Record<string, unknown>>, ...keys: readonly string[]): string | null {
  for (const key of keys) {
    const found = text(member(item, key))
    if (found !== null) return found
  }
  return null
}

const nameOf = (word: string | null): string | null => (word === null ? null : keptName(word))

function timeOf(values: Readonly<Record<string, unknown>>, list: string, notes: Notes): number | null {
  for (const key of ['time', 'timestamp', 'ts']) {
    const given = member(values, key)
    if (given === undefined || given === null) continue
    const atMs = timeMs(given, notes.zone)
    if (atMs !== null) return atMs
    notes.unread(`${list}.${key}`, given)
  }
  return null
}

function alert(item: unknown, list: string, notes: Notes): Alert | null {
  const values = map(item)
  if (values === null) {
    const message = text(item)
    return message === null ? null : { atMs: null, level: 'info', component: null, message }
  }
  return {
    atMs: timeOf(values, list, notes),
    level: alertLevel(firstText(values, 'level', 'severity')),
    component: nameOf(firstText(values, 'component', 'source')),
    message: firstText(values, 'message') ?? '',
  }
}

function sameKey({ atMs, level, component, message }: Alert): string {
  return JSON.stringify([atMs, level, component, message])
}

function newestFirst(a: Alert, b: Alert): number {
  // Alerts without a time come last, in the order given.
  return (b.atMs ?? -1) - (a.atMs ?? -1)
}

/** The alerts of the lists with these names; null when there is no list. */
function collected(lists: Readonly<Record<string, readonly unknown[] | null>>, notes: Notes): Alert[] | null {
  let all: Alert[] | null = null
  for (const [name, items] of Object.entries(lists)) {
    if (items === null) continue
    const seen = new Set(all?.map(sameKey))
    all ??= []
    for (const item of items) {
      const read = alert(item, name, notes)
      if (read !== null && (seen.size === 0 || !seen.has(sameKey(read)))) all.push(read)
    }
  }
  return all
}

function counted(items: readonly Alert[]): Record<string, number> {
  const counts = emptyRecord<number>()
  for (const { level } of items) counts[level] = (counts[level] ?? 0) + 1
  return counts
}

/** The counts of the status: spellings of known levels are folded, other names are lower-cased. */
function givenCounts(value: unknown): Record<string, number> | null {
  const given = map(value)
  if (given === null) return null
  const counts = emptyRecord<number>()
  let names = 0
  for (const [name, amount] of Object.entries(given)) {
    const count = number(amount)
    const lower = name.trim().toLowerCase()
    if (count === null || !isSafeName(lower)) continue
    if (names++ === MAX_SEVERITIES) break
    const level = SPELLINGS.get(lower) ?? lower
    counts[level] = (counts[level] ?? 0) + count
  }
  return counts
}

function givenSeverity(status: Status, notes: Notes): Record<string, number> | null {
  for (const key of ['severity_counts', 'severity']) {
    const counts = givenCounts(member(map(member(status, 'alerts')), key))
    if (counts === null) continue
    notes.origins['alerts.bySeverity'] = `alerts.${key}`
    return counts
  }
  return null
}

/** `followUps` are alerts from ingest; `total` and `bySeverity` come from the status, else they are counted. */
export function alertsOf(status: Status, followUps: readonly unknown[], notes: Notes): Snapshot['alerts'] {
  const alerts = list(member(status, 'alerts'))
  const events = list(member(status, 'events'))
  const items = collected({ alerts, events, followUps: followUps.length > 0 ? followUps : null }, notes)
  if (items !== null) {
    const from = [alerts && 'alerts', events && 'events', followUps.length > 0 && 'follow-ups']
    notes.origins['alerts.items'] = from.filter(Boolean).join(', ')
  }
  const total = pick(status, ALERTS.total, notes)
  return {
    items: (items ?? []).sort(newestFirst).slice(0, MAX_ALERTS),
    total: total ?? items?.length ?? null,
    bySeverity: givenSeverity(status, notes) ?? counted(items ?? []),
  }
}
