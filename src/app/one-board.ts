// One board, once: read, derive, build, print. For pipes and scripts.
import { emptyBoard, nextBoard, withVerdict } from '../board/board.js'
import { followBoard } from '../board/follow.js'
import type { Config } from '../config/settings.js'
import type { CycleResult, SourceState } from '../engine/cycle.js'
import type { BoardNews } from '../engine/follow-loop.js'
import { createPanelBuilder } from '../engine/panel-builder.js'
import type { Source } from '../engine/source.js'
import { sourceState, writtenAt } from '../engine/source-state.js'
import { sourceRemarks } from '../engine/source-words.js'
import { Statistics } from '../engine/statistics.js'
import { boardDocument } from '../outputs/json-lines.js'
import { frameColumns, plainFrame } from '../outputs/plain.js'
import { verdictOf, verdictWith } from '../panels/verdict.js'
import { derive } from '../snapshot/derive.js'
import type { Reading } from '../snapshot/reading.js'
import { type IndexFails, IndicesLog } from '../sources/indices-log.js'
import { DataWarningLog } from './data-warnings.js'
import { createEpoch } from './epoch.js'
import { isBoardSource, type ProgramSource, withWarnings } from './follow.js'
import { staleLimitsOf, surroundingsOf } from './panel-context.js'
import type { ProgramParts } from './program.js'
import { sourceOf } from './source.js'

/** The board of one reading, as a loop's first cycle would make it. */
function oneBoard(
  config: Config,
  sourceName: string,
  reading: Reading,
  indexFails: IndexFails | null,
  nowMs: number,
): CycleResult {
  const links = { source: sourceName, metricsUrl: config.metricsUrl, streamUrl: null, pageUrl: null }
  const surroundings = surroundingsOf(config, links)
  const snapshot = reading.ok
    ? withWarnings(derive(reading.status, [], config.sourceTimezone), reading.warnings ?? [])
    : null
  const empty = emptyBoard(createEpoch(nowMs))
  const fails = indexFails === null ? {} : { indexFails }
  const board =
    snapshot === null
      ? empty
      : nextBoard(empty, createPanelBuilder().build({ ...surroundings, ...fails, snapshot, nowMs }), 1, nowMs)
  const now = { wallMs: nowMs, monotonicMs: 0 }
  const source = sourceState({
    reading,
    written: reading.ok && snapshot !== null ? writtenAt(reading, snapshot.writtenAtMs, now) : null,
    market: snapshot?.market ?? null,
    unchanged: null,
    limits: staleLimitsOf(surroundings, snapshot),
    now,
  })
  const verdict = verdictOf({
    snapshot,
    panels: board.panels.values(),
    remarks: sourceRemarks(source, config.timezone),
  })
  return {
    board: withVerdict(board, verdict),
    snapshot,
    reading,
    source,
    stats: new Statistics(nowMs).snapshot(0),
  }
}

type Given = { readonly sources: readonly string[]; readonly json: boolean }

type Edge = {
  readonly stdout: { readonly columns?: number; write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** How long a stream is read after its first status: the history of a collector comes before its newest. */
const HISTORY_MS = 250

/** The first reading of a file; what a stream has to say at once. */
function newestReading(source: Source): Promise<Reading> {
  return new Promise(resolve => {
    let newest: Reading | null = null
    source.start(reading => {
      const isFirst = newest === null
      newest = reading
      if (!isFirst) return
      if (source.ingest === undefined || !reading.ok) resolve(reading)
      else setTimeout(() => resolve(newest ?? reading), HISTORY_MS)
    })
  })
}

/** The newest reading of a source, or the first board or fault of a followed server, as one cycle. */
async function firstResult(
  source: ProgramSource,
  { config, log, clock }: ProgramParts,
): Promise<CycleResult> {
  try {
    if (!isBoardSource(source)) {
      const indices = config.indicesPanelLog === null ? null : new IndicesLog(config.indicesPanelLog, log)
      await indices?.refresh()
      const reading = await newestReading(source)
      if (reading.ok) new DataWarningLog(log, clock).see(reading.warnings ?? [])
      return oneBoard(config, source.name, reading, indices?.fails ?? null, Date.now())
    }
    const news = await new Promise<BoardNews>(resolve =>
      source.start(() => {
        if (source.news.board !== null || source.news.fault !== null) resolve(source.news)
      }),
    )
    return followedBoard(news, config.timezone, Date.now())
  } finally {
    await source.close()
  }
}

function followedBoard({ board: seen, fault }: BoardNews, timezone: string, nowMs: number): CycleResult {
  const board = seen === null ? emptyBoard('') : followBoard(emptyBoard(''), seen)
  const changedAtMs = seen === null ? null : nowMs
  const age = { ageSec: seen === null ? null : 0, changedAtMs, tooOld: false }
  const source: SourceState = { state: fault?.error ?? 'fresh', error: fault?.message ?? null, ...age }
  const said = seen?.verdict ?? verdictOf({ snapshot: null, panels: board.panels.values(), remarks: [] })
  return {
    board: withVerdict(board, verdictWith(said, sourceRemarks(source, timezone))),
    snapshot: null,
    reading: null,
    source,
    stats: new Statistics(nowMs).snapshot(0),
  }
}

/** Returns the exit code: 1 when there is nothing to show. */
export async function printSnapshot(parts: ProgramParts, given: Given, edge: Edge): Promise<number> {
  const { config } = parts
  const source = sourceOf(given.sources)(parts)
  const result = await firstResult(source, parts)
  const { state, error } = result.source
  if (result.board.generation === 0) {
    edge.stderr.write(`g6: ${source.name} cannot be read: ${state}: ${error ?? 'nothing came'}\n`)
    return 1
  }
  const text = given.json
    ? `${JSON.stringify(boardDocument(result), null, 2)}\n`
    : plainFrame(result, frameColumns(edge.stdout), config.timezone)
  edge.stdout.write(text)
  return 0
}
