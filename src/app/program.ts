// The whole program put together from its settings: the only place that knows all parts, and the order in which they
// start and stop.
//
//   start:  ports (so that addresses are known) → loop (so that a first board comes)
//   stop:   not ready, no new streams → the cycle under way ends → readers get what they lack and `bye`, answers `aborted` →
//           ports → outputs
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers } from '../clock/timers.js'
import type { Finding } from '../config/finding.js'
import type { Loaded, LoadResult } from '../config/load.js'
import { reloadable } from '../config/reload.js'
import type { Config } from '../config/settings.js'
import { Connections } from '../connection/connections.js'
import type { Output } from '../engine/cycle.js'
import type { Cycles, LoopEnd } from '../engine/cycles.js'
import { Loop, type LoopObserver } from '../engine/loop.js'
import { createPanelBuilder } from '../engine/panel-builder.js'
import { type HealthDocument, healthDocument } from '../http/health-document.js'
import { type Command, type ListenerPlan, planListeners } from '../http/listen-plan.js'
import type { Listening } from '../http/listeners.js'
import type { HttpServer } from '../http/server.js'
import { Hub } from '../hub/hub.js'
import type { HubStats } from '../hub/hub-types.js'
import { StatusHub } from '../hub/status-hub.js'
import type { Log } from '../log/log.js'
import { createMetrics, type Metrics, silentMetrics } from '../metrics/metrics.js'
import { PANELS } from '../panels/registry.js'
import type { Thresholds } from '../panels/thresholds.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { type IndexFails, IndicesLog } from '../sources/indices-log.js'
import { httpObserver, hubObserver, loopObserver, readHub, readIngest, readSource } from './bind-metrics.js'
import type { Chat } from './chat.js'
import { DataWarningLog } from './data-warnings.js'
import { createEpoch } from './epoch.js'
import {
  createFollowLoop,
  deriveWith,
  IngestContext,
  isBoardSource,
  keysOf,
  type ProgramSource,
  withWarnings,
} from './follow.js'
import { createHubOutput } from './hub-output.js'
import { type PanelSurroundings, staleLimitsOf, surroundingsOf } from './panel-context.js'
import { readinessOf } from './readiness.js'
import { wantsSink } from './sinks.js'
import { createStatusOutput } from './status-output.js'
import { VERSION } from './version.js'
import { WrongTypesLog } from './wrong-types.js'

export type ProgramParts = {
  /** As the program was started. */
  readonly config: Config
  /** As they are now: another object after a reload. */
  readonly settings: () => Config
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
}

export type OutputParts = ProgramParts & {
  /** What the stream has sent so far; null where nothing is streamed. */
  readonly hubStats: () => HubStats | null
}

export type ProgramOptions = {
  readonly loaded: Loaded
  readonly command: Command
  /** The source, or what makes it of the parts. */
  readonly source: ProgramSource | ((parts: ProgramParts) => ProgramSource)
  /** What shows or stores boards besides the stream; each is closed by the program. */
  readonly outputs?: (parts: OutputParts) => readonly Output[]
  readonly log: Log
  readonly clock?: Clock
}

/** The settings cannot be served as they are; the message says what to change. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
}

/** Panels that may change only every so often, and the setting that says how often. */
function panelEveryMs(config: Config, key: string): number {
  if (key === 'links') return config.summaryMetaRefreshSec * 1000
  if (key === 'resources') return config.summaryResRefreshSec * 1000
  return 0
}

export class Program {
  readonly metrics: Metrics
  readonly loop: Cycles
  readonly hub: Hub
  readonly #connections: Connections
  readonly #options: ProgramOptions
  readonly #log: Log
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #listeners: readonly ListenerPlan[]
  #server: HttpServer | null = null
  /** Only where the board is served; loaded with the server. */
  #chat: Chat | null = null
  /** Whether the page is served; known with the server. */
  #hasPage = false
  readonly #source: ProgramSource
  /** Null where there is no status to serve. */
  readonly #statusHub: StatusHub | null
  readonly #indicesLog: IndicesLog | null
  readonly #wrongTypes: WrongTypesLog
  #config: Config
  #surroundings: PanelSurroundings
  #listening: readonly Listening[] = []
  /** The first snapshot was logged. */
  #shownOnce = false
  #draining = false
  #started: Promise<readonly Listening[]> | null = null
  #stopped: Promise<void> | null = null

  /** Throws ProgramError when the settings contradict each other. Opens nothing yet. */
  constructor(options: ProgramOptions) {
    const { loaded, log } = options
    const config = loaded.config
    this.#options = options
    this.#config = config
    this.#log = log
    this.#wrongTypes = new WrongTypesLog(log)
    this.#clock = options.clock ?? systemClock
    this.#startedMs = this.#clock.monotonicMs()
    this.metrics = config.unifiedMetrics
      ? createMetrics({
          extended: config.sseMetricsExtended,
          processDefaults: true,
          version: VERSION,
          node: process.version,
          onUnreadable: (metric, error) =>
            log.warn({ metric, err: error }, 'a metric cannot be read and is left out of the scrape'),
        })
      : silentMetrics()
    const parts = { config, settings: () => this.#config, metrics: this.metrics, log, clock: this.#clock }
    const source = typeof options.source === 'function' ? options.source(parts) : options.source
    this.#source = source
    this.#surroundings = surroundingsOf(config, this.#linksOf([]))
    this.#connections = new Connections({ clock: this.#clock })
    this.hub = new Hub({
      settings: () => this.#config,
      version: VERSION,
      observer: hubObserver(this.metrics),
      clock: this.#clock,
      log,
      connections: this.#connections,
    })
    this.#statusHub = isBoardSource(source)
      ? null
      : new StatusHub({
          settings: () => this.#config,
          clock: this.#clock,
          observer: hubObserver(this.metrics),
          connections: this.#connections,
        })
    this.#listeners = this.#plan()
    this.#indicesLog = config.indicesPanelLog === null ? null : new IndicesLog(config.indicesPanelLog, log)
    const outputParts = { ...parts, hubStats: () => this.hub.stats() }
    const outputs = [...this.#served(), ...(options.outputs?.(outputParts) ?? [])]
    const builder = createPanelBuilder({
      clockMs: this.#clock.monotonicMs,
      onFault: (panel, error) => log.error({ err: error, panel }, 'a panel could not be built'),
      onTiming: (panel, seconds) => this.#panelBuilt(panel, seconds),
    })
    const observed = loopObserver(this.metrics)
    const dataWarnings = new DataWarningLog(log, this.#clock)
    const observer: LoopObserver = {
      ...observed,
      onReading: reading => {
        observed.onReading?.(reading)
        if (reading.ok) dataWarnings.see(reading.warnings ?? [])
      },
      onFault: error => {
        observed.onFault?.(error)
        log.error({ err: error }, 'a cycle failed; the last board stays')
      },
      onOutputFailed: (output, error) => {
        observed.onOutputFailed?.(output, error)
        log.error({ err: error, output }, 'an output failed; the loop goes on')
      },
    }
    const ingest = new IngestContext(source)
    const common = { outputs, clock: this.#clock, observer }
    if (isBoardSource(source)) {
      const thresholds = () => this.#surroundings.thresholds
      this.loop = createFollowLoop({ ...common, source, config: () => this.#config, thresholds })
    } else
      this.loop = new Loop({
        ...common,
        epoch: createEpoch(this.#clock.nowMs()),
        source,
        derive: (status, warnings = []) => {
          const snapshot = deriveWith(source, status, this.#clock.nowMs(), this.#config.sourceTimezone)
          return this.#derived(withWarnings(snapshot, warnings))
        },
        build: (snapshot, nowMs) => {
          const context = { ...this.#surroundings, snapshot, nowMs }
          const indexFails = this.#fails()
          const views = ingest.at(nowMs, snapshot.cycle.intervalSec)
          if (indexFails === null && views === null) return builder.build(context)
          return builder.build({
            ...context,
            ...(indexFails === null ? {} : { indexFails }),
            ...(views === null ? {} : { ingest: views }),
          })
        },
        refreshMs: () => this.#config.summaryRefreshSec * 1000,
        staleLimits: snapshot => staleLimitsOf(this.#surroundings, snapshot),
        timezone: () => this.#config.timezone,
        churnWarnRatio: () => this.#config.summaryChurnWarnRatio,
        panelEveryMs: key => panelEveryMs(this.#config, key),
        // 0: no end.
        maxCycles: config.summaryMaxCycles || null,
        maxMs: config.summaryMaxSeconds * 1000 || null,
      })
    readHub(this.metrics, this.#connections, this.hub, this.#statusHub)
    readSource(this.metrics, this.loop)
    readIngest(this.metrics, this.loop, this.#clock)
  }

  /** What is served of each cycle. */
  #served(): readonly Output[] {
    if (!this.serving) return []
    const statuses = this.#statusHub === null ? [] : [createStatusOutput(this.#statusHub)]
    return [createHubOutput(this.hub), ...statuses]
  }

  /** Resolves when the loop ends by itself or by `stop()`. */
  get finished(): Promise<LoopEnd> {
    return this.loop.finished
  }

  /** Where the boards come from, as a person reads it. */
  get sourceName(): string {
    return this.#source.name
  }

  /** The thresholds in force. */
  get thresholds(): Thresholds {
    return this.#surroundings.thresholds
  }

  /** Open streams of board and status. */
  get streams(): number {
    return this.#connections.streams
  }

  /** Whether the board is served over HTTP. */
  get serving(): boolean {
    return this.#listeners.length > 0
  }

  /** Whether the page is served; known once the ports are open. */
  get hasPage(): boolean {
    return this.#hasPage
  }

  /** Why a followed stream waits for a full status; null while none does. */
  get needFull(): string | null {
    if (isBoardSource(this.#source)) return null
    const streams = this.#source.ingest?.(this.#clock.nowMs(), null) ?? []
    const waiting = streams.filter(({ state }) => state.needFull)
    return waiting.length === 0 ? null : waiting.flatMap(({ state }) => state.needFullReasons).join(', ')
  }

  /**
   * Opens the ports and begins to read. Returns the addresses, none when it is stopped meanwhile; throws when a port cannot
   * be had. Call once.
   */
  start(): Promise<readonly Listening[]> {
    this.#started ??= this.#start()
    return this.#started
  }

  async #start(): Promise<readonly Listening[]> {
    if (this.serving) this.#server = await this.#createServer()
    await this.#firstFails()
    if (this.#draining) return []
    const listening = (await this.#server?.listen()) ?? []
    if (this.#draining) return []
    this.#surroundings = surroundingsOf(this.#config, this.#linksOf(listening))
    this.#listening = listening
    this.loop.start()
    return listening
  }

  /** Ends in order, within the grace; idempotent, and everyone who calls waits for the same end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#draining = true
    this.#server?.startDraining()
    const graceMs = this.#config.shutdownGraceMs
    const startMs = this.#clock.monotonicMs()
    // What is being opened can be closed only when it is open; whoever started it hears why it could not be.
    await this.#started?.catch(() => {})
    await this.loop.stop()
    const leftMs = Math.max(0, graceMs - (this.#clock.monotonicMs() - startMs) - CLOSING_MS)
    await Promise.all([this.hub, this.#statusHub, this.#chat].map(each => each?.close(leftMs)))
    await this.#server?.close()
    await this.loop.closeOutputs()
  }

  /**
   * Takes the reloadable settings of a new reading of environment and file: all or nothing. An unusable one keeps the
   * old set and says so.
   */
  reload(result: LoadResult): void {
    if (!result.ok) {
      this.#log.error({ errors: messages(result.errors) }, 'the settings cannot be used; the old ones stay')
      return
    }
    const before = this.#config
    const { config, ignored } = reloadable(before, result.config)
    try {
      const surroundings = surroundingsOf(config, this.#linksOf(this.#listening))
      this.#config = config
      this.#server?.reload()
      this.#surroundings = surroundings
      this.#chat?.start().catch((error: unknown) => {
        this.#log.error({ err: error }, 'the chat relay cannot be switched on')
      })
      this.#log.level = config.logLevel
    } catch (error) {
      this.#config = before
      this.#log.error({ err: error }, 'the settings cannot be used; the old ones stay')
      return
    }
    this.#log.info({ warnings: messages(result.warnings) }, 'settings read again')
    if (ignored.length > 0) this.#log.warn({ settings: ignored }, 'these take effect at the next start only')
  }

  /** Nothing for a dashboard that serves nobody. */
  #plan(): readonly ListenerPlan[] {
    const { loaded, command } = this.#options
    const { provenance } = loaded
    const wanted = wantsSink(this.#config.outputSinks, 'http')
    if (!wanted && command === 'dashboard') return []
    const plan = planListeners(this.#config, key => provenance[key].from !== 'default', command)
    if (!plan.ok) throw new ProgramError(plan.error)
    return wanted ? plan.listeners : []
  }

  /** Loaded only when there is something to serve: a dashboard alone starts much sooner without it. */
  async #createServer(): Promise<HttpServer> {
    const [
      { createChat },
      { createHttpServer },
      { clientFilePlugin },
      { pagePlugin },
      { statusStreamPlugin },
    ] = await Promise.all([
      import('./chat.js'),
      import('../http/server.js'),
      import('../http/routes/client-file.js'),
      import('../http/routes/page.js'),
      import('../http/routes/status-stream.js'),
    ])
    const statusHub = this.#statusHub
    const statuses = statusHub === null ? [] : [statusStreamPlugin(statusHub, () => this.#config)]
    const chat = createChat({
      config: () => this.#config,
      metrics: this.metrics,
      log: this.#log,
      clock: this.#clock,
      connections: this.#connections,
    })
    this.#chat = chat
    await chat.start()
    const page = pagePlugin()
    this.#hasPage = page.built
    return createHttpServer({
      config: () => this.#config,
      listeners: this.#listeners,
      hub: this.hub,
      connections: this.#connections,
      panelKeys: () => (isBoardSource(this.#source) ? keysOf(this.hub.board) : PANEL_KEYS),
      health: () => this.#health(),
      ready: () =>
        readinessOf({
          latest: this.loop.latest,
          source: this.loop.sourceNow(),
          draining: this.#draining,
          requiresFresh: this.#config.readyRequiresFresh,
        }),
      metrics: accept => this.metrics.text(accept),
      observer: httpObserver(this.metrics),
      log: this.#log,
      clock: this.#clock,
      version: VERSION,
      plugins: [clientFilePlugin(), page, ...statuses, ...chat.plugins],
    })
  }

  #health(): HealthDocument {
    const { latest } = this.loop
    return healthDocument({
      // The age of the source grows between cycles.
      result: latest === null ? null : { ...latest, source: this.loop.sourceNow() },
      verdict: this.loop.verdictNow(),
      timezone: this.#config.timezone,
      hub: this.hub.stats(),
      streams: this.#connections.streams,
      version: VERSION,
      uptimeSec: (this.#clock.monotonicMs() - this.#startedMs) / 1000,
      draining: this.#draining,
    })
  }

  /** The Fails column, where a log is named: read beside the loop, shown with the next cycle. */
  #fails(): IndexFails | null {
    void this.#indicesLog?.refresh()
    return this.#indicesLog?.fails ?? null
  }

  /** Before the first cycle, which may be the only one; a disk that hangs keeps nobody from starting. */
  async #firstFails(): Promise<void> {
    const log = this.#indicesLog
    if (log === null) return
    let cancel = (): void => {}
    const enough = new Promise<void>(resolve => {
      cancel = systemTimers.after(FIRST_FAILS_MS, resolve)
    })
    await Promise.race([log.refresh(), enough])
    cancel()
  }

  #linksOf(listening: readonly Listening[]) {
    const base = listening.find(({ name }) => name === 'unified')?.url ?? null
    const own = (path: string) => (base === null ? null : `${base}${path}`)
    return {
      source: this.#source.name,
      metricsUrl: this.#config.metricsUrl ?? own('/metrics'),
      streamUrl: own('/summary/events'),
      pageUrl: this.#hasPage ? own('/') : null,
    }
  }

  #panelBuilt(panel: string, seconds: number): void {
    this.metrics.g6_summary_panel_render_seconds.observe({ panel }, seconds)
    const unusual = this.loop.statistics.panelBuilt(panel, seconds * 1000)
    if (unusual) this.metrics.g6_summary_panel_render_anomalies_total.inc()
  }

  #derived(snapshot: Snapshot): Snapshot {
    this.#wrongTypes.see(snapshot.wrongTypes)
    if (this.#config.unifiedModelInitDebug && !this.#shownOnce) {
      this.#shownOnce = true
      const { raw: _, ...shown } = snapshot
      this.#log.info({ snapshot: shown }, 'the first snapshot (G6_UNIFIED_MODEL_INIT_DEBUG)')
    }
    return snapshot
  }
}

/** How long the first cycle waits for the log of the Fails column. */
const FIRST_FAILS_MS = 1_000
/** Kept of the grace for closing ports and outputs. */
const CLOSING_MS = 1_000
const PANEL_KEYS: ReadonlySet<string> = new Set(PANELS.map(({ key }) => key))

function messages(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ message }) => message)
}
