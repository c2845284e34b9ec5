// Paints a scene as a frame: bars above and below; between them the panels in columns, one zoomed panel, the curated blocks, the
// help, or a message.

import { isJudged } from '../../../engine/cycle.js'
import type { Panel } from '../../../panels/panel.js'
import { curatedBlocks } from '../curated/blocks.js'
import { sectionLines } from '../curated/sections.js'
import type { Seen, Spot } from '../keys/reduce.js'
import { importanceInColumns } from '../layout/importance.js'
import { type Layout, layoutPanels, type Size, type Spare } from '../layout/layout.js'
import { ToneOrder } from '../layout/tone-order.js'
import type { TerminalSettings } from '../settings.js'
import { bottomBar, topBar } from './bars.js'
import { ContentCache, type ContentSetup } from './content-cache.js'
import { type Frame, frameOf } from './frame.js'
import { isNoAlerts } from './freshness.js'
import { type Block, gridLines } from './grid.js'
import { type Drawing, panelLines } from './panel-lines.js'
import { helpBody, nothingFound, tooSmall, waiting } from './placards.js'
import { plotBlocks } from './plots.js'
import { blank, type Line } from './run.js'
import type { Scene } from './scene.js'
import { NO_TRENDS } from './trends.js'
import { withVerdict } from './verdicts.js'

/** A smaller screen only shows that it is too small. */
export const SMALLEST: Size = { width: 40, height: 6 }
/** Screens with fewer rows are always curated. */
export const CURATED_BELOW_ROWS = 24

export type Painted = { readonly frame: Frame; readonly seen: Seen }

type Body = { readonly lines: readonly Line[]; readonly spots: readonly Spot[] }

export type PainterOptions = {
  readonly settings: TerminalSettings
  /** False: no plots, which ASCII cannot draw. */
  readonly utf8?: boolean
  /** A clock that never jumps, milliseconds. */
  readonly clockMs: () => number
  /** How long drawing the content of a panel took, seconds; only when it was drawn. */
  readonly onPanelRender?: (panel: string, seconds: number) => void
}

/** Remembers content and layout, so that the next frame is cheap and panels do not jump. */
export class Painter {
  readonly #options: PainterOptions
  readonly #content: ContentCache
  readonly #order = new ToneOrder()
  #layout: Layout | null = null
  #drawnPlots: { of: string; panels: readonly Panel[]; blocks: readonly Block[] } = {
    of: '',
    panels: [],
    blocks: [],
  }

  constructor(options: PainterOptions) {
    this.#options = options
    this.#content = new ContentCache(this.#setup(null), options.clockMs)
  }

  paint(scene: Scene): Painted {
    const { size, view, needFull } = scene
    const { settings, onPanelRender } = this.#options
    this.#content.begin(this.#setup(scene))
    const drawing: Drawing = { view, content: this.#content, scrollMax: new Map(), pageRows: 1 }
    const seen = (spots: readonly Spot[]): Seen => ({
      spots,
      scrollMax: drawing.scrollMax,
      pageRows: drawing.pageRows,
    })
    if (size.width < SMALLEST.width || size.height < SMALLEST.height) {
      return { frame: tooSmall(size, SMALLEST), seen: seen([]) }
    }
    const top = topBar(
      {
        ...scene,
        timezone: settings.timezone,
        needFull: settings.showNeedFull ? needFull : null,
        paused: view.paused,
      },
      size.width,
    )
    const isCurated = settings.curated || size.height < CURATED_BELOW_ROWS
    // A blank line below the bar where rows are not scarce.
    const head = isCurated ? top : [...top, [blank(size.width)]]
    const room = { width: size.width, height: Math.max(0, size.height - head.length - 1) }
    const body = this.#body(scene, drawing, room, isCurated)
    for (const [panel, ms] of this.#content.takeSpent()) onPanelRender?.(panel, ms / 1000)
    const lines = [...head, ...body.lines, bottomBar(scene, size.width)]
    const spots = body.spots.map(spot => ({ ...spot, y: spot.y + head.length }))
    return { frame: frameOf(size, lines), seen: seen(spots) }
  }

  #setup(scene: Scene | null): ContentSetup {
    const { clip, timezone, numberFormat } = this.#options.settings
    const shown = scene?.shown ?? null
    return {
      filter: scene?.view.filter ?? '',
      isJudged: shown === null || isJudged(shown),
      context: {
        clip,
        timezone,
        format: numberFormat,
        nowMs: scene?.shownAtMs ?? 0,
        trends: scene?.trends ?? NO_TRENDS,
      },
    }
  }

  #body(scene: Scene, drawing: Drawing, size: Size, isCurated: boolean): Body {
    const { view, shown } = scene
    const only = (lines: readonly Line[]): Body => ({ lines, spots: [] })
    if (view.help) return only(helpBody(size))
    if (shown === null || shown.board.generation === 0) {
      return only(waiting(scene.sourceName, shown?.source.error ?? null, size))
    }
    const { settings } = this.#options
    const all = isCurated
      ? curatedBlocks({
          result: shown,
          thresholds: scene.thresholds,
          timezone: settings.timezone,
          nowMs: scene.shownAtMs,
          lastChangeMs: scene.lastChangeMs,
          hideEmpty: settings.hideEmptyBlocks,
        })
      : withoutNoAlerts([...shown.board.panels.values()])
    this.#content.keep(new Set(all.map(({ key }) => key)))
    const kept = all.filter(panel => this.#content.shown(panel) !== null)
    if (kept.length === 0) return only(nothingFound(view.filter, size))
    const panels = this.#sorted(kept, scene, !isCurated)
    const zoomed = view.zoomed ? panels.find(({ key }) => key === view.focus) : undefined
    if (zoomed !== undefined) {
      const place = { x: 0, y: 0, ...size }
      const lines = panelLines(drawing, zoomed, { ...size, density: 'whole' })
      return { lines, spots: panels.map(({ key }) => ({ ...place, key })) }
    }
    return isCurated ? sectionLines(drawing, panels, size) : this.#grid(drawing, panels, size, scene)
  }

  /** By the tones that are shown, which are none while the status is not judged. */
  #sorted(panels: readonly Panel[], { nowMs, view }: Scene, lastInBars: boolean): readonly Panel[] {
    const byKey = new Map(panels.map(panel => [panel.key, panel]))
    const shown = panels.map(panel => this.#content.shown(panel) ?? panel)
    return this.#order
      .sorted(shown, { nowMs, hasFocus: view.focus !== null, lastInBars })
      .flatMap(({ key }) => byKey.get(key) ?? [])
  }

  #grid(drawing: Drawing, panels: readonly Panel[], size: Size, { today }: Scene): Body {
    const { focus } = drawing.view
    const measured = panels.map(panel => {
      const tone = this.#content.shown(panel)?.tone ?? panel.tone
      return {
        key: panel.key,
        measures: this.#content.measures(panel),
        tone,
        hasFocus: panel.key === focus,
        importance: panel.key === focus ? Number.POSITIVE_INFINITY : importanceInColumns(panel.key, tone),
        lines: (width: number, density: 'roomy' | 'dense' | 'whole') =>
          this.#content.content(panel, width, density).lines.length,
      }
    })
    this.#layout = layoutPanels(measured, size, this.#options.settings, this.#layout)
    const { spare, blocks } = withVerdict(this.#layout.spare, today, this.#content.setup.context)
    const plots = this.#options.utf8 === false ? [] : this.#plots(spare, panels)
    const lines = gridLines(drawing, panels, this.#layout, [...blocks, ...plots])
    return { lines, spots: this.#layout.places }
  }

  /** Drawn again when the trends or the board are newer. */
  #plots(spare: readonly Spare[], panels: readonly Panel[]): readonly Block[] {
    const { context } = this.#content.setup
    const of = JSON.stringify([context.trends.atMs, spare])
    const isSame = this.#drawnPlots.of === of && this.#drawnPlots.panels.length === panels.length
    if (isSame && panels.every((panel, i) => panel === this.#drawnPlots.panels[i]))
      return this.#drawnPlots.blocks
    const shown = panels.map(panel => this.#content.shown(panel) ?? panel)
    this.#drawnPlots = { of, panels, blocks: plotBlocks(spare, shown, context) }
    return this.#drawnPlots.blocks
  }
}

function withoutNoAlerts(panels: readonly Panel[]): readonly Panel[] {
  const others = panels.filter(panel => !isNoAlerts(panel))
  return others.length === 0 ? panels : others
}
