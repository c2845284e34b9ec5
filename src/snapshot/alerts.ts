// The alerts of a status: the list `alerts`, then the list `events`, then follow-ups from ingest, one after the other;
// what stands in more than one of them, alike in every field, is taken once. Newest first.
import { ALERTS } from './candidates.js'
import { pick } from './pick.js'
import type { Status } from './reading.js'
import type { Alert, AlertLevel, Snapshot } from './snapshot.js'
import { timeMs } from './time.js'
import { emptyRecord, isSafeName, list, map, member, number, text } from './value.js'

/** Alerts kept, the newest; all are counted. */
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

/** What an operator has to act on now, under other names. */
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

function alert(item: unknown): Alert | null {
  const values = map(item)
  if (values === null) {
    const message = text(item)
    return message === null ? null : { atMs: null, level: 'info', component: null, message }
  }
  return {
    atMs:
      timeMs(member(values, 'time')) ?? timeMs(member(values, 'timestamp')) ?? timeMs(member(values, 'ts')),
    level: alertLevel(firstText(values, 'level', 'severity')),
    component: firstText(values, 'component', 'source'),
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

/** All alerts of the lists; null when there is no list at all. */
function collected(lists: readonly (readonly unknown[] | null)[]): Alert[] | null {
  let all: Alert[] | null = null
  for (const items of lists) {
    if (items === null) continue
    const seen = new Set(all?.map(sameKey))
    all ??= []
    for (const item of items) {
      const read = alert(item)
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

/** Counts as the status gives them: spellings of known levels are folded, other names kept, lower-cased. */
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

function givenSeverity(status: Status, origins: Record<string, string>): Record<string, number> | null {
  for (const key of ['severity_counts', 'severity']) {
    const counts = givenCounts(member(map(member(status, 'alerts')), key))
    if (counts === null) continue
    origins['alerts.bySeverity'] = `alerts.${key}`
    return counts
  }
  return null
}

/** `followUps` are alerts from ingest; `total` and `bySeverity` are the status's own where given, else counted. */
export function alertsOf(
  status: Status,
  followUps: readonly unknown[],
  origins: Record<string, string>,
): Snapshot['alerts'] {
  const alerts = list(member(status, 'alerts'))
  const events = list(member(status, 'events'))
  const items = collected([alerts, events, followUps.length > 0 ? followUps : null])
  if (items !== null) {
    const from = [alerts && 'alerts', events && 'events', followUps.length > 0 && 'follow-ups']
    origins['alerts.items'] = from.filter(Boolean).join(', ')
  }
  const total = pick(status, ALERTS.total, origins)
  return {
    items: (items ?? []).sort(newestFirst).slice(0, MAX_ALERTS),
    total: total ?? items?.length ?? null,
    bySeverity: givenSeverity(status, origins) ?? counted(items ?? []),
  }
}
