// Writes log lines. A log that cannot be written (full disk, closed pipe) must not end the program: lost lines are counted and
// reported as soon as writing works again.
import { Writable } from 'node:stream'

export type LineTarget = {
  write(line: string | Buffer, written: (error?: Error | null) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name
}

export class LinesOut extends Writable {
  #lost = 0
  #why = ''

  constructor(private readonly target: LineTarget) {
    super({ decodeStrings: false })
    // Each write gets its own error; a stream without a listener would throw it as well.
    target.on('error', () => {})
  }

  /** At once and in order, so that the last line before an exit does not stay in a queue. */
  override _write(line: string | Buffer, _encoding: string, done: () => void): void {
    this.target.write(line, error => this.#written(error))
    done()
  }

  #written(error: Error | null | undefined): void {
    if (error != null) {
      this.#lost++
      this.#why = codeOf(error)
      return
    }
    if (this.#lost === 0) return
    const record = {
      level: 40,
      time: new Date().toISOString(),
      lost: this.#lost,
      code: this.#why,
      msg: 'log lines could not be written and are lost',
    }
    this.#lost = 0
    this.target.write(`${JSON.stringify(record)}\n`, again => this.#written(again))
  }
}
