// The times of a question about history: `from`, `to` and `step` of a query as whole seconds, or what is wrong with them. Pure.

export type Span = {
  /** The seconds of the first and the last value, epoch. */
  readonly fromSec: number
  readonly toSec: number
  readonly stepSec: number
}

export type SpanTexts = {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly step?: string | undefined
}

/** Values in an answer, of all series together. */
export const MAX_POINTS = 10_000
const DEFAULT_FROM_SEC = 900
/** Without a step, an answer has about this many values of each series. */
const DEFAULT_POINTS = 900
const MAX_STEP_SEC = 86_400
/** Epochs above this are milliseconds: as seconds they would be in the year 5138. */
const MS_FROM = 1e11

const UNIT_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }
const LENGTH = /^(\d{1,9})([smhdw]?)$/
const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** `90`, `10s`, `15m`, `1h`, `7d` as seconds; null for anything else. */
export function lengthSec(text: string): number | null {
  const [, digits, unit = ''] = LENGTH.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * (UNIT_SEC[unit] ?? 1)
}

const TIMES = 'now, -15m (s, m, h, d), an ISO 8601 time, or seconds or milliseconds since 1970'

/** The last second that a Date can have; before 1970 there is no history. */
const LAST_SEC = 8.64e12

/** Null for a text that is no time, and for a time that no calendar has. */
function timeSec(text: string, nowMs: number): number | null {
  const found = secondIn(text, nowMs)
  return found !== null && found >= 0 && found <= LAST_SEC ? found : null
}

function secondIn(text: string, nowMs: number): number | null {
  if (text === 'now') return Math.floor(nowMs / 1000)
  if (text.startsWith('-')) {
    const back = lengthSec(text.slice(1))
    return back === null ? null : Math.floor(nowMs / 1000) - back
  }
  if (/^\d{1,16}(\.\d{1,9})?$/.test(text)) {
    const given = Number(text)
    return Math.floor(given > MS_FROM ? given / 1000 : given)
  }
  if (!ISO.test(text)) return null
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? null : Math.floor(atMs / 1000)
}

/** The span that a query names, for so many series, and without a step at most so many values of each; a text: what is wrong with it, and what is allowed. */
export function spanOf(
  texts: SpanTexts,
  series: number,
  nowMs: number,
  mostPoints = DEFAULT_POINTS,
): Span | string {
  const toSec = timeSec(texts.to ?? 'now', nowMs)
  if (toSec === null) return `to is not a time; allowed: ${TIMES}`
  const fromSec = texts.from === undefined ? toSec - DEFAULT_FROM_SEC + 1 : timeSec(texts.from, nowMs)
  if (fromSec === null) return `from is not a time; allowed: ${TIMES}`
  if (fromSec >= toSec) return 'from must be before to'
  const length = toSec - fromSec + 1
  const stepSec =
    texts.step === undefined
      ? Math.ceil(length / Math.min(DEFAULT_POINTS, mostPoints))
      : lengthSec(texts.step)
  if (stepSec === null || stepSec < 1 || stepSec > MAX_STEP_SEC) {
    if (texts.step !== undefined) return 'step must be 1s to 1d, for example 10s'
    return `from and to are more than ${MAX_STEP_SEC / 86_400} day × ${DEFAULT_POINTS} apart; ask for less`
  }
  const points = Math.ceil(length / stepSec) * Math.max(1, series)
  if (points > MAX_POINTS)
    return `this asks for ${points} values, and ${MAX_POINTS} are allowed: give a larger step, fewer series or less time`
  return { fromSec, toSec, stepSec }
}
