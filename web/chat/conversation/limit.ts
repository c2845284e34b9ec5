// How often one may ask, and how long it takes until the next question may go.

export type Rate = { readonly count: number; readonly windowSec: number }

const WINDOWS: Readonly<Record<number, string>> = {
  1: 'a second',
  60: 'a minute',
  3600: 'an hour',
  86400: 'a day',
}

export type LimitWords = { readonly strong: string; readonly text: string; readonly more: string }

/** `rate` null: not known. */
export function limitWords(rate: Rate | null): LimitWords {
  if (rate === null) return { strong: '', text: 'You have asked as much as you may for now.', more: '' }
  const { count, windowSec } = rate
  const window = WINDOWS[windowSec] ?? `in ${windowSec} s`
  return {
    strong: `${count} ${count === 1 ? 'question' : 'questions'} ${window}`,
    text: 'is the most.',
    more: ' Your next one stays here until it may go.',
  }
}

/** Whole seconds that are left; 0: it may go. */
export function secondsLeft(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((untilMs - nowMs) / 1000))
}

/** Without a `Retry-After`. */
const DEFAULT_WAIT_SEC = 5

export function waitMs(retryAfterSec: number | undefined): number {
  return Math.ceil(retryAfterSec ?? DEFAULT_WAIT_SEC) * 1000
}
