// A source that parses the text it is given, as the source of a file does: reading includes the cost of parsing.
import type { Source } from '../../src/engine/source.js'
import type { Reading, Status } from '../../src/snapshot/reading.js'

export class ScriptedSource implements Source {
  readonly name = 'bench'
  #onReading: (reading: Reading) => void = () => {}
  #last: Reading | null = null

  start(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading
  }

  /** Runs one whole cycle, since the loop takes a reading at once; returns its time, ms. */
  give(text: string): number {
    const startMs = performance.now()
    const status = JSON.parse(text) as Status
    const nowMs = Date.now()
    this.#last = { ok: true, status, readAtMs: nowMs, modifiedAtMs: nowMs, sizeBytes: text.length }
    this.#onReading(this.#last)
    return performance.now() - startMs
  }

  /** Runs a cycle on the same document, as a tick does while nothing changes; returns its time, ms. */
  repeat(): number {
    const reading = this.#last
    if (reading === null) throw new Error('call give before repeat')
    const startMs = performance.now()
    this.#onReading(reading)
    return performance.now() - startMs
  }

  refresh(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
