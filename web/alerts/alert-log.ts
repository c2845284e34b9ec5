// The alerts this page has received, newest first: those the panel lists now and, up to a limit, those it listed before. Tracks
// which are new and which a person has acknowledged.
import { type AlertLevel, LEVELS, type ListedAlert } from './read-alerts.js'

/** Alerts in the log. */
export const MAX_KEPT = 200
/** An alert that comes again within this time is the same alert: the panel moves it to its newest time. */
const SAME_WITHIN_MS = 60_000

export type KeptAlert = ListedAlert & {
  readonly id: number
  /** The panel lists it now. */
  readonly listed: boolean
  readonly acknowledged: boolean
}

export type AlertLog = {
  readonly alerts: readonly KeptAlert[]
  /** Alerts that are new or worse in the newest list; empty for the first list, which is the initial state. */
  readonly fresh: readonly KeptAlert[]
  /** A list has been received. */
  readonly known: boolean
  readonly nextId: number
}

export const EMPTY_LOG: AlertLog = { alerts: [], fresh: [], known: false, nextId: 1 }

const textOf = ({ component, message }: ListedAlert): string => `${component}\u0000${message}`

function sameTime(a: ListedAlert, b: ListedAlert): boolean {
  if (a.atMs === null || b.atMs === null) return a.atMs === b.atMs
  return Math.abs(a.atMs - b.atMs) <= SAME_WITHIN_MS
}

const worse = (a: AlertLevel, b: AlertLevel): boolean => LEVELS.indexOf(a) < LEVELS.indexOf(b)

/** Alerts without a time come last, as in the panel. */
const newestFirst = (a: KeptAlert, b: KeptAlert): number => (b.atMs ?? -1) - (a.atMs ?? -1) || b.id - a.id

/** The log after the panel's newest list. Alerts of the first list up to `seenMs` count as acknowledged. */
export function withListed(log: AlertLog, listed: readonly ListedAlert[], seenMs = 0): AlertLog {
  const byText = new Map<string, KeptAlert[]>()
  for (const kept of log.alerts) byText.set(textOf(kept), [...(byText.get(textOf(kept)) ?? []), kept])
  let nextId = log.nextId + listed.length
  const fresh: KeptAlert[] = []
  const now = listed.map((alert): KeptAlert => {
    const candidates = byText.get(textOf(alert)) ?? []
    const at = candidates.findIndex(kept => sameTime(kept, alert))
    const [before] = at < 0 ? [] : candidates.splice(at, 1)
    const isNews = before === undefined || worse(alert.level, before.level)
    const kept = {
      ...alert,
      // Falling ids, so that alerts of one moment keep the panel's order.
      id: before?.id ?? --nextId,
      listed: true,
      acknowledged: isNews ? !log.known && alert.atMs !== null && alert.atMs <= seenMs : before.acknowledged,
    }
    if (isNews) fresh.push(kept)
    return kept
  })
  const earlier = [...byText.values()].flat().map(kept => (kept.listed ? { ...kept, listed: false } : kept))
  return {
    alerts: [...now, ...earlier].sort(newestFirst).slice(0, MAX_KEPT),
    fresh: log.known ? fresh : [],
    known: true,
    nextId: log.nextId + listed.length,
  }
}

/** Listed ones before earlier ones, then by level; else as they were. */
export function worstFirst(alerts: readonly KeptAlert[]): readonly KeptAlert[] {
  const rankOf = ({ listed, level }: KeptAlert): number => (listed ? LEVELS.indexOf(level) : LEVELS.length)
  return alerts.toSorted((a, b) => rankOf(a) - rankOf(b))
}

/** Acknowledges all alerts. */
export function acknowledged(log: AlertLog): AlertLog {
  const alerts = log.alerts.map(alert => (alert.acknowledged ? alert : { ...alert, acknowledged: true }))
  return { ...log, alerts, fresh: [] }
}

/** The newest time; 0 when no alert has one. */
export function newestMs(log: AlertLog): number {
  return Math.max(0, ...log.alerts.map(({ atMs }) => atMs ?? 0))
}

export type Waiting = { readonly all: number; readonly critical: number }

/** Counts the listed alerts that are not acknowledged. */
export function waiting(log: AlertLog): Waiting {
  const open = log.alerts.filter(alert => alert.listed && !alert.acknowledged)
  return { all: open.length, critical: open.filter(({ level }) => level === 'critical').length }
}
