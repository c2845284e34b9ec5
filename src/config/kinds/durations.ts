// Amounts with a unit, as tables of files have them: "500ms", "2m", "64KiB".
import { z } from 'zod'

const MS_IN: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
}

/** Null: not a number with one of the units. */
export function measured(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,6})?) ?([a-zA-Z]{1,3})$/.exec(text) ?? []
  const scale = units[unit.toLowerCase()]
  return scale === undefined ? null : Math.round(Number(number) * scale)
}

/** A time with its unit, in milliseconds; `range` says the bounds in words. */
export function duration(lowMs: number, highMs: number, range: string) {
  const allowed = `a time with its unit from ${range}, as in "500ms", "5s", "2m"`
  return z.string(`allowed: ${allowed}`).transform((text, context) => {
    const ms = measured(text, MS_IN)
    if (ms !== null && ms >= lowMs && ms <= highMs) return ms
    context.addIssue({ code: 'custom', message: `allowed: ${allowed}` })
    return z.NEVER
  })
}
