// The plots: one for each chosen index, and one for each other number.
import type { Group } from '../history/numbers.js'

export type PlotLook = {
  readonly group: Group
  readonly title: string
  readonly unit: string
  readonly digits: number
  /** The axis begins at 0: the size matters, not the changes. */
  readonly fromZero: boolean
  /** Its highest possible value. */
  readonly limit?: number
}

export const LTP: PlotLook = { group: 'ltp', title: 'LTP', unit: '', digits: 2, fromZero: false }

export const DATA_QUALITY: PlotLook = {
  group: 'dq',
  title: 'Data quality',
  unit: ' %',
  digits: 1,
  fromZero: false,
  limit: 100,
}

export const OTHERS: readonly PlotLook[] = [
  { group: 'cycle', title: 'Cycle time', unit: ' s', digits: 2, fromZero: true },
  { group: 'cpu', title: 'CPU', unit: ' %', digits: 1, fromZero: true, limit: 100 },
  { group: 'memory', title: 'Memory', unit: ' MB', digits: 1, fromZero: false },
]

/** The indices shown: the chosen ones that exist, each once, then the first others; at most `room`. */
export function shownIndices(
  all: readonly string[],
  chosen: readonly string[],
  room: number,
): readonly string[] {
  return [...new Set([...chosen.filter(label => all.includes(label)), ...all])].slice(0, room)
}

/** The choice after `label` was put at `place`; if it is shown elsewhere, the two swap places. */
export function chosenInstead(shown: readonly string[], place: number, label: string): readonly string[] {
  const before = shown[place]
  return shown.map((each, i) =>
    i === place ? label : each === label && before !== undefined ? before : each,
  )
}
