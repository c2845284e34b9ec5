// One board, once: read, derive, build, print. For pipes and scripts.
import { emptyBoard, nextBoard } from '../board/board.js'
import type { Config } from '../config/settings.js'
import type { CycleResult } from '../engine/cycle.js'
import { sourceState } from '../engine/source-state.js'
import { Statistics } from '../engine/statistics.js'
import type { Log } from '../log/log.js'
import { boardDocument } from '../outputs/json-lines.js'
import { plainFrame } from '../outputs/plain.js'
import { createPanelBuilder } from '../panels/build.js'
import { staleAfter } from '../panels/thresholds.js'
import { derive } from '../snapshot/derive.js'
import type { Reading } from '../snapshot/reading.js'
import { createEpoch } from './epoch.js'
import { surroundingsOf } from './panel-context.js'
import { sourceOf } from './source.js'

const DEFAULT_COLUMNS = 160

/** The board of one reading, as a loop's first cycle would make it. */
export function oneBoard(config: Config, sourceName: string, reading: Reading, nowMs: number): CycleResult {
  const links = { source: sourceName, metricsUrl: config.metricsUrl, streamUrl: null, pageUrl: null }
  const surroundings = surroundingsOf(config, links)
  const snapshot = reading.ok ? derive(reading.status) : null
  const empty = emptyBoard(createEpoch(nowMs))
  const board =
    snapshot === null
      ? empty
      : nextBoard(empty, createPanelBuilder().build({ ...surroundings, snapshot, nowMs }), 1, nowMs)
  const limits = staleAfter(surroundings.thresholds, snapshot?.cycle.intervalSec ?? null)
  const changedAtMs = reading.ok ? reading.readAtMs : null
  const source = sourceState(reading, changedAtMs, limits, nowMs)
  return { board, snapshot, reading, source, stats: new Statistics(nowMs).snapshot(0) }
}

type Edge = {
  readonly stdout: { readonly columns?: number; write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** Returns the exit code: 1 when the status cannot be read. */
export async function printSnapshot(config: Config, log: Log, json: boolean, edge: Edge): Promise<number> {
  const source = sourceOf(config, log)
  const reading = await new Promise<Reading>(resolve => source.start(resolve))
  await source.close()
  const result = oneBoard(config, source.name, reading, Date.now())
  if (!reading.ok) {
    edge.stderr.write(`g6: the status ${source.name} cannot be read: ${reading.error}: ${reading.message}\n`)
    return 1
  }
  const columns = edge.stdout.columns ?? DEFAULT_COLUMNS
  const text = json
    ? `${JSON.stringify(boardDocument(result), null, 2)}\n`
    : plainFrame(result, columns, config.timezone)
  edge.stdout.write(text)
  return 0
}
