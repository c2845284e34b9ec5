// Logs a fault of a file once, however often it repeats, and once when it is over. A fault that comes and goes, as on a disk
// that is nearly full, is logged at most once a minute.
import type { Log } from '../../log/log.js'

const MIN_GAP_MS = 60_000

export class FaultLog {
  /** By file; `code` is null once the fault is over. */
  readonly #logged = new Map<string, { code: string | null; atMs: number }>()

  constructor(
    private readonly log: Log,
    private readonly folder: string,
    private readonly onFault: () => void,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  failed(file: string, error: unknown): void {
    this.onFault()
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const last = this.#logged.get(file)
    const nowMs = this.monotonicMs()
    if (last?.code === code) return
    if (last?.code === null && nowMs - last.atMs < MIN_GAP_MS) return
    this.#logged.set(file, { code, atMs: nowMs })
    this.log.error({ folder: this.folder, file, code }, 'a file cannot be written; retrying every cycle')
  }

  written(file: string): void {
    const last = this.#logged.get(file)
    if (last === undefined || last.code === null) return
    last.code = null
    this.log.info({ folder: this.folder, file }, 'the file can be written again')
  }
}
