// From local time to the moment, in any IANA zone. Where a clock is set back, an hour comes twice: the first one counts. Where it
// is set forward, an hour is missing: a time in it uses the offset from before, as in Python.

/** Name of an IANA zone; null when none is set. */
export type SourceZone = string | null

type ZoneOffsets = { readonly format: Intl.DateTimeFormat; readonly byStretch: Map<number, number> }

/** Zones change their offset only at multiples of this. */
const STRETCH_MS = 15 * 60_000
const DAY_MS = 86_400_000
const MAX_ZONES = 16
const MAX_STRETCHES = 1024
/** A cache, because Intl takes 30 µs for a time and every status has new ones. */
const zones = new Map<string, ZoneOffsets>()

function offsetsOf(zone: string): ZoneOffsets {
  const known = zones.get(zone)
  if (known !== undefined) return known
  if (zones.size === MAX_ZONES) zones.clear()
  const numeric = 'numeric'
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
  })
  const made = { format, byStretch: new Map<number, number>() }
  zones.set(zone, made)
  return made
}

/** How far the zone's clock is ahead of UTC at a moment. Throws RangeError for a zone that does not exist. */
export function offsetMs(zone: string, atMs: number): number {
  const { format, byStretch } = offsetsOf(zone)
  const stretch = Math.floor(atMs / STRETCH_MS)
  const known = byStretch.get(stretch)
  if (known !== undefined) return known
  const begin = stretch * STRETCH_MS
  const parts = new Map(format.formatToParts(begin).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  if (byStretch.size === MAX_STRETCHES) byStretch.clear()
  byStretch.set(stretch, wall - begin)
  return wall - begin
}

/** The moment at which the zone's clock shows the time that UTC's clock shows at `wallMs`. */
export function momentOfWall(wallMs: number, zone: string): number {
  const before = offsetMs(zone, wallMs - DAY_MS)
  const after = offsetMs(zone, wallMs + DAY_MS)
  const first = wallMs - before
  if (before === after || offsetMs(zone, first) === before) return first
  const second = wallMs - after
  return offsetMs(zone, second) === after ? second : first
}
