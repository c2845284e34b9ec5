// What a board file says about the looks of its board. Kept while the server does not answer.
import { computed, type ReadonlySignal } from '@preact/signals'
import { health } from '../model.js'

let lastTitle: string | null = null
export const boardTitle: ReadonlySignal<string | null> = computed(() => {
  if (health.value !== null) lastTitle = health.value.title
  return lastTitle
})

let lastSpans: ReadonlyMap<string, number> = new Map()
/** How many columns panels take, by key; the same map while it is equal. */
export const boardSpans: ReadonlySignal<ReadonlyMap<string, number>> = computed(() => {
  const spans = health.value?.spans ?? lastSpans
  if (JSON.stringify([...spans]) !== JSON.stringify([...lastSpans])) lastSpans = spans
  return lastSpans
})
