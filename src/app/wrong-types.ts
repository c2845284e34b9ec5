// Says in the log that a status has values of a wrong type, once, and once that it no longer has any.
import type { Log } from '../log/log.js'
import { shownText } from '../panels/text.js'
import type { Snapshot } from '../snapshot/snapshot.js'

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
