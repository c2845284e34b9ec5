// The alerts of the board this page follows, as signals; they go on while the page is paused, only what is shown stands still.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { paused, received as receivedBoard } from '../model.js'
import { preference } from '../state/preferences.js'
import { type AlertLog, acknowledged, EMPTY_LOG, newestMs, received, waiting } from './alert-log.js'
import type { AlertFilter } from './filter.js'
import { type AlertLevel, LEVELS, readAlerts } from './read-alerts.js'

const PANEL = 'alerts'

const log = signal(EMPTY_LOG)
/** Up to when a person had acknowledged what there was, epoch ms: so that a reload asks for nothing again. */
const seenMs = preference('alerts.seen', stored => (typeof stored === 'number' ? stored : 0))

let standing = EMPTY_LOG

/** All alerts received, shown or not. */
export const newestLog: ReadonlySignal<AlertLog> = log
/** What the card shows. */
export const shownLog: ReadonlySignal<AlertLog> = computed(() => {
  const newest = log.value
  if (!paused.value) standing = newest
  return standing
})
export const toAcknowledge = computed(() => waiting(log.value))
export const filter = signal<AlertFilter>({ levels: new Set<AlertLevel>(LEVELS), text: '' })

/** A person has seen all there are. */
export function acknowledgeAll(): void {
  log.value = acknowledged(log.peek())
  seenMs.value = newestMs(log.peek())
}

/** Begins to read the panel; returns what ends it. */
export function readTheBoard(): () => void {
  let hash: string | undefined
  return effect(() => {
    const panel = receivedBoard.value?.panels.get(PANEL)
    if (panel?.facts === undefined || panel.hash === hash) return
    hash = panel.hash
    log.value = received(log.peek(), readAlerts(panel.facts), seenMs.peek())
  })
}
