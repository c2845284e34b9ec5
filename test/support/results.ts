// Cycle results for tests of outputs.
import { type Board, emptyBoard, nextBoard, withVerdict } from '../../src/board/board.js'
import type { CycleResult, SourceState } from '../../src/engine/cycle.js'
import { createPanelBuilder } from '../../src/engine/panel-builder.js'
import { sourceRemarks } from '../../src/engine/source-words.js'
import { Statistics } from '../../src/engine/statistics.js'
import { DEFAULT_THRESHOLDS } from '../../src/panels/thresholds.js'
import { verdictOf } from '../../src/panels/verdict.js'
import { derive } from '../../src/snapshot/derive.js'
import type { Status } from '../../src/snapshot/reading.js'

const FRESH: SourceState = { state: 'fresh', ageSec: 0, changedAtMs: null, error: null, tooOld: false }
const LINKS = { source: 'status.json', metricsUrl: null, streamUrl: null, pageUrl: null }

/** Each call is the next cycle over that status, five seconds after the last; without a status, over the last one again. */
export function resultMaker(): (status?: Status | null, source?: Partial<SourceState>) => CycleResult {
  const builder = createPanelBuilder()
  let board: Board = emptyBoard('e1')
  let last: Status | null = null
  let cycle = 0
  return (status = last, source = {}) => {
    last = status
    cycle++
    const nowMs = 1_763_615_431_000 + cycle * 5_000
    const snapshot = status === null ? null : derive(status)
    if (snapshot !== null) {
      const context = {
        snapshot,
        thresholds: DEFAULT_THRESHOLDS,
        timezone: 'Asia/Kolkata',
        links: LINKS,
        nowMs,
      }
      board = nextBoard(board, builder.build(context), cycle, nowMs)
    }
    const known = { ...FRESH, ...source }
    const verdict = verdictOf({
      snapshot,
      panels: board.panels.values(),
      remarks: sourceRemarks(known, 'Asia/Kolkata'),
    })
    board = withVerdict(board, verdict)
    const stats = new Statistics(nowMs).snapshot(0)
    return { board, snapshot, reading: null, source: known, stats }
  }
}
