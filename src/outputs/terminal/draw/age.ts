// Short ages: one unit, whole.

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
]

/** `12s`, `3m`, `2h`, `4d`; a unit is used from two on, so 119 s stay seconds. */
export function ageText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  for (const [size, name] of UNITS) if (whole >= 2 * size) return `${Math.floor(whole / size)}${name}`
  return `${whole}s`
}
