// Makes the memory of a server: the numbers of its boards and the log of its verdicts, fed as one more output.
import type { Clock } from '../clock/clock.js'
import { momentNow } from '../clock/moment.js'
import type { Output } from '../engine/cycle.js'
import { NearHistory } from '../history/near.js'
import { pastEvents } from '../history/past.js'
import { VerdictLog } from '../history/verdict-log.js'
import type { PastOf } from '../hub/hub-types.js'
import type { Log } from '../log/log.js'

export type History = {
  readonly near: NearHistory
  readonly verdicts: VerdictLog
  readonly output: Output
  /** For readers of the stream. */
  readonly past: PastOf
}

export function createHistory(clock: Clock, log: Log): History {
  const near = new NearHistory({
    nowMs: clock.nowMs,
    onFull: (count, first) =>
      log.warn({ count, first }, 'the board has more numbers than history keeps; these have none'),
  })
  const verdicts = new VerdictLog()
  const output: Output = {
    name: 'history',
    publish: result => {
      near.take(result)
      if (result.board.verdict !== null) verdicts.take(result.board.verdict, momentNow(clock))
    },
    close: () => Promise.resolve(),
  }
  const past: PastOf = (asked, after, maxBytes) =>
    pastEvents(near, { ...asked, after, maxBytes }, clock.nowMs())
  return { near, verdicts, output, past }
}
