// All panels of one moment. A builder that throws costs its own panel and nothing else; a panel is not built again while the
// parts of the snapshot it reads say what they said, and thresholds and links are the very same.
//
// Cost: a cycle comes so seldom that its code has gone cold, and building all panels was half of it (`g6 bench cycle`). To
// compare what they read is one small function, whatever the panel.
import type { PanelContext, PanelDefinition, SnapshotPart, TimelessContext } from '../panels/definition.js'
import { makePanel } from '../panels/lines.js'
import type { Panel } from '../panels/panel.js'
import { PANELS } from '../panels/registry.js'
import { shownText } from '../panels/text.js'
import { deepEqual } from './deep-equal.js'
import { FAILURES_BEFORE_REST, type Failures, failedAgain, isResting } from './rest.js'

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

function sameSurroundings(a: TimelessContext, b: TimelessContext): boolean {
  return (
    a.thresholds === b.thresholds &&
    a.links === b.links &&
    a.timezone === b.timezone &&
    a.sourceZone === b.sourceZone &&
    a.staleness === b.staleness &&
    a.indexFails === b.indexFails &&
    a.ingest === b.ingest
  )
}

/** Tells of a part whether it says in both what it says; each is compared once. */
function comparing(
  a: TimelessContext['snapshot'],
  b: TimelessContext['snapshot'],
): (part: SnapshotPart) => boolean {
  const known = new Map<SnapshotPart, boolean>()
  return part => {
    const same = known.get(part) ?? deepEqual(a[part], b[part])
    known.set(part, same)
    return same
  }
}

/** The panels of a moment, and until when nothing but what they are made of can change them. */
type Built = { readonly context: PanelContext; readonly panels: readonly Panel[]; readonly untilMs: number }

export function createPanelBuilder(options: PanelBuilderOptions = {}): PanelBuilder {
  const { registry = PANELS, clockMs, onFault, onTiming } = options
  const failures = new Map<string, Failures>()
  let kept = new Map<string, Kept>()
  let previous: Built | null = null

  function built(definition: PanelDefinition, context: PanelContext): Panel | null {
    const { key, title } = definition
    if (isResting(failures.get(key), context.nowMs)) {
      return faultPanel(definition, `panel resting after ${FAILURES_BEFORE_REST} failures`)
    }
    const startedMs = clockMs?.() ?? 0
    try {
      const panel = definition.shown(context)
        ? makePanel(key, title, definition.build(context), definition.facts?.(context))
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

  /** The panels of before as far as they are still good. */
  function stillGood(before: Built, context: PanelContext): Map<string, Kept> {
    // A clock that was set back may bring back what had passed.
    if (context.nowMs < before.context.nowMs || !sameSurroundings(before.context, context)) return new Map()
    const isSame = comparing(before.context.snapshot, context.snapshot)
    const good = new Map<string, Kept>()
    for (const { key, reads } of registry) {
      const known = kept.get(key)
      if (known !== undefined && context.nowMs < known.untilMs && reads.every(isSame)) good.set(key, known)
    }
    return good
  }

  return {
    build(context) {
      const before = previous
      const isSameSnapshot = before !== null && before.context.snapshot === context.snapshot
      // Nothing but the time has changed, and not enough of that.
      if (isSameSnapshot && sameSurroundings(before.context, context)) {
        const { nowMs } = before.context
        if (context.nowMs >= nowMs && context.nowMs < before.untilMs) return before.panels
      }
      kept = before === null ? new Map() : stillGood(before, context)
      const panels: Panel[] = []
      let allKept = before !== null
      let untilMs = Number.POSITIVE_INFINITY
      for (const definition of registry) {
        const known = kept.get(definition.key)
        const panel = known === undefined ? built(definition, context) : known.panel
        if (panel === null) continue
        if (known === undefined) allKept = false
        // One that failed is not kept, and is tried again each time.
        untilMs = Math.min(untilMs, kept.get(definition.key)?.untilMs ?? Number.NEGATIVE_INFINITY)
        panels.push(panel)
      }
      const isSame = before !== null && allKept && panels.length === before.panels.length
      previous = { context, panels: isSame ? before.panels : panels, untilMs }
      return previous.panels
    },
  }
}
