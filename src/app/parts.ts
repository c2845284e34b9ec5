// What the parts of a program are made of, and what a pipeline is: the types that more than one file here needs.
import type { MemberCounts } from '../automatic/drafts.js'
import type { Engine } from '../chat/shared/engine.js'
import type { Clock } from '../clock/clock.js'
import type { Config } from '../config/settings.js'
import type { Connections } from '../connection/connections.js'
import type { BoardLooks } from '../declared/board.js'
import type { Output } from '../engine/cycle.js'
import type { BoardSource } from '../engine/followed-boards.js'
import type { Boards, Loop } from '../engine/loop.js'
import type { CustomPanel } from '../engine/panel-builder.js'
import type { PushTarget } from '../engine/push-target.js'
import type { Source } from '../engine/source.js'
import type { StaleLimits } from '../engine/source-state.js'
import type { Statistics } from '../engine/statistics.js'
import type { Requests } from '../fleet/requests.js'
import type { Seal } from '../fleet/seal.js'
import type { FleetHealth } from '../http/health-document.js'
import type { Listening } from '../http/listeners.js'
import type { Hub } from '../hub/hub.js'
import type { HubStats } from '../hub/hub-types.js'
import type { StatusHub } from '../hub/status-hub.js'
import type { Log } from '../log/log.js'
import type { Metrics } from '../metrics/metrics.js'
import type { SharedState } from '../notify/shared.js'
import type { FleetDocument } from '../protocol/fleet.js'
import type { BoardFile } from './board-file.js'
import type { PanelSurroundings } from './panel-context.js'

export type ProgramParts = {
  /** As the program was started. */
  readonly config: Config
  /** As they are now: another object after a reload. */
  readonly settings: () => Config
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
  /** The panels of `--panels`. */
  readonly panels: readonly CustomPanel[]
  /** The board file as it is now; absent or null: there is none. */
  readonly boardFile?: () => BoardFile | null
  /** Takes what a followed server, or one before this one, remembers of its board; absent where nobody shows it. */
  readonly onPast?: (past: unknown) => void
  /** Whether another server of the fleet publishes; absent for a server by itself. */
  readonly isFollower?: () => boolean
  /** Whether anybody reads the stream of statuses; absent where there is none. */
  readonly readsStatuses?: () => boolean
}

export type OutputParts = ProgramParts & {
  /** What the stream has sent so far; null where nothing is streamed. */
  readonly hubStats: () => HubStats | null
}

/** Gives statuses, from which boards are built here; or boards, which are followed as they are. */
export type ProgramSource = Source | BoardSource

export type PipelineParts = ProgramParts & {
  readonly surroundings: () => PanelSurroundings
  readonly statistics: Statistics
}

/** From a source to boards, and what only the kind of source decides. */
export type Pipeline = {
  readonly boards: Boards
  /** Of the boards built here; empty where they are followed and bring their own. */
  readonly epoch: string
  /** Reads what the first board needs besides the source. */
  prepare(): Promise<void>
  /** The panels that a reader may ask for. */
  panelKeys(): ReadonlySet<string>
  /** Members of the document on an automatic board; null where the board is another one. */
  members(): MemberCounts | null
  /** How a board file wants the board to look; null without one. */
  looks(): BoardLooks | null
  /** Why a followed stream waits for a full status; null while none does. */
  needFull(): string | null
  /** Null where there is no status to serve. */
  createStatusHub(connections: Connections): StatusHub | null
}

export type FleetParts = ProgramParts & {
  readonly connections: Connections
  /** What this server makes its own boards from. */
  readonly own: Boards
  readonly limits: () => StaleLimits
  /** Where others push the documents of its source to. */
  readonly pushTargets: readonly PushTarget[]
  /** How a board file wants the own board to look; null without one. */
  readonly looks: Pipeline['looks']
  /** Its source gives it a board of its own, which it may publish. */
  readonly mayLead: boolean
}

/**
 * A reader that is ahead of this server within the epoch that it shows saw a board of a publisher that ended before it could share it.
 * The next publisher, with an epoch of its own, comes within this time.
 */
const HOLD_AHEAD_MS = 6_000

/** A change of publisher is a whole board for each reader. */
const SPREAD_MS = 1_000

/** Of the hubs of a fleet's server. */
export const FLEET_HUB = { holdAheadMs: HOLD_AHEAD_MS, spreadMs: SPREAD_MS } as const

/** The board of the servers, and its stream. */
export type Servers = { readonly hub: Hub; readonly loop: Loop }

/** This server as a node of a fleet (fleet.ts). */
export interface Fleet {
  readonly servers: Servers
  /** What readers see: the own board or that of the fleet. */
  readonly boards: Boards
  /** In place of the server's own: what is pushed to these is for the fleet. */
  readonly pushTargets: readonly PushTarget[]
  /** How the board that readers see wants to look. */
  readonly looks: Pipeline['looks']
  /** Takes the own boards. */
  readonly output: Output
  /** Joins. Throws when the fleet of that name belongs to other servers; when Redis is away it goes on without. */
  start(listening: readonly Listening[]): Promise<void>
  /** Hands the lease on. Idempotent. */
  stop(): Promise<void>
  close(): void
  /** The tokens may be others. */
  reload(): void
  /** Resolves when what is in Redis now is shown, or after 300 ms. */
  catchUp(): Promise<void>
  /** Calls back when it has joined; asked for before `start`. */
  onEngine(listener: (engine: Engine) => void): void
  /** Redis has no memory left for answers. */
  setFull(isFull: boolean): void
  /** What is written to Redis is encrypted with it. */
  readonly seal: Seal
  /** Answers of others cannot be opened with the keys of this server. */
  setUnopened(isUnopened: boolean): void
  health(): FleetHealth
  /** Where the rules of notifications are, for all servers of the fleet. */
  readonly notify: SharedState
  /** What people ask of the publisher at another server. */
  readonly requests: Pick<Requests, 'ask' | 'handler'>
  /** Called after each change of the seat. */
  onSeat(run: () => void): void
  /** Another node publishes, and this one knows it. */
  readonly isFollower: () => boolean
  /** All nodes; Redis is asked once a second at most, however many ask. */
  document(): Promise<FleetDocument>
}

export type CreateFleet = (parts: FleetParts) => Fleet
