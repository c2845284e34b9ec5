// The plots there are: one for each index that is chosen, and one for each other number worth a line.
import type { Group } from '../history/numbers.js'

export type PlotLook = {
  readonly group: Group
  readonly title: string
  readonly unit: string
  readonly digits: number
  /** Its size counts, not its changes: the axis begins at 0. */
  readonly fromZero: boolean
  /** What it cannot exceed. */
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

/** The indices shown: those chosen as far as they exist, each once, then the first others; as many as there is room for. */
export function shownIndices(
  all: readonly string[],
  chosen: readonly string[],
  room: number,
): readonly string[] {
  return [...new Set([...chosen.filter(label => all.includes(label)), ...all])].slice(0, room)
}

/** The choice after the index at `place` was changed; one that stood elsewhere changes places with it. */
export function chosenInstead(shown: readonly string[], place: number, label: string): readonly string[] {
  const before = shown[place]
  return shown.map((each, i) =>
    i === place ? label : each === label && before !== undefined ? before : each,
  )
}
