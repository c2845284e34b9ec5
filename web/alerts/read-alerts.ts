// The alerts panel's blocks as alerts: a row each, newest first, and what is counted but not listed.
import type { Block, Cell, Tone } from '../../src/panels/panel.js'

/** Worst first. */
export const LEVELS = ['critical', 'warn', 'info'] as const
export type AlertLevel = (typeof LEVELS)[number]

/** An alert as the panel lists it. */
export type ListedAlert = {
  /** Epoch ms; null when the status gave no time. */
  readonly atMs: number | null
  /** The time as the board shows it, in the server's time zone. */
  readonly time: string
  readonly level: AlertLevel
  readonly component: string
  readonly message: string
  /** How often it came within a minute. */
  readonly times: number
}

export type AlertList = {
  readonly alerts: readonly ListedAlert[]
  /** What the panel says of those it does not list: `not shown: warn:9`. */
  readonly notShown: readonly { readonly text: string; readonly tone?: Tone }[]
}

/** How the panel marks an alert that came more than once. */
const TIMES = / ×(\d{1,9})$/
const LEVEL_OF_TONE: Partial<Record<Tone, AlertLevel>> = { error: 'critical', warn: 'warn' }

function levelOf({ text, tone = 'info' }: Cell): AlertLevel {
  return LEVELS.find(level => level === text) ?? LEVEL_OF_TONE[tone] ?? 'info'
}

function rowsOf(block: Block): ListedAlert[] {
  if (block.kind !== 'table') return []
  const labels = block.columns.map(({ label }) => label)
  const [time, level, component, message] = ['Time', 'Level', 'Component', 'Message'].map(label =>
    labels.indexOf(label),
  )
  if (level === undefined || message === undefined || level < 0 || message < 0) return []
  return block.rows.flatMap(row => {
    const levelCell = row[level]
    const said = row[message]?.text
    if (levelCell === undefined || said === undefined) return []
    return [
      {
        atMs: row[time ?? -1]?.value ?? null,
        time: row[time ?? -1]?.text ?? '',
        level: levelOf(levelCell),
        component: row[component ?? -1]?.text ?? '',
        message: said.replace(TIMES, ''),
        times: Number(TIMES.exec(said)?.[1] ?? 1),
      },
    ]
  })
}

/** Reads the panel `alerts`; blocks of another shape are no alerts. */
export function readAlerts(blocks: readonly Block[]): AlertList {
  return {
    alerts: blocks.flatMap(rowsOf),
    notShown: blocks.flatMap(block =>
      block.kind === 'text'
        ? [{ text: block.text, ...(block.tone === undefined ? {} : { tone: block.tone }) }]
        : [],
    ),
  }
}
