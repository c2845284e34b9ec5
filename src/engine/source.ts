// Where readings come from: a file, another server, a message bus. Implemented in sources/; the engine knows only this.
import type { IngestStats } from '../ingest/enrichment.js'
import type { Reading } from '../snapshot/reading.js'
import type { Played } from './played.js'
import type { PushTarget } from './push-target.js'

export interface Source {
  /** What a person reads: `data/runtime_status.json`, `http://host:9329`. */
  readonly name: string
  /**
   * Begins to read and calls back for the first reading and then for each new outcome: a changed document, or a change between good
   * and bad or from one error to another. An unchanged input does not call back, except that a source which asks others calls back
   * when they confirm it: with the same `status` and new times. Call once.
   */
  start(onReading: (reading: Reading) => void): void
  /** Reads again now; resolves when that is done. */
  refresh(): Promise<void>
  /** The state of the followed streams; absent in a source that follows none, and undefined in a recording of one. */
  ingest?(nowMs: number, intervalSec: number | null): readonly IngestStats[] | undefined
  /** Where others push its documents to; absent in a source that reads them itself. */
  readonly pushTargets?: readonly PushTarget[]
  /** Of a recording that is played by itself: its time, which is that of the board; null before its first reading. */
  played?(): Played | null
  /** Stops reading; it does not call back afterwards. Idempotent. */
  close(): Promise<void>
}
