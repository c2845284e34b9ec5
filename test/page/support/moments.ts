// Boards of one moment after another: with the alerts, the prices and the processor a test wants.
import type { Panel } from '../../../src/panels/panel.js'
import { fixture, panelsOf } from '../../terminal/support/scenes.js'

export type GivenAlert = {
  /** Seconds after eight o’clock in London on some Friday. */
  readonly sec: number
  readonly level?: 'critical' | 'warn' | 'info'
  readonly message: string
  /** Null: the status names none. */
  readonly component?: string | null
}

const EIGHT_MS = Date.UTC(2025, 0, 31, 8)

export function withAlerts(...alerts: readonly GivenAlert[]): readonly Panel[] {
  return panelsOf({
    ...fixture('nested'),
    events: [],
    alerts: alerts.map(({ sec, level = 'warn', message, component = 'Provider' }) => ({
      time: new Date(EIGHT_MS + sec * 1000).toISOString(),
      level,
      ...(component === null ? {} : { component }),
      message,
    })),
  })
}

/** The board of the fullest status with these prices and this processor load. */
export function withNumbers(ltp: Readonly<Record<string, number>>, cpu: number): readonly Panel[] {
  const details = Object.entries(ltp).map(([name, price], i) => [
    name,
    { status: 'ok', ltp: price, dq: { score_percent: 95 - (i % 30) } },
  ])
  return panelsOf({
    ...fixture('full'),
    indices: Object.fromEntries(details),
    indices_detail: Object.fromEntries(details),
    resources: { cpu_pct: cpu, memory_mb: 231.5 },
  })
}
