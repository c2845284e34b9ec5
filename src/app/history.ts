// Makes the memory of a server: the numbers of its boards and the log of its verdicts, fed as one more output, and kept in a file where one
// is named.
import { momentNow } from '../clock/moment.js'
import { WINDOW_SEC } from '../display/series.js'
import type { Output } from '../engine/cycle.js'
import { createFarCalls } from '../history/far/calls.js'
import { FarHistory } from '../history/far/far.js'
import { EVERY, NearHistory } from '../history/near.js'
import { pastDocument, pastEvents } from '../history/past.js'
import { VerdictLog } from '../history/verdict-log.js'
import type { PastOf } from '../hub/hub-types.js'
import type { ProgramParts } from './parts.js'

export type History = {
  readonly near: NearHistory
  /** Null without `G6_HISTORY_DB`. */
  readonly far: FarHistory | null
  readonly verdicts: VerdictLog
  readonly output: Output
  /** For readers of the stream. */
  readonly past: PastOf
  /** Takes what an earlier server stored. Never rejects, and takes a second at most. */
  open(): Promise<void>
}

const DAY_MINUTES = 1_440

/** Of the past that a terminal takes: trends have few points. */
const TRENDS_STEP_SEC = 10

type Parts = Pick<ProgramParts, 'config' | 'clock' | 'log' | 'metrics' | 'onPast'>

export function createHistory({ config, clock, log, metrics, onPast }: Parts): History {
  const { historyDb: path, historyDays, historyMaxBytes: maxBytes } = config
  const near: NearHistory = new NearHistory({
    nowMs: clock.nowMs,
    onFull: (count, first) =>
      log.warn({ count, first }, 'the board has more numbers than history keeps; these have none'),
    ...(path === null ? {} : { onMinute: batch => far?.take(batch) }),
  })
  const verdicts = new VerdictLog()
  const keptMinutes = historyDays * DAY_MINUTES
  const far =
    path === null
      ? null
      : new FarHistory({
          calls: createFarCalls({ path, maxBytes }),
          near,
          verdicts,
          keptMinutes,
          clock,
          log,
          observer: {
            onError: what => metrics.g6_history_errors_total.inc({ what }),
            onLost: minutes => metrics.g6_history_lost_total.inc(minutes),
          },
        })
  let isShown = far === null
  /** What an earlier server stored, once its numbers are on a board. */
  function showEarlier(): void {
    if (isShown) return
    isShown = true
    const toSec = Math.floor(clock.nowMs() / 1000)
    const span = { fromSec: toSec - WINDOW_SEC + 1, toSec, stepSec: TRENDS_STEP_SEC }
    onPast?.(pastDocument(near, [EVERY], span, clock.nowMs()))
  }
  const output: Output = {
    name: 'history',
    publish: result => {
      near.take(result)
      if (result.board.generation > 0) showEarlier()
      if (result.board.verdict !== null) verdicts.take(result.board.verdict, momentNow(clock))
    },
    close: () => far?.close() ?? Promise.resolve(),
  }
  const past: PastOf = (asked, after, maxBytes) =>
    pastEvents(near, { ...asked, after, maxBytes }, clock.nowMs())
  metrics.onScrape(() => {
    metrics.g6_history_series.set(near.size)
    if (far === null) return
    metrics.g6_history_db_bytes.set(far.bytes)
    metrics.g6_history_db_limit_bytes.set(maxBytes)
    metrics.g6_history_lag_seconds.set(far.lagSec(momentNow(clock)))
  })
  return { near, far, verdicts, output, past, open: () => far?.open() ?? Promise.resolve() }
}
