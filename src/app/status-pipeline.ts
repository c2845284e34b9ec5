// The pipeline of a status: read, derive, build. What followed streams say is added to snapshots and panels on the way.
import { systemTimers } from '../clock/timers.js'
import { createPanelBuilder } from '../engine/panel-builder.js'
import type { Source } from '../engine/source.js'
import { StatusBoards } from '../engine/status-boards.js'
import { StatusHub } from '../hub/status-hub.js'
import { warningText } from '../ingest/json-text.js'
import { type IngestView, ingestViews } from '../ingest/view.js'
import { PANELS } from '../panels/registry.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import { derive } from '../snapshot/derive.js'
import type { DataWarning, GoodReading, Status } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { SourceZone } from '../snapshot/zone.js'
import { IndicesLog } from '../sources/indices-log.js'
import { hubObserver, loopObserver } from './bind-metrics.js'
import { DataWarningLog, WrongTypesLog } from './data-warnings.js'
import { DocumentBoards } from './document-boards.js'
import { staleLimitsOf } from './panel-context.js'
import type { Pipeline, PipelineParts } from './parts.js'

/** How long the first cycle waits for the log of the Fails column. */
const FIRST_FAILS_MS = 1_000

export function createStatusPipeline(source: Source, parts: PipelineParts): Pipeline {
  const { config, settings, metrics, log, clock, panels, surroundings, statistics } = parts
  const observed = loopObserver(metrics)
  const indicesLog = config.indicesPanelLog === null ? null : new IndicesLog(config.indicesPanelLog, log)
  const wrongTypes = new WrongTypesLog(log)
  const dataWarnings = new DataWarningLog(log, clock)
  const ingest = new IngestContext(source)
  const documents = new DocumentBoards(parts, log)
  const keys: ReadonlySet<string> = new Set([...PANELS, ...panels].map(({ key }) => key))
  let isFirstLogged = !config.unifiedModelInitDebug

  const builder = createPanelBuilder({
    custom: panels,
    clockMs: clock.monotonicMs,
    onFault: (panel, error) => log.error({ err: error, panel }, 'a panel could not be built'),
    onTiming: (panel, seconds) => {
      metrics.g6_summary_panel_render_seconds.observe({ panel }, seconds)
      const isUnusual = statistics.panelBuilt(panel, seconds * 1000)
      if (isUnusual) metrics.g6_summary_panel_render_anomalies_total.inc()
    },
  })

  const boards: StatusBoards = new StatusBoards({
    source,
    derive: reading => {
      const { status, large } = reading
      const derived = large?.snapshot ?? deriveWith(source, status, clock.nowMs(), settings().sourceTimezone)
      wrongTypes.see(derived.wrongTypes)
      const snapshot = withWarnings(derived, warningsOf(reading, panels.length > 0))
      if (!isFirstLogged) {
        isFirstLogged = true
        const { raw: _, ...shown } = snapshot
        log.info({ snapshot: shown }, 'the first snapshot (G6_UNIFIED_MODEL_INIT_DEBUG)')
      }
      return snapshot
    },
    build: (snapshot, nowMs) => {
      // Read in the background; a new content is shown with the next cycle.
      void indicesLog?.refresh()
      const indexFails = indicesLog?.fails ?? null
      const views = ingest.at(nowMs, snapshot.cycle.intervalSec)
      const zone = settings().sourceTimezone
      const { reading } = boards
      const sourceParts = reading?.ok === true ? reading.parts : undefined
      return builder.build({
        ...surroundings(),
        snapshot,
        nowMs,
        document: documents.of(snapshot, nowMs, zone, sourceParts),
        ...(indexFails === null ? {} : { indexFails }),
        ...(views === null ? {} : { ingest: views }),
      })
    },
    ofDocument: () => documents.latest?.own,
    own: () => documents.latest?.declared ?? null,
    staleLimits: (snapshot, everySec) => staleLimitsOf(surroundings(), snapshot, everySec),
    panelEveryMs: key => {
      if (key === 'links') return settings().summaryMetaRefreshSec * 1000
      return key === 'resources' ? settings().summaryResRefreshSec * 1000 : 0
    },
    timezone: () => settings().timezone,
    clock,
    observer: {
      ...observed,
      onReading: reading => {
        observed.onReading?.(reading)
        if (reading.ok) dataWarnings.see(warningsOf(reading, panels.length > 0))
      },
    },
  })

  return {
    boards,
    epoch: createEpoch(clock.nowMs()),
    prepare: async () => {
      if (indicesLog === null) return
      let cancel = (): void => {}
      // A disk that hangs must not keep the program from starting.
      const enough = new Promise<void>(resolve => {
        cancel = systemTimers.after(FIRST_FAILS_MS, resolve)
      })
      await Promise.race([indicesLog.refresh(), enough])
      cancel()
    },
    panelKeys: () => (documents.keys.size === 0 ? keys : new Set([...keys, ...documents.keys])),
    looks: () => documents.latest?.looks ?? null,
    members: () => documents.latest?.members ?? null,
    needFull: () => {
      const streams = source.ingest?.(clock.nowMs(), null) ?? []
      const waiting = streams.filter(({ state }) => state.needFull)
      return waiting.length === 0 ? null : waiting.flatMap(({ state }) => state.needFullReasons).join(', ')
    },
    createStatusHub: connections =>
      new StatusHub({ settings, clock, observer: hubObserver(metrics), connections }),
  }
}

/**
 * Which run of this publisher: part of every event id. Time first, so that epochs sort; then chance, so that two servers started
 * together differ. It has no `-`, which separates the parts of an id.
 */
export function createEpoch(nowMs: number): string {
  const chance = Math.floor(Math.random() * 36 ** 4).toString(36)
  return `${nowMs.toString(36)}${chance.padStart(4, '0')}`
}

/** The snapshot of a status; follow-ups of followed streams are alerts too. `zone`: of times that name none. */
export function deriveWith(source: Source, status: Status, nowMs: number, zone: SourceZone = null): Snapshot {
  const streams = source.ingest?.(nowMs, null)
  return derive(
    status,
    streams?.flatMap(({ state }) => state.followUps),
    zone,
  )
}

/** Panels of `--panels` get the status itself, and of a very large one only the beginning (`LargeReading.omitted`). */
export function warningsOf(
  { warnings = [], large }: GoodReading,
  hasCustom: boolean,
): readonly DataWarning[] {
  if (!hasCustom || large === undefined || large.omitted === 0) return warnings
  const what = 'too large for the panels of --panels'
  return [...warnings, { kind: 'cut', path: 'the document', what, count: large.omitted }]
}

const shownWarning = (warning: DataWarning): string => shownText(warningText(warning), MESSAGE_WIDTH)

function withWarnings(snapshot: Snapshot, warnings: readonly DataWarning[]): Snapshot {
  return warnings.length === 0 ? snapshot : { ...snapshot, dataWarnings: warnings.map(shownWarning) }
}

/** What panels show of followed streams: the same list while nothing changed; null where none is followed. */
export class IngestContext {
  #views: readonly IngestView[] = []

  constructor(readonly source: Source) {}

  at(nowMs: number, intervalSec: number | null): readonly IngestView[] | null {
    const stats = this.source.ingest?.(nowMs, intervalSec)
    if (stats === undefined) return null
    this.#views = ingestViews(stats, this.#views)
    return this.#views
  }
}
