// What a panel of the registry is, and what its builder may read.
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

/** What builders may read of a snapshot: derived values, not the raw status. */
export type SnapshotPart = Exclude<keyof Snapshot, 'raw' | 'origins'>

/** `market`: silence is normal while the market is closed. */
export const STALENESS = ['market', 'always'] as const
export type Staleness = (typeof STALENESS)[number]

/** All that the builder of a panel with these parts may read, without the time. Immutable: a change makes a new object. */
export type TimelessContext<Part extends SnapshotPart = SnapshotPart> = {
  readonly snapshot: Pick<Snapshot, Part>
  readonly thresholds: Thresholds
  /** IANA name; all times are shown in this zone. */
  readonly timezone: string
  /** The zone of times without one, for values that builders parse themselves. */
  readonly sourceZone?: SourceZone
  readonly links: PanelLinks
  /** `G6_STALENESS`; default `market`. */
  readonly staleness?: Staleness
  /** Fails by index from `G6_INDICES_PANEL_LOG`; adds the column Fails. */
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
  /** The parts of a snapshot that it reads; while they are equal, the panel is not built again. */
  readonly reads: readonly Part[]
  /**
   * Members of the document, and parts of the snapshot (`resources`), that feed it: without any of them the panel has nothing to show
   * and is not shown. Absent: it is made of something else.
   */
  readonly fedBy?: readonly string[]
  /** Whether it has something to show without them. */
  readonly alsoShown?: (snapshot: Pick<Snapshot, Part>) => boolean
  /** Whether the board has this panel at all. */
  readonly shown: (context: TimelessContext<Part>) => boolean
}

/**
 * A panel's builder is pure. Most get no time, so an unchanged snapshot needs no new panel; `usesNow` marks those whose content
 * depends on the time. Ages are not content: surfaces compute them.
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
        /** When the panel of this snapshot may next change by time alone, epoch ms; Infinity = never. */
        readonly changesAtMs: (context: PanelContext<Part>) => number
      }
  )

/** Returns the definition; the types check that it reads only the parts it names. */
export function definePanel<const Part extends SnapshotPart>(
  definition: PanelDefinition<Part>,
): PanelDefinition {
  return definition
}

/** Whether anything of the document feeds the panel. */
export function isFed({ fedBy, alsoShown }: PanelDefinition, snapshot: Snapshot): boolean {
  if (fedBy === undefined || alsoShown?.(snapshot) === true) return true
  const { raw, origins } = snapshot
  const hasMember = fedBy.some(name => (Object.hasOwn(raw, name) ? (raw[name] ?? null) !== null : false))
  return hasMember || Object.keys(origins).some(name => fedBy.includes(name.split('.')[0] ?? ''))
}

export const always = (): boolean => true
