// Ages and times as text.

/** `5 s`, `3 min`, `2 h`, `4 d`; whole units, rounded down. */
export function ageText(ms: number): string {
  const sec = Math.max(0, Math.floor(ms / 1000))
  if (sec < 60) return `${sec} s`
  if (sec < 3_600) return `${Math.floor(sec / 60)} min`
  if (sec < 86_400) return `${Math.floor(sec / 3_600)} h`
  return `${Math.floor(sec / 86_400)} d`
}

/** `HH:MM:SS` in this browser's time zone. Not with `Intl`: loading its data takes longer than drawing a board. */
export function clockText(atMs: number): string {
  const at = new Date(atMs)
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map(part => String(part).padStart(2, '0'))
    .join(':')
}
