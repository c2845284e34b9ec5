// The rules as a pure step: what each rule was, whether its condition holds now, and the time → what it is, and the messages to send.
//
//   condition holds for `for` → begin … repeat every `repeat` … condition over → end
//
// Ages come from the steady clock, so that a wall clock that is set neither loses nor doubles a message. Where nobody knows whether
// a condition holds, everything stays. A muted rule begins nothing and repeats nothing; what it began before is still ended.
import { agoMs, type Moment } from '../clock/moment.js'

export type RuleTimes = { readonly name: string; readonly forMs: number; readonly repeatMs: number | null }

export type Incident = {
  readonly id: string
  /** The last message of it. */
  readonly sentAt: Moment
  readonly repeats: number
  readonly isAcknowledged: boolean
}

export type RuleState = {
  /** Since when the condition holds; null: it does not. */
  readonly since: Moment | null
  /** Null: nothing was sent. */
  readonly incident: Incident | null
  /** Incidents so far; part of their ids. */
  readonly count: number
  /** When the last one began. */
  readonly beganAt: Moment | null
}

export type RuleEvent = 'begin' | 'repeat' | 'end'

export type Due = {
  readonly rule: string
  readonly event: RuleEvent
  readonly incident: string
  /** The same for every time that this message is sent. */
  readonly id: string
  readonly repeats: number
  readonly since: Moment
  readonly lastedMs: number
}

export type Stepped = {
  readonly state: RuleState
  readonly due: Due | null
  /** When time alone may bring a message, ms from now; null: never. */
  readonly nextInMs: number | null
}

export const NEW_RULE: RuleState = { since: null, incident: null, count: 0, beganAt: null }

/** A condition that comes and goes begins no more than one incident in this time. */
export const LEAST_GAP_MS = 1_000

/** `holds`: null where nobody knows. The same state object where nothing changed. */
export function stepRule(
  state: RuleState,
  rule: RuleTimes,
  holds: boolean | null,
  isMuted: boolean,
  now: Moment,
): Stepped {
  const { since, incident } = state
  if (holds === null) return { state, due: null, nextInMs: null }
  if (!holds) {
    if (since === null) return { state, due: null, nextInMs: null }
    const over = { ...state, since: null, incident: null }
    if (incident === null) return { state: over, due: null, nextInMs: null }
    return { state: over, due: dueOf(rule, incident, 'end', since, now), nextInMs: null }
  }
  if (since === null) return stepRule({ ...state, since: now }, rule, true, isMuted, now)
  return incident === null
    ? begun(state, since, rule, isMuted, now)
    : repeated(state, since, incident, rule, isMuted, now)
}

function begun(state: RuleState, since: Moment, rule: RuleTimes, isMuted: boolean, now: Moment): Stepped {
  const gapMs = state.beganAt === null ? 0 : LEAST_GAP_MS - agoMs(state.beganAt, now)
  const leftMs = Math.max(rule.forMs - agoMs(since, now), gapMs)
  if (leftMs > 0) return { state, due: null, nextInMs: leftMs }
  if (isMuted) return { state, due: null, nextInMs: null }
  const count = state.count + 1
  // The time keeps ids apart where the count was lost with its file.
  const id = `${rule.name}.${count}.${Math.round(since.wallMs).toString(36)}`
  const incident: Incident = { id, sentAt: now, repeats: 0, isAcknowledged: false }
  return {
    state: { since, incident, count, beganAt: now },
    due: dueOf(rule, incident, 'begin', since, now),
    nextInMs: rule.repeatMs,
  }
}

function repeated(
  state: RuleState,
  since: Moment,
  incident: Incident,
  rule: RuleTimes,
  isMuted: boolean,
  now: Moment,
): Stepped {
  if (rule.repeatMs === null || incident.isAcknowledged) return { state, due: null, nextInMs: null }
  const leftMs = rule.repeatMs - agoMs(incident.sentAt, now)
  if (leftMs > 0) return { state, due: null, nextInMs: leftMs }
  if (isMuted) return { state, due: null, nextInMs: null }
  const next = { ...incident, sentAt: now, repeats: incident.repeats + 1 }
  return {
    state: { ...state, incident: next },
    due: dueOf(rule, next, 'repeat', since, now),
    nextInMs: rule.repeatMs,
  }
}

function dueOf(rule: RuleTimes, incident: Incident, event: RuleEvent, since: Moment, now: Moment): Due {
  const { id, repeats } = incident
  const part = event === 'repeat' ? String(repeats) : event
  const lastedMs = agoMs(since, now)
  return { rule: rule.name, event, incident: id, id: `${id}.${part}`, repeats, since, lastedMs }
}

/** No more repeats; null: there is nothing to acknowledge. */
export function acknowledged(state: RuleState): RuleState | null {
  const { incident } = state
  return incident === null ? null : { ...state, incident: { ...incident, isAcknowledged: true } }
}
