// Which number the plot shows.
import { preference } from '../state/preferences.js'
import { query } from '../state/query.js'

/** The plot's place in the document. */
export const PLOT_ID = 'plot'

const MAX_ID = 512

/** The id of the chosen fact; null = what the page chooses. */
export const chosenFact = preference('plot.fact', stored =>
  typeof stored === 'string' && stored.length <= MAX_ID ? stored : null,
)

export function showInPlot(id: string): void {
  if (query.kiosk) return
  chosenFact.value = id
  document.getElementById(PLOT_ID)?.scrollIntoView({ block: 'nearest' })
}
