// Panels with a least time between two changes (links, resources): until it has passed the shown panel stays, then the newest is
// taken.
import type { Panel } from '../panels/panel.js'

export class Pacing {
  readonly #shown = new Map<string, { readonly panel: Panel; readonly changedAtMs: number }>()
  /** The last answer, valid for the same list; null while a panel waits. */
  #settled: { readonly panels: readonly Panel[]; readonly paced: readonly Panel[] } | null = null

  /** `everyMs(key)`: least time between two changes; 0 = no limit. While no panel waits, the same list gives the same list. */
  apply(panels: readonly Panel[], everyMs: (key: string) => number, nowMs: number): readonly Panel[] {
    if (this.#settled?.panels === panels) return this.#settled.paced
    let waits = false
    const paced = panels.map(panel => {
      const limitMs = everyMs(panel.key)
      if (limitMs <= 0) return panel
      const shown = this.#shown.get(panel.key)
      if (shown !== undefined && shown.panel === panel) return panel
      if (shown !== undefined && looksTheSame(shown.panel, panel)) return shown.panel
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

function looksTheSame(a: Panel, b: Panel): boolean {
  if (a.tone !== b.tone || a.title !== b.title || a.lines.length !== b.lines.length) return false
  return a.lines.every((line, i) => line === b.lines[i])
}
