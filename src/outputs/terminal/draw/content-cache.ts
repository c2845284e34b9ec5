// Caches the drawn content of panels by panel object, so that a board with one changed panel draws one panel. The layout asks for a
// panel in several widths; the cache keeps a few of them.
import type { Panel } from '../../../panels/panel.js'
import { contentLines, contentWidths, type Density } from './content.js'
import { filteredPanel } from './filter.js'
import type { Line } from './run.js'
import type { Widths } from './table.js'

/** Cached widths and densities for each panel. */
const MAX_KEPT = 6

type Entry = {
  readonly of: Panel
  readonly filter: string
  readonly shown: Panel | null
  widths: Widths | null
  readonly lines: Map<string, readonly Line[]>
}

export class ContentCache {
  readonly #entries = new Map<string, Entry>()
  readonly #spentMs = new Map<string, number>()

  constructor(
    private readonly clip: number,
    private readonly clockMs: () => number,
  ) {}

  /** The panel with the lines that match the filter; null when none do. The same object while nothing changed. */
  filtered(panel: Panel, filter: string): Panel | null {
    return this.#entry(panel, filter).shown
  }

  widths(panel: Panel, filter: string): Widths {
    const entry = this.#entry(panel, filter)
    entry.widths ??= this.#timed(panel.key, () => contentWidths(entry.shown?.blocks ?? [], this.clip))
    return entry.widths
  }

  lines(panel: Panel, filter: string, width: number, density: Density): readonly Line[] {
    const entry = this.#entry(panel, filter)
    const name = `${density}/${width}`
    const known = entry.lines.get(name)
    if (known !== undefined) return known
    const made = this.#timed(panel.key, () =>
      contentLines(entry.shown?.blocks ?? [], { width, density, clip: this.clip }),
    )
    if (entry.lines.size >= MAX_KEPT) entry.lines.clear()
    entry.lines.set(name, made)
    return made
  }

  /** Milliseconds spent on each panel since the last call; empty when all came from the cache. */
  takeSpent(): ReadonlyMap<string, number> {
    const spent = new Map(this.#spentMs)
    this.#spentMs.clear()
    return spent
  }

  /** Removes panels that are not in `keys`. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.#entries.delete(key)
  }

  #entry(panel: Panel, filter: string): Entry {
    const known = this.#entries.get(panel.key)
    if (known !== undefined && known.of === panel && known.filter === filter) return known
    const shown = filter === '' ? panel : this.#timed(panel.key, () => filteredPanel(panel, filter))
    const entry: Entry = { of: panel, filter, shown, widths: null, lines: new Map() }
    this.#entries.set(panel.key, entry)
    return entry
  }

  #timed<T>(key: string, work: () => T): T {
    const startMs = this.clockMs()
    const made = work()
    this.#spentMs.set(key, (this.#spentMs.get(key) ?? 0) + this.clockMs() - startMs)
    return made
  }
}
