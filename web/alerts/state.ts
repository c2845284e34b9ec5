// The alerts of the board that this page follows, as signals. While the page is paused only the shown list does not change.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { paused, received } from '../model.js'
import { preference } from '../state/preferences.js'
import { type AlertLog, acknowledged, EMPTY_LOG, newestMs, waiting, withListed } from './alert-log.js'
import type { AlertFilter } from './filter.js'
import { type AlertLevel, LEVELS, readAlerts } from './read-alerts.js'

const PANEL = 'alerts'

const log = signal(EMPTY_LOG)
/** Alerts up to this time are acknowledged, epoch ms; stored, so that a reload does not ask again. */
const seenMs = preference('alerts.seen', stored => (typeof stored === 'number' ? stored : 0))

let standing = EMPTY_LOG

/** All alerts received, also while paused. */
export const newestLog: ReadonlySignal<AlertLog> = log
/** The alerts that the card shows. */
export const shownLog: ReadonlySignal<AlertLog> = computed(() => {
  const newest = log.value
  if (!paused.value) standing = newest
  return standing
})
export const toAcknowledge = computed(() => waiting(log.value))
export const filter = signal<AlertFilter>({ levels: new Set<AlertLevel>(LEVELS), text: '' })

/** A person asked for the filters, however few alerts there are. */
export const isFiltering = signal(false)

/** Acknowledges all alerts. */
export function acknowledgeAll(): void {
  log.value = acknowledged(log.peek())
  seenMs.value = newestMs(log.peek())
}

/** Starts reading the panel; returns a function that stops it. */
export function followAlerts(): () => void {
  let hash: string | undefined
  return effect(() => {
    const panel = received.value?.panels.get(PANEL)
    if (panel?.facts === undefined || panel.hash === hash) return
    hash = panel.hash
    log.value = withListed(log.peek(), readAlerts(panel.facts), seenMs.peek())
  })
}
