// What a panel of the registry is, and what its builder may look at.
import type { IngestView } from '../ingest/view.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { SourceZone } from '../snapshot/zone.js'
import type { Facts } from './facts.js'
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

/** What builders may read of a snapshot: what was made of the status, not the status itself. */
export type SnapshotPart = Exclude<keyof Snapshot, 'raw' | 'origins'>

/** `market`: while the market is closed nobody writes, and silence is normal. */
export const STALENESS = ['market', 'always'] as const
export type Staleness = (typeof STALENESS)[number]

/** All a builder that reads these parts may look at, but for the time. Immutable: what changes is a new object. */
export type TimelessContext<Part extends SnapshotPart = SnapshotPart> = {
  readonly snapshot: Pick<Snapshot, Part>
  readonly thresholds: Thresholds
  /** IANA name; every time is shown in it. */
  readonly timezone: string
  /** The zone of times that name none, for what is read here as it came. */
  readonly sourceZone?: SourceZone
  readonly links: PanelLinks
  /** `G6_STALENESS`; `market` when not given. */
  readonly staleness?: Staleness
  /** Fails by index from `G6_INDICES_PANEL_LOG`; adds the column. */
  readonly indexFails?: Readonly<Record<string, number>>
  /** The followed status streams, the primary one first. */
  readonly ingest?: readonly IngestView[]
}

export type PanelContext<Part extends SnapshotPart = SnapshotPart> = TimelessContext<Part> & {
  readonly nowMs: number
}

type Described<Part extends SnapshotPart> = {
  readonly key: string
  readonly title: string
  /** Panels are shown in rising order. */
  readonly order: number
  readonly stability: 'stable' | 'experimental'
  /** The parts of a snapshot it is made of; while they say the same, it is not built again. */
  readonly reads: readonly Part[]
  /** Whether the board has this panel at all. */
  readonly shown: (context: TimelessContext<Part>) => boolean
}

/**
 * A panel's builder is pure. Most do not see the time, so the panel of an unchanged snapshot need not be built again; one
 * whose content depends on it says so. What only ages is no content: whoever shows the board computes ages.
 */
export type PanelDefinition<Part extends SnapshotPart = SnapshotPart> = Described<Part> &
  (
    | {
        readonly usesNow?: false
        readonly build: (context: TimelessContext<Part>) => readonly Block[]
        readonly facts?: (context: TimelessContext<Part>) => Facts
      }
    | {
        readonly usesNow: true
        readonly build: (context: PanelContext<Part>) => readonly Block[]
        readonly facts?: (context: PanelContext<Part>) => Facts
        /** When time alone may next change the panel of this snapshot, epoch ms; Infinity = never. */
        readonly changesAtMs: (context: PanelContext<Part>) => number
      }
  )

/** A definition as given; that it looks at no part it does not name is checked by its types. */
export function definePanel<const Part extends SnapshotPart>(
  definition: PanelDefinition<Part>,
): PanelDefinition {
  return definition
}

export const always = (): boolean => true
