// Panels that may change only every so often (links and metadata, resources): between two changes the one shown stays.
// Nothing is lost: the newest content is taken as soon as the time is up.
import type { Panel } from '../panels/panel.js'

export class Pacing {
  readonly #shown = new Map<string, { readonly panel: Panel; readonly changedAtMs: number }>()

  /** `everyMs(key)`: least time between two changes of that panel; 0 = no limit. */
  apply(panels: readonly Panel[], everyMs: (key: string) => number, nowMs: number): readonly Panel[] {
    return panels.map(panel => {
      const limitMs = everyMs(panel.key)
      if (limitMs <= 0) return panel
      const shown = this.#shown.get(panel.key)
      if (shown !== undefined && shown.panel === panel) return panel
      if (shown !== undefined && saysTheSame(shown.panel, panel)) return shown.panel
      if (shown !== undefined && nowMs - shown.changedAtMs < limitMs) return shown.panel
      this.#shown.set(panel.key, { panel, changedAtMs: nowMs })
      return panel
    })
  }
}

function saysTheSame(a: Panel, b: Panel): boolean {
  return a.tone === b.tone && a.title === b.title && a.lines.join('\n') === b.lines.join('\n')
}
