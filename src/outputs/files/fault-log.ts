// A fault that repeats every cycle is said once, and once more when it is over.
import type { Log } from '../../log/log.js'

export class FaultLog {
  readonly #standing = new Map<string, string>()

  constructor(
    private readonly log: Log,
    private readonly onFault: () => void,
  ) {}

  failed(file: string, error: unknown): void {
    this.onFault()
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (this.#standing.get(file) === code) return
    this.#standing.set(file, code)
    this.log.error({ file, code }, 'a file cannot be written; it is tried again every cycle')
  }

  written(file: string): void {
    if (this.#standing.delete(file)) this.log.info({ file }, 'the file can be written again')
  }
}
