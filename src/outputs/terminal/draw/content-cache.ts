// Caches the drawn content of panels by panel object, so that a board with one changed panel draws one panel. The layout asks for a
// panel in several widths; the cache keeps a few of them.
import type { Panel } from '../../../panels/panel.js'
import {
  type Content,
  type ContentContext,
  contentOf,
  type Density,
  type Measures,
  measuresOf,
  summaryLine,
} from './content.js'
import { filteredPanel } from './filter.js'
import type { Line } from './run.js'
import { withdrawnPanel } from './withdrawn.js'

/** Cached widths and densities for each panel. */
const MAX_KEPT = 6
/** Trends move, and days pass, without a change of the panel. */
export const REDRAWN_AFTER_MS = 15_000

/** What the content of a frame depends on, besides its panels. */
export type ContentSetup = {
  readonly filter: string
  /** The status is recent enough for its tones. */
  readonly isJudged: boolean
  readonly context: ContentContext
}

type Entry = {
  readonly of: Panel
  readonly filter: string
  readonly isJudged: boolean
  readonly drawnMs: number
  readonly shown: Panel | null
  measures: Measures | null
  readonly contents: Map<string, Content>
  readonly summaries: Map<number, Line>
}

const EMPTY: Content = { lines: [], remark: '', leftOut: 0 }

export class ContentCache {
  readonly #entries = new Map<string, Entry>()
  readonly #spentMs = new Map<string, number>()
  #setup: ContentSetup

  constructor(
    setup: ContentSetup,
    private readonly clockMs: () => number,
  ) {
    this.#setup = setup
  }

  get setup(): ContentSetup {
    return this.#setup
  }

  /** For the next frame. */
  begin(setup: ContentSetup): void {
    this.#setup = setup
  }

  /** The panel as it is shown; null when no line of it matches the filter. The same object while nothing changed. */
  shown(panel: Panel): Panel | null {
    return this.#entry(panel).shown
  }

  measures(panel: Panel): Measures {
    const entry = this.#entry(panel)
    entry.measures ??= this.#timed(panel.key, () => measuresOf(entry.shown ?? panel, this.#setup.context))
    return entry.measures
  }

  content(panel: Panel, width: number, density: Density): Content {
    const entry = this.#entry(panel)
    const { shown } = entry
    if (shown === null) return EMPTY
    const name = `${density}/${width}`
    const known = entry.contents.get(name)
    if (known !== undefined) return known
    const made = this.#timed(panel.key, () => contentOf(shown, width, density, this.#setup.context))
    if (entry.contents.size >= MAX_KEPT) entry.contents.clear()
    entry.contents.set(name, made)
    return made
  }

  summary(panel: Panel, width: number): Line {
    const entry = this.#entry(panel)
    const known = entry.summaries.get(width)
    if (known !== undefined) return known
    const made = this.#timed(panel.key, () => summaryLine(entry.shown ?? panel, width, this.#setup.context))
    if (entry.summaries.size >= MAX_KEPT) entry.summaries.clear()
    entry.summaries.set(width, made)
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

  #entry(panel: Panel): Entry {
    const { filter, isJudged, context } = this.#setup
    const known = this.#entries.get(panel.key)
    if (
      known !== undefined &&
      known.of === panel &&
      known.filter === filter &&
      known.isJudged === isJudged &&
      Math.abs(context.nowMs - known.drawnMs) < REDRAWN_AFTER_MS
    )
      return known
    const shown = this.#timed(panel.key, () => {
      const judged = isJudged ? panel : withdrawnPanel(panel)
      return filter === '' ? judged : filteredPanel(judged, filter)
    })
    const entry: Entry = {
      of: panel,
      filter,
      isJudged,
      drawnMs: context.nowMs,
      shown,
      measures: null,
      contents: new Map(),
      summaries: new Map(),
    }
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
