// The hub as the rest of the program sees it.
import type { Board } from '../board/board.js'
import type { Transport, Wire } from '../connection/transport.js'
import type { ByeReason, ResyncReason, SummaryEventName } from '../protocol/events.js'

export type DiffMode = 'lines' | 'structured'
export type View = 'lines' | 'blocks'

/** What a client asked for, already validated by the HTTP side. */
export type JoinRequest = {
  readonly transport: Transport
  readonly wire: Wire
  readonly mode: DiffMode
  readonly view: View
  /** Panel keys, sorted and unique; null = all. */
  readonly subset: readonly string[] | null
  /** `Last-Event-ID` as it came; null when there was none. */
  readonly lastEventId: string | null
  /** Opaque to the hub; handed back to `dismiss` (which credential let it in, for instance). */
  readonly owner: string | null
}

export type DisconnectReason = 'client' | 'shutdown' | 'stalled' | 'shed' | 'auth_expired' | 'error'

/** What the hub counts; metrics and health read it, nobody pays for it per delivery. */
export type HubStats = {
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

export interface HubLike {
  readonly board: Board | null
  join(request: JoinRequest): void
  /** `interval`: how many refreshes the publisher has seen, which heartbeats and forced snapshots count; by default, cycles. */
  publish(board: Board, hitRatio: number | null, interval?: number): void
  /** Says `bye` to the readers whose owner the predicate names; returns how many. */
  dismiss(which: (owner: string | null) => boolean, reason: ByeReason): number
  /** Sends away the newest part (0–1) of the readers with `bye` and a spread `reconnect_ms`; returns how many. */
  shed(part: number): number
  stats(): HubStats
  /** Gives every reader what it lacks and `bye`, ends the connections, resolves when all have ended or after the grace. */
  close(graceMs: number): Promise<void>
}

/** The settings of the stream, read anew at every use so that a reload takes effect. */
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
