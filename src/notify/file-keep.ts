// Keeps the state of the rules in a file of this server. Two servers with the same file would lose each other's messages: the one that
// holds its lock carries the rules out, and another one sends nothing, waits for the lock, and then goes on from what is kept.
import type { Moment } from '../clock/moment.js'
import type { Timers } from '../clock/timers.js'
import { createWriterLock, type Holder, type WriterLock } from '../files/writer-lock.js'
import type { LineLog } from '../log/silent.js'
import { Journal } from './journal.js'
import type { Decider } from './shared.js'
import { type ChangeText, type Kept, keptOf, NOTHING_KEPT } from './stored.js'

/** How often the lock is looked at: it is touched then, or tried. */
const LOOK_MS = 4_000

export type FileKeepOptions = {
  readonly path: string
  readonly decider: () => Decider
  readonly now: () => Moment
  readonly timers: Timers
  /** Whether what is decided can be kept here. */
  readonly onWritable: (isWritable: boolean) => void
  readonly log: LineLog
}

export class FileKeep {
  readonly #options: FileKeepOptions
  readonly #journal: Journal
  readonly #lock: WriterLock
  #isDeciding = false
  /** Another server has the lock, and the log says so. */
  #isWaiting = false
  /** Why the file cannot be locked; null: it can. */
  #lockFault: string | null = null
  #isClosed = false
  #looking: Promise<void> = Promise.resolve()
  #cancel: () => void = () => {}

  constructor(options: FileKeepOptions) {
    this.#options = options
    const { path, log, onWritable } = options
    this.#lock = createWriterLock(`${path}.lock`)
    this.#journal = new Journal({
      path,
      whole: () => options.decider().whole(),
      onFault: code => {
        onWritable(code === null)
        if (code === null) log.info({ path }, 'the state of the notifications is kept again')
        else
          log.error(
            { path, code },
            'the state of the notifications cannot be kept: messages go out, and a restart may lose or repeat them',
          )
      },
    })
  }

  get isDeciding(): boolean {
    return this.#isDeciding
  }

  /** Begins to carry the rules out, from what was kept; or waits until the other server ends. */
  open(): Promise<void> {
    this.#looking = this.#look()
    return this.#looking
  }

  async #look(): Promise<void> {
    const holder = await this.#take()
    if (holder !== null) this.#wait(holder)
    else if (!this.#isDeciding) await this.#begin()
    if (!this.#isClosed) this.#cancel = this.#options.timers.after(LOOK_MS, () => void this.open())
  }

  /** Null: the lock is ours, or there can be none: the file is then used without, as one that cannot be written. */
  async #take(): Promise<Holder | null> {
    const { path, log } = this.#options
    try {
      const holder = await this.#lock.take()
      this.#lockFault = null
      return holder
    } catch (error) {
      const code = codeOf(error)
      if (this.#lockFault !== code)
        log.warn({ path, code }, 'the state of the notifications cannot be locked')
      this.#lockFault = code
      return null
    }
  }

  #wait({ pid, host }: Holder): void {
    const { path, decider, onWritable, log } = this.#options
    if (this.#isDeciding) decider().forgetEntries()
    this.#isDeciding = false
    decider().setDeciding(false)
    if (this.#isWaiting) return
    this.#isWaiting = true
    onWritable(false)
    log.error(
      { path, pid, host },
      'another server uses this state of the notifications (G6_NOTIFY_STATE): no rule is carried out here until it ends; give each server a file of its own',
    )
  }

  async #begin(): Promise<void> {
    const { path, decider, onWritable, log } = this.#options
    const kept = await this.read()
    if (this.#isClosed) return
    if (this.#isWaiting) {
      onWritable(true)
      log.info({ path }, 'the other server has ended: the rules are carried out here')
    }
    this.#isWaiting = false
    decider().load(kept, true)
    this.#isDeciding = true
    decider().setDeciding(true)
  }

  /** What the file says. */
  async read(): Promise<Kept> {
    const { path, now, log } = this.#options
    try {
      const { changes, damaged } = await this.#journal.read()
      // A crash cuts one line; more is damage.
      if (damaged > 1)
        log.error({ path, damaged }, 'lines of the state of the notifications are damaged and left out')
      return keptOf(changes, now())
    } catch (error) {
      log.error(
        { path, code: codeOf(error) },
        'the state of the notifications cannot be read: incidents begin anew',
      )
      return NOTHING_KEPT
    }
  }

  save(change: ChangeText): Promise<void> {
    return this.#isDeciding ? this.#journal.save(change) : Promise.resolve()
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancel()
    await this.#looking
    await this.#journal.close()
    await this.#lock.release()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
