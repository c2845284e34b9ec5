// Whether an output may write its files: it has the lock of their place, and can make a file there. Otherwise one line of the log
// says why nothing is written and which setting changes that, and one more when it is over.
import type { Holder, WriterLock } from '../../files/writer-lock.js'
import type { Log } from '../../log/log.js'

export type OwnershipOptions = {
  readonly lock: WriterLock
  /** The folder or file, for the log. */
  readonly place: Readonly<Record<string, string>>
  /** What to change, as the end of a sentence. */
  readonly remedy: string
  readonly log: Log
  readonly onFault: () => void
}

export class Ownership {
  /** Why nothing is written, as it was logged; null: it is written. */
  #why: string | null = null

  constructor(private readonly options: OwnershipOptions) {}

  /** Asked before each round; never rejects. */
  async mayWrite(): Promise<boolean> {
    const { lock, place, remedy, log, onFault } = this.options
    let holder: Holder | null
    try {
      holder = await lock.take()
    } catch (error) {
      onFault()
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      if (this.#is(code))
        log.error({ ...place, code }, `nothing can be written here; retrying every cycle: ${remedy}`)
      return false
    }
    if (holder !== null) {
      onFault()
      const { pid, host, since } = holder
      if (this.#is(`${host} ${pid}`)) {
        log.warn(
          { ...place, pid, host, since },
          `another program writes here, so this one does not: ${remedy}`,
        )
      }
      return false
    }
    if (this.#why !== null) log.info(place, 'nothing prevents writing here any more')
    this.#why = null
    return true
  }

  /** True: it is news. */
  #is(why: string): boolean {
    const isNew = this.#why !== why
    this.#why = why
    return isNew
  }

  release(): Promise<void> {
    return this.options.lock.release()
  }
}
