// Paints a scene as a frame: bars above and below; between them the panels in columns, one zoomed panel, the curated blocks, the
// help, or a message.
import type { Panel } from '../../../panels/panel.js'
import { curatedBlocks } from '../curated/blocks.js'
import { sectionLines } from '../curated/sections.js'
import type { Seen, Spot } from '../keys/reduce.js'
import { type Layout, layoutPanels, type Size } from '../layout/layout.js'
import type { TerminalSettings } from '../settings.js'
import { bottomBar, topBar } from './bars.js'
import { ContentCache } from './content-cache.js'
import { type Frame, frameOf } from './frame.js'
import { gridLines } from './grid.js'
import { type Drawing, panelBox } from './panel-box.js'
import { helpBody, nothingFound, tooSmall, waiting } from './placards.js'
import type { Line } from './run.js'
import type { Scene } from './scene.js'

/** A smaller screen only shows that it is too small. */
export const SMALLEST: Size = { width: 40, height: 6 }
/** Screens with fewer rows are always curated. */
export const CURATED_BELOW_ROWS = 24
const BAR_ROWS = 2

export type Painted = { readonly frame: Frame; readonly seen: Seen }

type Body = { readonly lines: readonly Line[]; readonly spots: readonly Spot[] }

export type PainterOptions = {
  readonly settings: TerminalSettings
  /** A clock that never jumps, milliseconds. */
  readonly clockMs: () => number
  /** How long drawing the content of a panel took, seconds; only when it was drawn. */
  readonly onPanelRender?: (panel: string, seconds: number) => void
}

/** Remembers content and layout, so that the next frame is cheap and panels do not jump. The frame depends on the scene alone. */
export class Painter {
  readonly #options: PainterOptions
  readonly #content: ContentCache
  #layout: Layout | null = null

  constructor(options: PainterOptions) {
    this.#options = options
    this.#content = new ContentCache(options.settings.clip, options.clockMs)
  }

  paint(scene: Scene): Painted {
    const { size, view, needFull } = scene
    const { settings, onPanelRender } = this.#options
    const drawing: Drawing = {
      view,
      content: this.#content,
      clip: settings.clip,
      scrollMax: new Map(),
      pageRows: 1,
    }
    const seen = (spots: readonly Spot[]): Seen => ({
      spots,
      scrollMax: drawing.scrollMax,
      pageRows: drawing.pageRows,
    })
    if (size.width < SMALLEST.width || size.height < SMALLEST.height) {
      return { frame: tooSmall(size, SMALLEST), seen: seen([]) }
    }
    const body = this.#body(scene, drawing, { width: size.width, height: size.height - BAR_ROWS })
    const top = {
      ...scene,
      timezone: settings.timezone,
      needFull: settings.showNeedFull ? needFull : null,
      paused: view.paused,
    }
    for (const [panel, ms] of this.#content.takeSpent()) onPanelRender?.(panel, ms / 1000)
    const lines = [topBar(top, size.width), ...body.lines, bottomBar(scene, size.width)]
    return { frame: frameOf(size, lines), seen: seen(body.spots) }
  }

  #body(scene: Scene, drawing: Drawing, size: Size): Body {
    const { view, shown } = scene
    const only = (lines: readonly Line[]): Body => ({ lines, spots: [] })
    if (view.help) return only(helpBody(size))
    if (shown === null || shown.board.generation === 0) {
      return only(waiting(scene.sourceName, shown?.source.error ?? null, size))
    }
    const { settings } = this.#options
    const curated = settings.curated || scene.size.height < CURATED_BELOW_ROWS
    const all = curated
      ? curatedBlocks({
          result: shown,
          thresholds: scene.thresholds,
          timezone: settings.timezone,
          nowMs: scene.shownAtMs,
          lastChangeMs: scene.lastChangeMs,
          hideEmpty: settings.hideEmptyBlocks,
        })
      : [...shown.board.panels.values()]
    this.#content.keep(new Set(all.map(({ key }) => key)))
    const panels = all.filter(panel => this.#content.filtered(panel, view.filter) !== null)
    if (panels.length === 0) return only(nothingFound(view.filter, size))
    const zoomed = view.zoomed ? panels.find(({ key }) => key === view.focus) : undefined
    if (zoomed !== undefined) {
      const place = { x: 0, y: 0, ...size, density: 'roomy' } as const
      const lines = panelBox(drawing, zoomed, place)
      return { lines, spots: panels.map(({ key }) => ({ ...place, key })) }
    }
    return curated ? sectionLines(drawing, panels, size) : this.#grid(drawing, panels, size)
  }

  #grid(drawing: Drawing, panels: readonly Panel[], size: Size): Body {
    const { filter, focus } = drawing.view
    const measured = panels.map(panel => ({
      key: panel.key,
      widths: this.#content.widths(panel, filter),
      lines: (width: number, density: 'roomy' | 'dense') =>
        this.#content.lines(panel, filter, width, density).length,
    }))
    this.#layout = layoutPanels(measured, size, this.#options.settings, focus, this.#layout)
    return { lines: gridLines(drawing, panels, this.#layout), spots: this.#layout.places }
  }
}
