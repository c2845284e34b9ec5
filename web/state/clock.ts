// The times on the page, all in one zone, and how numbers are written: as the server says.
import { computed, type ReadonlySignal } from '@preact/signals'
import type { NumberFormat } from '../../src/display/number-text.js'
import { health, nowMs } from '../model.js'
import { type Zone, zoneOf } from './zone.js'

/** What the server sent last. Kept while it does not answer. */
let latest: { timezone: string | null; format: NumberFormat } = { timezone: null, format: 'plain' }
const known = computed(() => {
  const now = health.value
  if (now !== null && (now.timezone !== latest.timezone || now.numberFormat !== latest.format))
    latest = { timezone: now.timezone, format: now.numberFormat }
  return latest
})

export const numberFormat: ReadonlySignal<NumberFormat> = computed(() => known.value.format)
/** Names change with summer time. */
const hour = computed(() => Math.floor(nowMs.value / 3_600_000))
export const zone: ReadonlySignal<Zone> = computed(() => zoneOf(known.value.timezone, hour.value * 3_600_000))

/** The time of the board: now, or that of the recording which the server plays, as it was last sent. */
export const shownNowMs: ReadonlySignal<number> = computed(() => {
  const { recording = null, atMs = 0 } = health.value ?? {}
  if (recording === null) return nowMs.value
  return recording.ended ? recording.nowMs : recording.nowMs + Math.max(0, nowMs.value - atMs)
})

/** `14:16:32`; with the day where it is not today. */
export function clockText(atMs: number): string {
  return zone.value.clock(atMs, shownNowMs.peek())
}

/** The text that the board gives a moment; with the day where it is not today. */
export function momentText(atMs: number, given: string): string {
  const isToday = known.value.timezone === null || !zone.value.isOtherDay(atMs, shownNowMs.peek())
  return isToday ? given : clockText(atMs)
}
