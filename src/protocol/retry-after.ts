// `Retry-After` (RFC 9110 10.2.3): seconds or a date. Servers and the proxies before them also send decimals, negative numbers and
// several values; what says nothing usable counts as missing, so that the caller's own wait applies. No imports: clients have it too.

const LONGEST_SEC = 3_600
/** A date begins with a day: `Date.parse` takes `-5` and `7.5` for dates. */
const DATE = /^[A-Z][a-z]{2,8}, ?\d/

/** More than 0, at most an hour; undefined: nothing usable. Of several values the longest. */
export function retryAfterSec(header: unknown, nowMs: number): number | undefined {
  const text = String(header).trim().slice(0, 200)
  const asked = DATE.test(text)
    ? (Date.parse(text) - nowMs) / 1000
    : Math.max(...text.split(',').map(part => Number(/^\d+(\.\d*)?$/.exec(part.trim())?.[0] ?? 0)))
  return asked > 0 ? Math.min(asked, LONGEST_SEC) : undefined
}
