// All panels of one moment. A builder that throws costs its own panel and nothing else; a panel is built again only when the
// parts of the snapshot it reads have changed, or thresholds or links are other objects.
//
// Cost: cycles are so rare that their code has gone cold, and building all panels was half of a cycle (`g6 bench cycle`).
// Comparing what they read is one small function for all panels.
import { sameJson } from '../ingest/json.js'
import {
  isFed,
  type PanelContext,
  type PanelDefinition,
  type SnapshotPart,
  type TimelessContext,
} from '../panels/definition.js'
import { makePanel } from '../panels/lines.js'
import type { Block, Panel } from '../panels/panel.js'
import { PANELS } from '../panels/registry.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import type { Status } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { DocumentBoard } from './document-panels.js'
import { FAILURES_BEFORE_PAUSE, type Failures, failedAgain, isPaused } from './pause.js'

/** A panel that an operator brings: built from the status as it came, in every cycle, and shown after the others. */
export type CustomPanel = {
  readonly key: string
  /** Null: the panel is not shown. */
  readonly build: (
    given: Readonly<{ status: Status; nowMs: number }>,
  ) => { readonly title: string; readonly blocks: readonly Block[] } | null
}

/** What a custom panel built cannot be shown. The message names the place and what is expected there, and may be public. */
export class WrongShape extends Error {
  override readonly name = 'WrongShape'
}

export type PanelBuilderOptions = {
  readonly registry?: readonly PanelDefinition[]
  readonly custom?: readonly CustomPanel[]
  /** A clock that never jumps, milliseconds; needed for `onTiming`. */
  readonly clockMs?: () => number
  /** A builder threw. */
  readonly onFault?: (key: string, error: unknown) => void
  /** A panel was really built, and took this long, seconds. */
  readonly onTiming?: (key: string, seconds: number) => void
}

export type PanelBuilder = {
  /** The shown panels in registry order; the same list while nothing was built. A panel that throws does not make it throw. */
  build(context: BuildContext): readonly Panel[]
}

export type BuildContext = PanelContext & {
  readonly snapshot: Snapshot
  /** The panels that follow from the document itself. */
  readonly document?: DocumentBoard
}

/** A panel as built, and when time alone may change it. */
type Kept = { readonly panel: Panel; readonly untilMs: number }

type Maker = {
  readonly key: string
  readonly title: string
  /** The parts of the snapshot it is made of; null: anything, so it is never kept. */
  readonly reads: readonly SnapshotPart[] | null
  readonly make: (context: BuildContext) => Kept | null
  /** Whether the document gives it anything to show; absent: always. */
  readonly isFed?: (context: BuildContext) => boolean
}

function makerOf(definition: PanelDefinition): Maker {
  const { key, title, reads } = definition
  return {
    key,
    title,
    reads,
    make: context => {
      if (!definition.shown(context)) return null
      const panel = makePanel(key, title, definition.build(context), definition.facts?.(context))
      return {
        panel,
        untilMs: definition.usesNow ? definition.changesAtMs(context) : Number.POSITIVE_INFINITY,
      }
    },
    isFed: ({ document, snapshot }) => {
      // A panel that reads nothing of the document is about this program: it stays next to an automatic board.
      if (document?.replacesKnown === true && reads.length > 0) return false
      return isFed(definition, snapshot)
    },
  }
}

function customMaker({ key, build }: CustomPanel): Maker {
  return {
    key,
    title: key,
    reads: null,
    make: ({ snapshot, nowMs }) => {
      const content = build({ status: snapshot.raw, nowMs })
      if (content === null) return null
      return { panel: makePanel(key, content.title, content.blocks), untilMs: Number.NEGATIVE_INFINITY }
    },
  }
}

const CODE_WIDTH = 40

/** The public part of an error: its code or its kind, never its message, except of one that is made for it. */
function publicPart(error: unknown): string {
  if (error instanceof WrongShape) return shownText(error.message, MESSAGE_WIDTH)
  const { code, name } =
    typeof error === 'object' && error !== null ? (error as { code?: unknown; name?: unknown }) : {}
  const errorName = [code, name].find(word => typeof word === 'string' && word !== '')
  return typeof errorName === 'string'
    ? shownText(errorName, CODE_WIDTH).replace(/[^\w.:-]+/g, '_')
    : 'unknown'
}

function faultPanel({ key, title }: Maker, text: string): Panel {
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

/** Whether a part is equal in both snapshots; each part is compared once. */
function comparing(
  a: TimelessContext['snapshot'],
  b: TimelessContext['snapshot'],
): (part: SnapshotPart) => boolean {
  const known = new Map<SnapshotPart, boolean>()
  return part => {
    const same = known.get(part) ?? sameJson(a[part], b[part])
    known.set(part, same)
    return same
  }
}

/** The panels of a moment, and until when only a change of what they are made of can change them. */
type Built = { readonly context: BuildContext; readonly panels: readonly Panel[]; readonly untilMs: number }

export function createPanelBuilder(options: PanelBuilderOptions = {}): PanelBuilder {
  const { registry = PANELS, custom = [], clockMs, onFault, onTiming } = options
  const known = registry.map(makerOf)
  const others = custom.map(customMaker)
  const makers = [...known, ...others]
  const failures = new Map<string, Failures>()
  let kept = new Map<string, Kept>()
  let previous: Built | null = null

  function built(maker: Maker, context: BuildContext): Panel | null {
    const { key } = maker
    if (isPaused(failures.get(key), context.nowMs)) {
      return faultPanel(maker, `panel resting after ${FAILURES_BEFORE_PAUSE} failures`)
    }
    const startedMs = clockMs?.() ?? 0
    try {
      const made = maker.make(context)
      failures.delete(key)
      if (made === null) return null
      kept.set(key, made)
      if (clockMs !== undefined) onTiming?.(key, (clockMs() - startedMs) / 1000)
      return made.panel
    } catch (error) {
      failures.set(key, failedAgain(failures.get(key), context.nowMs))
      onFault?.(key, error)
      return faultPanel(maker, `panel failed: ${publicPart(error)}`)
    }
  }

  /** The previous panels that are still valid. */
  function stillGood(before: Built, context: BuildContext): Map<string, Kept> {
    // A clock that was set back may bring back what had passed.
    if (context.nowMs < before.context.nowMs || !sameSurroundings(before.context, context)) return new Map()
    const isSame = comparing(before.context.snapshot, context.snapshot)
    const good = new Map<string, Kept>()
    for (const { key, reads } of makers) {
      const known = kept.get(key)
      if (known !== undefined && context.nowMs < known.untilMs && reads?.every(isSame)) good.set(key, known)
    }
    return good
  }

  return {
    build(context) {
      const before = previous
      const isSameSnapshot = before !== null && before.context.snapshot === context.snapshot
      // Only the time has changed, and by too little to change a panel.
      const isSameDocument = before?.context.document === context.document
      if (isSameSnapshot && isSameDocument && sameSurroundings(before.context, context)) {
        const { nowMs } = before.context
        if (context.nowMs >= nowMs && context.nowMs < before.untilMs) return before.panels
      }
      kept = before === null ? new Map() : stillGood(before, context)
      const panels: Panel[] = []
      let allKept = before !== null
      // A custom panel may change at any time, also one that is not shown now.
      let untilMs = custom.length > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      // Panels of a board file may take the place of known ones.
      const declared = new Set(context.document?.panels.map(({ key }) => key))
      const take = (maker: Maker): void => {
        if (declared.has(maker.key) || maker.isFed?.(context) === false) return
        const found = kept.get(maker.key)
        const panel = found === undefined ? built(maker, context) : found.panel
        if (panel === null) return
        if (found === undefined) allKept = false
        // A panel that failed is not kept, and is tried again each time.
        untilMs = Math.min(untilMs, kept.get(maker.key)?.untilMs ?? Number.NEGATIVE_INFINITY)
        panels.push(panel)
      }
      known.forEach(take)
      for (const panel of context.document?.panels ?? []) panels.push(panel)
      others.forEach(take)
      if (!isSameDocument) allKept = false
      const isSame = before !== null && allKept && panels.length === before.panels.length
      previous = { context, panels: isSame ? before.panels : panels, untilMs }
      return previous.panels
    },
  }
}
