// Panels that may change only every so often (links and metadata, resources): between two changes the one shown stays.
// Nothing is lost: the newest content is taken as soon as the time is up.
import type { Panel } from '../panels/panel.js'

export class Pacing {
  readonly #shown = new Map<string, { readonly panel: Panel; readonly changedAtMs: number }>()
  /** The last answer, good for the same list again; null while a panel waits for its time. */
  #settled: { readonly panels: readonly Panel[]; readonly paced: readonly Panel[] } | null = null

  /**
   * `everyMs(key)`: least time between two changes of that panel; 0 = no limit. The same list for the same list, while
   * nothing waits.
   */
  apply(panels: readonly Panel[], everyMs: (key: string) => number, nowMs: number): readonly Panel[] {
    if (this.#settled?.panels === panels) return this.#settled.paced
    let waits = false
    const paced = panels.map(panel => {
      const limitMs = everyMs(panel.key)
      if (limitMs <= 0) return panel
      const shown = this.#shown.get(panel.key)
      if (shown !== undefined && shown.panel === panel) return panel
      if (shown !== undefined && saysTheSame(shown.panel, panel)) return shown.panel
      if (shown !== undefined && nowMs - shown.changedAtMs < limitMs) {
        waits = true
        return shown.panel
      }
      this.#shown.set(panel.key, { panel, changedAtMs: nowMs })
      return panel
    })
    this.#settled = waits ? null : { panels, paced }
    return paced
  }
}

function saysTheSame(a: Panel, b: Panel): boolean {
  if (a.tone !== b.tone || a.title !== b.title || a.lines.length !== b.lines.length) return false
  return a.lines.every((line, i) => line === b.lines[i])
}
