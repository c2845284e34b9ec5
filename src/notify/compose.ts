// Makes the message of what is due. Pure.
import { type Moment, wallTimeOf } from '../clock/moment.js'
import { shownText } from '../panels/text.js'
import type { Notification } from './message.js'
import type { Due } from './reducer.js'

/** Columns; the limits of a message are in code units. */
const MAX_COLUMNS = 250
const MAX_UNITS = 300
const MAX_REASONS = 8

export type Composed = {
  readonly rule: string
  /** The text of its condition. */
  readonly condition: string
  readonly due: Omit<Due, 'event'> & { readonly event: Notification['event'] }
  readonly reasons: readonly string[]
  readonly verdict: Notification['verdict']
  readonly now: Moment
  readonly link: string | null
  /** The title of the board; null: it has none. */
  readonly board: string | null
}

const bounded = (text: string): string => shownText(text, MAX_COLUMNS).slice(0, MAX_UNITS)

function titleOf({ rule, condition, due, reasons, board }: Composed): string {
  const subject = `${board === null ? '' : `${board}: `}${rule}`
  const first = reasons[0] ?? condition
  switch (due.event) {
    case 'begin':
      return `${subject}: ${first}`
    case 'repeat':
      return `${subject}: still ${first}`
    case 'end':
      return `${subject}: over`
    case 'test':
      return `${subject}: a test, nothing is wrong`
  }
}

export function composed(parts: Composed): Notification {
  const { rule, condition, due, reasons, verdict, now, link } = parts
  return {
    schema_version: 'v1',
    id: due.id,
    incident: due.incident,
    rule,
    event: due.event,
    title: bounded(titleOf(parts)),
    condition: condition.slice(0, MAX_UNITS),
    verdict,
    reasons: reasons.slice(0, MAX_REASONS).map(bounded),
    at: Math.round(now.wallMs),
    since: Math.round(wallTimeOf(due.since, now)),
    lasted_sec: Math.round(due.lastedMs / 1000),
    repeats: due.repeats,
    link,
  }
}
