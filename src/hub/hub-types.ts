// The hub as the rest of the program sees it.
import type { Board } from '../board/board.js'
import type { ConnectedClient } from '../connection/connection.js'
import type { DisconnectReason } from '../connection/connections.js'
import type { Transport, Wire } from '../connection/transport.js'
import type { ResyncReason, SummaryEventName } from '../protocol/events.js'

export type DiffMode = 'lines' | 'structured'
export type View = 'lines' | 'blocks'

/** What a reader wants of the past: the last seconds of these series. */
export type HistoryAsk = { readonly seconds: number; readonly series: readonly string[] }

/**
 * The data of the `history` events of a reader, each as JSON and no longer than `maxBytes`. `after`: only what is newer than
 * this generation; null: all that was asked for.
 */
export type PastOf = (asked: HistoryAsk, after: number | null, maxBytes: number) => readonly string[]

/** What a client asked for, validated. */
export type JoinRequest = {
  readonly transport: Transport
  readonly wire: Wire
  readonly mode: DiffMode
  readonly view: View
  /** Panel keys, sorted and unique; null = all. */
  readonly subset: readonly string[] | null
  /** `Last-Event-ID` as it came; null when there was none. */
  readonly lastEventId: string | null
  /** Absent: it wants no history. */
  readonly history?: HistoryAsk
  /** For `dismiss`: the mark of the credential that let it in, for instance. The hub does not look into it. */
  readonly owner: string | null
  /** What the limit of streams per address counts by. */
  readonly addressKey?: string
  readonly client?: ConnectedClient
  /** See ConnectionParts. */
  readonly ticketId?: string | null
}

/** What the hub counts, for metrics and health; it costs nothing per delivery. */
export type HubStats = {
  /** Connections, until they have closed. */
  readonly clients: number
  readonly behind: number
  /** Published events, once each, by name, and all together. */
  readonly eventsTotal: number
  readonly byType: Readonly<Record<string, number>>
  /** Written to connections. */
  readonly eventsSent: number
  /** Merged away into a later one. */
  readonly eventsMerged: number
  readonly bytesSent: number
  readonly stalled: number
  readonly resumed: Readonly<Record<'resumed' | ResyncReason, number>>
}

export type HubObserver = {
  onEvent?(name: SummaryEventName, sizeBytes: number): void
  onPanelSent?(panel: string, latencySec: number): void
  onPanelUpdate?(panel: string): void
  onStructured?(panels: number): void
  onPanelCut?(): void
  onEncode?(seconds: number): void
  onJoin?(): void
  onResume?(result: 'resumed' | ResyncReason): void
  onLeave?(reason: DisconnectReason, durationSec: number): void
}

/** What the hub logs: that an update could not be encoded. */
export type ErrorLog = {
  error(fields: { readonly err: unknown; readonly feed?: string }, message: string): void
}

/** The hub as the HTTP side needs it. */
export interface HubLike {
  readonly board: Board | null
  join(request: JoinRequest): void
}

/** The settings of the stream, read at every use so that a reload takes effect. */
export type HubSettings = {
  readonly sseHeartbeatCycles: number
  readonly sseForceFullEveryN: number
  readonly sseStructMaxChanges: number
  readonly sseEventsPerSec: number
  readonly sseMaxEventBytes: number
  readonly sseStallTimeoutMs: number
  readonly sseReconnectSpreadMs: number
  readonly sseRetryMs: number
  readonly summaryRefreshSec: number
}
