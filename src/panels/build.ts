// All panels of one moment. A builder that throws costs its own panel and nothing else; a panel whose snapshot,
// thresholds and links are the very same as last time is not built again.
import type { PanelContext, PanelDefinition, TimelessContext } from './definition.js'
import { makePanel } from './lines.js'
import type { Panel } from './panel.js'
import { PANELS } from './registry.js'
import { FAILURES_BEFORE_REST, type Failures, failedAgain, isResting } from './rest.js'
import { shownText } from './text.js'

export type PanelBuilderOptions = {
  readonly registry?: readonly PanelDefinition[]
  /** A clock that never jumps, milliseconds; needed for `onTiming`. */
  readonly clockMs?: () => number
  /** Told of every builder that threw. */
  readonly onFault?: (key: string, error: unknown) => void
  /** Told how long each panel took that was really built, seconds. */
  readonly onTiming?: (key: string, seconds: number) => void
}

export type PanelBuilder = {
  /** The panels that are shown, in registry order; the same list while nothing was built. Never throws for what a panel does. */
  build(context: PanelContext): readonly Panel[]
}

/** A panel as built, and when time alone may change it. */
type Kept = { readonly panel: Panel; readonly untilMs: number }

const CODE_WIDTH = 40

/** What may be said of an error in public: its code or its kind, never its message. */
function codeOf(error: unknown): string {
  const { code, name } =
    typeof error === 'object' && error !== null ? (error as { code?: unknown; name?: unknown }) : {}
  const said = [code, name].find(word => typeof word === 'string' && word !== '')
  return typeof said === 'string' ? shownText(said, CODE_WIDTH).replace(/[^\w.:-]+/g, '_') : 'unknown'
}

function faultPanel({ key, title }: PanelDefinition, text: string): Panel {
  return makePanel(key, title, [{ kind: 'text', text, tone: 'error' }])
}

function sameButForTime(a: TimelessContext, b: TimelessContext): boolean {
  return (
    a.snapshot === b.snapshot &&
    a.thresholds === b.thresholds &&
    a.links === b.links &&
    a.timezone === b.timezone &&
    a.indexFails === b.indexFails &&
    a.ingest === b.ingest
  )
}

export function createPanelBuilder(options: PanelBuilderOptions = {}): PanelBuilder {
  const { registry = PANELS, clockMs, onFault, onTiming } = options
  const failures = new Map<string, Failures>()
  let kept = new Map<string, Kept>()
  let previous: { readonly context: PanelContext; readonly panels: readonly Panel[] } | null = null

  function built(definition: PanelDefinition, context: PanelContext): Panel | null {
    const { key, title } = definition
    if (isResting(failures.get(key), context.nowMs)) {
      return faultPanel(definition, `panel resting after ${FAILURES_BEFORE_REST} failures`)
    }
    const startedMs = clockMs?.() ?? 0
    try {
      const panel = definition.shown(context.snapshot, context)
        ? makePanel(key, title, definition.build(context))
        : null
      failures.delete(key)
      if (panel !== null) {
        const untilMs =
          definition.usesNow === true ? definition.changesAtMs(context) : Number.POSITIVE_INFINITY
        kept.set(key, { panel, untilMs })
      }
      if (clockMs !== undefined && panel !== null) onTiming?.(key, (clockMs() - startedMs) / 1000)
      return panel
    } catch (error) {
      failures.set(key, failedAgain(failures.get(key), context.nowMs))
      onFault?.(key, error)
      return faultPanel(definition, `panel failed: ${codeOf(error)}`)
    }
  }

  return {
    build(context) {
      const { nowMs } = context
      const isSame = previous !== null && sameButForTime(previous.context, context)
      if (!isSame) kept = new Map()
      // A clock that was set back may bring back what had passed.
      const wentBack = previous !== null && nowMs < previous.context.nowMs
      let allKept = isSame
      const panels: Panel[] = []
      for (const definition of registry) {
        const known = kept.get(definition.key)
        const isGood = known !== undefined && nowMs < known.untilMs && !wentBack
        const panel = isGood ? known.panel : built(definition, context)
        // One that is not shown is asked again each time, and may be not shown again.
        if (!isGood && panel !== null) allKept = false
        if (panel !== null) panels.push(panel)
      }
      const shown =
        previous !== null && allKept && panels.length === previous.panels.length ? previous.panels : panels
      previous = { context, panels: shown }
      return shown
    },
  }
}
