// Filters alerts by level and by words: the alert must contain every word, in any case.
import type { AlertLevel, ListedAlert } from './read-alerts.js'

export type AlertFilter = { readonly levels: ReadonlySet<AlertLevel>; readonly text: string }

export function filtered<T extends ListedAlert>(
  alerts: readonly T[],
  { levels, text }: AlertFilter,
): readonly T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return alerts.filter(({ level, component, message, time }) => {
    if (!levels.has(level)) return false
    const searched = `${time} ${level} ${component} ${message}`.toLowerCase()
    return words.every(word => searched.includes(word))
  })
}
