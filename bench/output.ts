// How every benchmark prints: JSON with the machine, a line per figure, figures over their limit, and complaints that make the exit
// code 1.

import { complain, print } from '../src/log/print.js'
import { describeMachine } from './machine.js'

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** A figure for people: two decimals, none from 100 up. */
export const short = (value: number): string => value.toFixed(Math.abs(value) >= 100 ? 0 : 2)

/** Measures, and prints the report as JSON with the machine as it was before. */
export async function printed<R extends object>(measure: () => R | Promise<R>): Promise<R> {
  const machine = describeMachine()
  const report = await measure()
  print(jsonText({ ...report, machine }))
  return report
}

/** One line per property. */
export function readable(report: object): string {
  const shown = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
  return Object.entries(report)
    .map(([name, value]) => `${name.padEnd(34)} ${shown(value)}\n`)
    .join('')
}

export function fail(complaints: readonly string[]): void {
  for (const complaint of complaints) complain(`g6 bench: ${complaint}\n`)
  if (complaints.length > 0) process.exitCode = 1
}

/** A figure with a limit. */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly unit?: string
  /** The value must be at least the limit; otherwise at most. */
  readonly isLeast?: boolean
}

export const shown = (value: number): string => String(Number(value.toFixed(2)))

export const isWithin = ({ value, limit, isLeast = false }: Figure): boolean =>
  isLeast ? value >= limit : value <= limit

/** A sentence for each figure beyond its limit. */
export function complaintsOf(figures: readonly Figure[]): readonly string[] {
  return figures
    .filter(figure => !isWithin(figure))
    .map(({ name, value, limit, unit = '' }) => {
      const behind = unit === '' ? '' : ` ${unit}`
      return `${name}: ${shown(value)}${behind}, the limit is ${limit}${behind}`
    })
}
