// The times on the page, all in one zone, and how numbers are written: as the server says.
import { computed, type ReadonlySignal } from '@preact/signals'
import type { NumberFormat } from '../../src/display/number-text.js'
import { health, nowMs } from '../model.js'
import { type Zone, zoneOf } from './zone.js'

/** What the server said last. Kept while it does not answer. */
let said: { timezone: string | null; format: NumberFormat } = { timezone: null, format: 'plain' }
const known = computed(() => {
  const now = health.value
  if (now !== null && (now.timezone !== said.timezone || now.numberFormat !== said.format))
    said = { timezone: now.timezone, format: now.numberFormat }
  return said
})

export const numberFormat: ReadonlySignal<NumberFormat> = computed(() => known.value.format)
/** Names change with summer time. */
const hour = computed(() => Math.floor(nowMs.value / 3_600_000))
export const zone: ReadonlySignal<Zone> = computed(() => zoneOf(known.value.timezone, hour.value * 3_600_000))

/** `14:16:32`; with the day where it is not today. */
export function clockText(atMs: number): string {
  return zone.value.clock(atMs, nowMs.peek())
}

/** The text that the board gives a moment; with the day where it is not today. */
export function momentText(atMs: number, given: string): string {
  const isToday = known.value.timezone === null || !zone.value.isOtherDay(atMs, nowMs.peek())
  return isToday ? given : clockText(atMs)
}
