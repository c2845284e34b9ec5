// Sends a request and drops its answer; only a failure is reported.
import type { Timers } from '../../clock/timers.js'
import type { UpstreamEdge } from './edge.js'
import type { UpstreamRequest } from './request.js'
import type { FailureCause } from './retry.js'

const LONGEST_MS = 10_000

/** `onFailed`: it was refused, was not answered in time, or did not arrive. */
export function sendAway(
  edge: UpstreamEdge,
  request: UpstreamRequest,
  timers: Timers,
  onFailed: (cause: FailureCause) => void,
): void {
  const cancelTimer = timers.after(LONGEST_MS, () => {
    call.abort()
    onFailed('silence')
  })
  const call = edge.open(request, {
    onHead: status => {
      if (status < 200) return
      cancelTimer()
      // What it says goes nowhere.
      call.abort()
      if (status >= 300) onFailed(status)
    },
    onData: () => {},
    onEnd: () => {},
    onError: cause => {
      cancelTimer()
      onFailed(cause)
    },
  })
}
