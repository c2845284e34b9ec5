// Logs what is wrong with the data of a status, in few lines.
import type { Clock } from '../clock/clock.js'
import { warningText } from '../ingest/json-text.js'
import type { Log } from '../log/log.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'
import type { DataWarning } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'

const PERIOD_MS = 3_600_000
const MAX_LINES = 20

const HAPPENED: Readonly<Record<DataWarning['kind'], string>> = {
  not_finite: 'a number of the status is missing',
  inexact: 'a number of the status is rounded',
  cut: 'a part of the status is missing',
}

/** Bad numbers: each kind and path once an hour, and at most 20 lines in that time. */
export class DataWarningLog {
  readonly #logged = new Set<string>()
  #sinceMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly log: Log,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  see(warnings: readonly DataWarning[]): void {
    for (const warning of warnings) {
      const nowMs = this.clock.monotonicMs()
      if (nowMs - this.#sinceMs >= PERIOD_MS) {
        this.#logged.clear()
        this.#sinceMs = nowMs
      }
      const { kind, path, count } = warning
      const key = `${kind} ${path}`
      if (this.#logged.has(key) || this.#logged.size === MAX_LINES) continue
      this.#logged.add(key)
      this.log.warn({ count }, `${HAPPENED[kind]}: ${shownText(warningText(warning), MESSAGE_WIDTH)}`)
    }
  }
}

/** Values of a wrong type: one line when they appear and one when they are gone. */
export class WrongTypesLog {
  #isSaid = false

  constructor(private readonly log: Log) {}

  see({ count, first }: Snapshot['wrongTypes']): void {
    const hasAny = first !== null
    if (hasAny === this.#isSaid) return
    this.#isSaid = hasAny
    if (hasAny) {
      this.log.warn(
        { count, example: shownText(first) },
        'the status has values of a wrong type; they are shown as missing',
      )
    } else this.log.info('the status has no values of a wrong type any more')
  }
}
