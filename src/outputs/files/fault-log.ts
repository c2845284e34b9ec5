// A fault that repeats every cycle is said once, and once more when it is over. One that comes and goes, as on a disk that is
// nearly full, is said once a minute at most: the line that says it is over may be followed by silence, not by the opposite.
import type { Log } from '../../log/log.js'

const LEAST_BETWEEN_MS = 60_000

export class FaultLog {
  readonly #standing = new Map<string, { code: string | null; saidAtMs: number }>()

  constructor(
    private readonly log: Log,
    private readonly folder: string,
    private readonly onFault: () => void,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  failed(file: string, error: unknown): void {
    this.onFault()
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const said = this.#standing.get(file)
    const nowMs = this.monotonicMs()
    if (said?.code === code) return
    if (said?.code === null && nowMs - said.saidAtMs < LEAST_BETWEEN_MS) return
    this.#standing.set(file, { code, saidAtMs: nowMs })
    this.log.error(
      { folder: this.folder, file, code },
      'a file cannot be written; it is tried again every cycle',
    )
  }

  written(file: string): void {
    const said = this.#standing.get(file)
    if (said === undefined || said.code === null) return
    said.code = null
    this.log.info({ folder: this.folder, file }, 'the file can be written again')
  }
}
