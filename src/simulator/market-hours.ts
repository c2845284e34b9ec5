// Hours of the Indian exchanges: Monday to Friday, 09:15 to 15:30 IST. Holidays are ignored.

const IST_OFFSET_MS = 5.5 * 3_600_000
const DAY_MS = 86_400_000
const OPENS_MS = (9 * 60 + 15) * 60_000
const CLOSES_MS = (15 * 60 + 30) * 60_000

/** `day`: days since 1 January 1970 in India, a Thursday. */
function isTradingDay(day: number): boolean {
  const weekday = (day + 4) % 7
  return weekday !== 0 && weekday !== 6
}

export function isMarketOpen(nowMs: number): boolean {
  const local = nowMs + IST_OFFSET_MS
  const day = Math.floor(local / DAY_MS)
  const timeMs = local - day * DAY_MS
  return isTradingDay(day) && timeMs >= OPENS_MS && timeMs < CLOSES_MS
}

/** The next opening after now, epoch ms. */
export function nextOpenMs(nowMs: number): number {
  const local = nowMs + IST_OFFSET_MS
  let day = Math.floor(local / DAY_MS)
  if (local - day * DAY_MS >= OPENS_MS) day += 1
  while (!isTradingDay(day)) day += 1
  return day * DAY_MS + OPENS_MS - IST_OFFSET_MS
}
