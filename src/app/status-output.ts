// The status stream as an output of the loop: each new status, and what came beside it.
import type { Output } from '../engine/cycle.js'
import type { StatusHub } from '../hub/status-hub.js'

export function createStatusOutput(hub: Pick<StatusHub, 'publishStatus' | 'publishIngest'>): Output {
  return {
    name: 'status-stream',
    publish({ reading, stats }) {
      if (reading?.ok) hub.publishStatus(reading.status)
      if (stats.ingest !== undefined) hub.publishIngest(stats.ingest)
    },
    close: () => Promise.resolve(),
  }
}
