// What a panel of the registry is, and what its builder may look at.
import type { IngestView } from '../ingest/view.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { Block } from './panel.js'
import type { Thresholds } from './thresholds.js'

/** Addresses a person may want to open; null where there is none. */
export type PanelLinks = {
  /** The status file or the source, as `Source.name`. */
  readonly source: string | null
  readonly metricsUrl: string | null
  readonly streamUrl: string | null
  readonly pageUrl: string | null
}

/** All a builder may look at, but for the time. Immutable: what changes is a new object. */
export type TimelessContext = {
  readonly snapshot: Snapshot
  readonly thresholds: Thresholds
  /** IANA name; every time is shown in it. */
  readonly timezone: string
  readonly links: PanelLinks
  /** Fails by index from `G6_INDICES_PANEL_LOG`; adds the column. */
  readonly indexFails?: Readonly<Record<string, number>>
  /** The followed status streams, the primary one first. */
  readonly ingest?: readonly IngestView[]
}

export type PanelContext = TimelessContext & { readonly nowMs: number }

type Described = {
  readonly key: string
  readonly title: string
  /** Panels are shown in rising order. */
  readonly order: number
  readonly stability: 'stable' | 'experimental'
  /** Whether the board has this panel at all; nearly always told by the snapshot. */
  shown(snapshot: Snapshot, context: TimelessContext): boolean
}

/**
 * A panel's builder is pure. Most do not see the time, so the panel of an unchanged snapshot need not be built again; one
 * whose content depends on it says so. What only ages is no content: whoever shows the board computes ages.
 */
export type PanelDefinition = Described &
  (
    | { readonly usesNow?: false; build(context: TimelessContext): readonly Block[] }
    | {
        readonly usesNow: true
        build(context: PanelContext): readonly Block[]
        /** When time alone may next change the panel of this snapshot, epoch ms; Infinity = never. */
        changesAtMs(context: PanelContext): number
      }
  )

export const always = (): boolean => true
