// Reads the alerts, newest first, from the facts of the alerts panel.
import { factAt, numberAt, textAt } from '../../src/panels/facts.js'
import { MISSING } from '../state/panels.js'

/** Worst first. */
export const LEVELS = ['critical', 'warn', 'info'] as const
export type AlertLevel = (typeof LEVELS)[number]

/** An alert as the panel lists it. */
export type ListedAlert = {
  /** Epoch ms; null when the status gave no time. */
  readonly atMs: number | null
  /** The time in the time zone of the board. */
  readonly time: string
  readonly level: AlertLevel
  readonly component: string
  readonly message: string
  /** How often it came within a minute. */
  readonly times: number
}

export function readAlerts(facts: unknown): readonly ListedAlert[] {
  const items = factAt(facts, 'items')
  if (!Array.isArray(items)) return []
  return items.flatMap(item => {
    const message = textAt(item, 'message')
    if (message === null) return []
    return {
      atMs: numberAt(item, 'at_ms'),
      time: textAt(item, 'time') ?? MISSING,
      level: LEVELS.find(level => level === textAt(item, 'level')) ?? 'info',
      component: textAt(item, 'component') ?? MISSING,
      message,
      times: numberAt(item, 'times') ?? 1,
    }
  })
}
