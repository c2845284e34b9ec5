// Where readings come from: a file, another server, a message bus. Implemented in sources/; the loop knows only this.
import type { IngestStats } from '../ingest/enrichment.js'
import type { Reading } from '../snapshot/reading.js'

export interface Source {
  /** What a person reads: `data/runtime_status.json`, `http://host:9329`. */
  readonly name: string
  /**
   * Begins to read and calls back for the first reading and then for each new outcome: a changed document, or a change
   * from good to bad, from one error to another, and back. An unchanged input calls nobody. Call once.
   */
  start(onReading: (reading: Reading) => void): void
  /** Looks again now, changed or not noticed; resolves when that look is done. */
  refresh(): Promise<void>
  /** How the streams stand that this source follows; a source that follows none has no such member. */
  ingest?(nowMs: number, intervalSec: number | null): readonly IngestStats[]
  /** Stops watching; nothing is called afterwards. Idempotent. */
  close(): Promise<void>
}
