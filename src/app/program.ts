// The whole program made from its settings, and the order in which its parts start and stop.
//
//   start:  ports (so that addresses are known) → loop (so that a first board comes) → fleet
//   stop:   not ready, no new streams → the lease of the fleet is handed on → the current cycle ends → readers get what they lack and `bye`, answers `aborted` →
//           ports → outputs
import { isDeepStrictEqual } from 'node:util'
import { type Clock, systemClock } from '../clock/clock.js'
import { momentNow } from '../clock/moment.js'
import type { Finding } from '../config/layers.js'
import { type Loaded, type LoadResult, reloadable } from '../config/load.js'
import type { NotifyRule } from '../config/notify-tables.js'
import type { Config } from '../config/settings.js'
import { Connections } from '../connection/connections.js'
import { tcpTable } from '../connection/tcp-table-files.js'
import type { Output } from '../engine/cycle.js'
import { Loop, type LoopEnd, type LoopObserver } from '../engine/loop.js'
import type { CustomPanel } from '../engine/panel-builder.js'
import type { Played } from '../engine/played.js'
import type { PushTarget } from '../engine/push-target.js'
import { Statistics } from '../engine/statistics.js'
import { LoopLag } from '../guards/loop-lag.js'
import type { VerdictRow } from '../history/verdict-log.js'
import { type InheritedSocket, withInherited } from '../http/inherited.js'
import { type Command, type ListenerPlan, planListeners } from '../http/listen-plan.js'
import type { Listening } from '../http/listeners.js'
import { Hub } from '../hub/hub.js'
import type { PastOf } from '../hub/hub-types.js'
import type { StatusHub } from '../hub/status-hub.js'
import type { Log } from '../log/log.js'
import type { Metrics } from '../metrics/metrics.js'
import { staleAfter, type Thresholds } from '../panels/thresholds.js'
import {
  hubObserver,
  loopObserver,
  metricsOf,
  readFacts,
  readHub,
  readIngest,
  readLag,
  readSource,
} from './bind-metrics.js'
import { type BoardFile, findingLines, readBoardFile } from './board-file.js'
import type { StandIn } from './chat.js'
import { createHistory, type History } from './history.js'
import { allRules } from './notify-rules.js'
import { createHubOutput, createStatusOutput, wantsSink } from './outputs.js'
import { linksOf, type PanelSurroundings, surroundingsOf } from './panel-context.js'
import {
  type CreateFleet,
  FLEET_HUB,
  type Fleet,
  type OutputParts,
  type Pipeline,
  type ProgramParts,
  type ProgramSource,
} from './parts.js'
import { createPipeline } from './pipeline.js'
import type { Recorded } from './recorded.js'
import { RulesInForce } from './rules-in-force.js'
import type { Serving } from './serving.js'
import { VERSION } from './version.js'

export type ProgramOptions = {
  readonly loaded: Loaded
  readonly command: Command
  /** The source, or what makes it of the parts. */
  readonly source: ProgramSource | ((parts: ProgramParts) => ProgramSource)
  /** Makes this server a node of a fleet (fleet.ts); absent or null: it is a server by itself. */
  readonly fleet?: CreateFleet | null
  /** What shows or stores boards besides the stream; the program closes each. */
  readonly outputs?: (parts: OutputParts) => readonly Output[]
  /** The board file (`loadBoardFile`); a reload reads it again. */
  readonly boardFile?: BoardFile | null
  /** The recording that is the only source: its boards are made with what it was made with. */
  readonly recorded?: Recorded | null
  /** Panels besides the built-in ones (`loadPanels`). */
  readonly panels?: readonly CustomPanel[]
  /** Sockets to use in place of host and ports. */
  readonly sockets?: readonly InheritedSocket[]
  /** Takes what a followed server remembers of its board. */
  readonly onPast?: (past: unknown) => void
  /** The chat backend of the demo. */
  readonly chatStandIn?: StandIn | null
  readonly log: Log
  readonly clock?: Clock
}

/** The settings cannot be served as they are; the message says what to change. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
}

/** Time kept of the grace for closing ports and outputs. */
const CLOSING_MS = 1_000

export class Program {
  readonly metrics: Metrics
  /** Publishes what readers see. */
  readonly loop: Loop
  readonly hub: Hub
  /** Null for a server by itself. */
  readonly #fleet: Fleet | null = null
  /** Of a node of a fleet: makes its own boards, which `loop` publishes where its node shows them. */
  readonly #ownLoop: Loop | null
  readonly #connections: Connections
  readonly #parts: ProgramParts
  readonly #startedMs: number
  readonly #source: ProgramSource
  readonly #pushTargets: readonly PushTarget[]
  readonly #pipeline: Pipeline
  readonly #statusHub: StatusHub | null = null
  readonly #listeners: readonly ListenerPlan[]
  /** Null for a program that serves no HTTP. */
  readonly #history: History | null
  readonly #chatStandIn: StandIn | null
  #config: Config
  readonly #recorded: Recorded | null
  #boardFile: BoardFile | null
  #surroundings: PanelSurroundings
  /** Null until the server was created, and where nothing is served. */
  #serving: Serving | null = null
  readonly #rules: RulesInForce
  #lag: LoopLag | null = null
  #listening: readonly Listening[] = []
  #draining = false
  #started: Promise<readonly Listening[]> | null = null
  #stopped: Promise<void> | null = null

  /** Throws ProgramError when the settings contradict each other. Opens nothing yet. */
  constructor(options: ProgramOptions) {
    const { loaded, log, source, clock = systemClock, panels = [], boardFile = null } = options
    const { recorded = null } = options
    this.#recorded = recorded
    this.#boardFile = recorded === null ? boardFile : recorded.boardFile
    const config = { ...loaded.config, ...recorded?.settings }
    if (recorded !== null && recorded.version !== VERSION)
      log.warn(
        { recorded: recorded.version, version: VERSION },
        'another version made this recording: its boards may differ',
      )
    const settings = (): Config => this.#config
    const metrics = metricsOf(config, log)
    const readsStatuses = (): boolean => this.#statusHub?.readsStatuses ?? false
    const board = (): BoardFile | null => this.#boardFile
    const { onPast } = options
    const shown = onPast === undefined ? {} : { onPast }
    const isFollower = (): boolean => this.#fleet?.isFollower() ?? false
    const common = {
      config,
      settings,
      metrics,
      log,
      clock,
      panels,
      readsStatuses,
      boardFile: board,
      isFollower,
    }
    const parts = { ...common, ...shown }
    const statistics = new Statistics(clock.nowMs())
    this.metrics = metrics
    this.#config = config
    this.#parts = parts
    this.#startedMs = clock.monotonicMs()
    this.#listeners = listenersOf(options)
    this.#chatStandIn = options.chatStandIn ?? null
    const rules = this.serving ? rulesOf(config, boardFile) : []
    this.#source = typeof source === 'function' ? source(parts) : source
    this.#pushTargets = 'news' in this.#source ? [] : (this.#source.pushTargets ?? [])
    if (this.#pushTargets.length > 0 && !this.serving)
      throw new ProgramError('nobody can push to a program that serves no HTTP: set G6_UNIFIED_HTTP=1')
    this.#surroundings = this.#surroundingsOf(config)
    const connections = new Connections({
      clock,
      log,
      tcpTable: tcpTable(),
      maxAgeMs: () => this.#config.sseMaxAgeSec * 1000,
    })
    this.#connections = connections
    const observer = hubObserver(metrics)
    this.#history = this.serving ? createHistory(parts) : null
    const past: PastOf = this.#history?.past ?? (() => [])
    const ofFleet = options.fleet == null ? {} : FLEET_HUB
    this.hub = new Hub({ settings, version: VERSION, observer, clock, log, connections, past, ...ofFleet })
    const surroundings = (): PanelSurroundings => this.#surroundings
    this.#pipeline = createPipeline(this.#source, { ...parts, surroundings, statistics })
    this.#statusHub = this.#pipeline.createStatusHub(connections)
    const outputs = options.outputs?.({ ...parts, hubStats: () => this.hub.stats() }) ?? []
    const statuses = this.#statusHub === null ? [] : [createStatusOutput(this.#statusHub)]
    const { boards: own, epoch } = this.#pipeline
    const loops = {
      refreshMs: () => this.#config.summaryRefreshSec * 1000,
      churnWarnRatio: () => this.#config.summaryChurnWarnRatio,
      clock,
      momentOfBoards: () => this.played()?.now ?? null,
    }
    const observed = loopObserver(metrics)
    this.#fleet =
      options.fleet?.({
        ...parts,
        connections,
        own,
        pushTargets: this.#pushTargets,
        looks: this.#pipeline.looks,
        limits: () => staleAfter(this.#surroundings.thresholds, null),
        mayLead: !('news' in this.#source),
      }) ?? null
    this.#rules = new RulesInForce({
      ...parts,
      link: () =>
        this.#config.publicUrl ?? this.#listening.find(({ name }) => name === 'unified')?.url ?? null,
      title: () => this.boardTitle,
      fleet: this.#fleet,
    })
    this.#rules.set(rules)
    // Cycles are counted once.
    const { onCycle: _, ...ofOwn } = observed
    this.#ownLoop =
      this.#fleet === null
        ? null
        : new Loop({
            ...loops,
            boards: own,
            epoch,
            outputs: [this.#fleet.output, ...statuses],
            statistics,
            observer: loggedObserver(ofOwn, log),
          })
    const streams =
      this.#history === null
        ? []
        : [
            createHubOutput(this.hub),
            ...(this.#fleet === null ? statuses : []),
            this.#history.output,
            this.#rules.output,
          ]
    this.loop = new Loop({
      ...loops,
      boards: this.#fleet?.boards ?? own,
      epoch,
      outputs: [...streams, ...outputs],
      ...(this.#fleet === null ? { statistics } : {}),
      observer: loggedObserver(observed, log),
      // 0: no end.
      maxCycles: config.summaryMaxCycles || null,
      maxMs: config.summaryMaxSeconds * 1000 || null,
    })
    readHub(metrics, connections, this.hub, this.#statusHub)
    readSource(metrics, this.loop)
    readFacts(metrics, this.loop, () => this.#config.factGauges)
    readIngest(metrics, this.#ownLoop ?? this.loop, clock)
  }

  /** Resolves when the loop ends by itself or by `stop()`. */
  get finished(): Promise<LoopEnd> {
    return this.loop.finished
  }

  get sourceName(): string {
    return this.#source.name
  }

  /** The title of the board, from a board file. */
  get boardTitle(): string | null {
    return this.#pipeline.looks()?.title ?? null
  }

  get thresholds(): Thresholds {
    return this.#surroundings.thresholds
  }

  /** The recording that is played; null where the source is another one. */
  played(): Played | null {
    return this.#source.played?.() ?? null
  }

  /** The verdict log; null where nothing is served. */
  verdicts(): readonly VerdictRow[] | null {
    return this.#history?.verdicts.rows(momentNow(this.#parts.clock)) ?? null
  }

  /** Open streams of board and status. */
  get streams(): number {
    return this.#connections.streams
  }

  get serving(): boolean {
    return this.#listeners.length > 0
  }

  /** Known once the ports are open. */
  get hasPage(): boolean {
    return this.#serving?.hasPage ?? false
  }

  /** Why a followed stream waits for a full status; null while none does. */
  get needFull(): string | null {
    return this.#pipeline.needFull()
  }

  /** Opens the ports and begins to read. Returns the addresses, none when it is stopped meanwhile; throws when a port is taken. */
  start(): Promise<readonly Listening[]> {
    this.#started ??= this.#start()
    return this.#started
  }

  async #start(): Promise<readonly Listening[]> {
    if (this.#history !== null) {
      const { createServing } = await import('./serving.js')
      this.#serving = await createServing({
        ...this.#parts,
        connections: this.#connections,
        listeners: this.#listeners,
        hub: this.hub,
        statusHub: this.#statusHub,
        history: this.#history,
        loop: this.loop,
        panelKeys: () => this.#panelKeys(),
        pushTargets: this.#fleet?.pushTargets ?? this.#pushTargets,
        members: this.#pipeline.members,
        looks: this.#fleet?.looks ?? this.#pipeline.looks,
        lagGauge: this.#sampleLag(),
        isDraining: () => this.#draining,
        played: () => this.played(),
        startedMs: this.#startedMs,
        fleet: this.#fleet,
        chatStandIn: this.#chatStandIn,
        notify: () => this.#rules.desk,
      })
    }
    await Promise.all([this.#pipeline.prepare(), this.#history?.open()])
    await this.#rules.apply()
    if (this.#draining) return []
    const listening = (await this.#serving?.server.listen()) ?? []
    if (this.#draining) return []
    this.#listening = listening
    this.#surroundings = this.#surroundingsOf(this.#config)
    this.loop.start()
    this.#ownLoop?.start()
    this.#fleet?.servers.loop.start()
    await this.#fleet?.start(listening)
    return listening
  }

  /** The board of a fleet may have panels that are not made here. */
  #panelKeys(): ReadonlySet<string> {
    const keys = this.#pipeline.panelKeys()
    const shown = this.#fleet === null ? null : this.hub.board
    return shown === null ? keys : new Set([...keys, ...shown.panels.keys()])
  }

  #sampleLag(): LoopLag {
    const { metrics, clock } = this.#parts
    this.#lag = new LoopLag({ clock })
    readLag(metrics, this.#lag)
    return this.#lag
  }

  /** Ends in order, within the grace; idempotent, and every caller waits for the same end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const { clock } = this.#parts
    this.#draining = true
    this.#serving?.server.startDraining()
    const graceMs = this.#config.shutdownGraceMs
    const startMs = clock.monotonicMs()
    // What is being opened can be closed only when it is open; the caller of `start` gets its error.
    await Promise.all([this.#fleet?.stop(), this.#started?.catch(() => {})])
    await this.#ownLoop?.stop()
    await this.loop.stop()
    await this.#fleet?.servers.loop.stop()
    const leftMs = Math.max(0, graceMs - (clock.monotonicMs() - startMs) - CLOSING_MS)
    const streams = [this.hub, this.#fleet?.servers.hub, this.#statusHub, this.#serving?.chat]
    await Promise.all(streams.map(each => each?.close(leftMs)))
    await this.#serving?.server.close()
    await this.#rules.stop()
    this.#lag?.stop()
    this.#fleet?.close()
    await this.#ownLoop?.closeOutputs()
    await this.loop.closeOutputs()
  }

  /**
   * Takes the reloadable settings from a new reading of environment and file: all or nothing. Unusable settings are logged and
   * change nothing.
   */
  reload(result: LoadResult): void {
    const { log } = this.#parts
    const refused = (facts: object): void =>
      log.error(facts, 'the settings cannot be used; the old ones stay')
    if (!result.ok) {
      refused({ errors: messages(result.errors) })
      return
    }
    const before = this.#config
    const { config, ignored } = reloadable(before, result.config)
    try {
      const surroundings = this.#surroundingsOf(config)
      const rules = this.serving ? rulesOf(config, this.#boardFile) : []
      this.#config = { ...config, ...this.#recorded?.settings }
      this.#rules.set(rules)
      this.#serving?.server.reload()
      this.#fleet?.reload()
      this.#surroundings = surroundings
      this.#serving?.chat.start().catch((error: unknown) => {
        log.error({ err: error }, 'the chat relay cannot be switched on')
      })
      log.level = config.logLevel
    } catch (error) {
      this.#config = before
      refused({ err: error })
      return
    }
    log.info({ warnings: messages(result.warnings) }, 'settings read again')
    this.#reloadBoard()
      .then(() => this.#rules.apply())
      .catch((error: unknown) => log.error({ err: error }, 'the rules of notifications cannot be applied'))
    if (ignored.length > 0) log.warn({ settings: ignored }, 'these take effect at the next start only')
  }

  /** Reads the board file again; one with mistakes changes nothing. */
  async #reloadBoard(): Promise<void> {
    const before = this.#boardFile
    if (before === null || this.#recorded !== null) return
    const { log } = this.#parts
    const read = await readBoardFile(before.path)
    const findings = findingLines(before.path, read.findings)
    if (!read.ok) {
      log.error({ findings }, 'the board file cannot be used; the old board stays')
      return
    }
    if (this.serving) this.#rules.set(rulesOf(this.#config, read))
    this.#boardFile = read
    log.info({ findings }, 'board file read again')
    if (!isDeepStrictEqual(read.specs, before.specs))
      log.warn('the sources of the board file take effect at the next start only')
  }

  #surroundingsOf(config: Config): PanelSurroundings {
    return (
      this.#recorded?.surroundings ??
      surroundingsOf(config, linksOf(config, this.#source.name, this.#listening, this.hasPage))
    )
  }
}

/** None for a dashboard that serves no HTTP. */
function listenersOf({ loaded, command, sockets = [] }: ProgramOptions): readonly ListenerPlan[] {
  const { config, provenance } = loaded
  const isWanted = wantsSink(config.outputSinks, 'http')
  if (!isWanted && command === 'dashboard') return []
  const plan = planListeners(config, key => provenance[key].from !== 'default', command)
  if (!plan.ok) throw new ProgramError(plan.error)
  return isWanted ? withInherited(plan.listeners, sockets) : []
}

/** Throws ProgramError for rules that cannot be carried out. */
function rulesOf({ notify, allowExec }: Config, board: BoardFile | null): readonly NotifyRule[] {
  try {
    return allRules({ settings: notify, board, allowExec })
  } catch (error) {
    throw new ProgramError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function loggedObserver(observer: LoopObserver, log: Log): LoopObserver {
  return {
    ...observer,
    onFault: error => {
      observer.onFault?.(error)
      log.error({ err: error }, 'a cycle failed; the last board stays')
    },
    onOutputFailed: (output, error) => {
      observer.onOutputFailed?.(output, error)
      log.error({ err: error, output }, 'an output failed; the loop goes on')
    },
  }
}

const messages = (findings: readonly Finding[]) => findings.map(({ message }) => message)
