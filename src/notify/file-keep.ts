// Keeps the state of the rules in a file of this server. Two servers with the same file would lose each other's messages: the one that
// holds its lock carries the rules out, and another one sends nothing, waits for the lock, and then goes on from what is kept.
import { dirname } from 'node:path'
import type { Moment } from '../clock/moment.js'
import type { Timers } from '../clock/timers.js'
import { systemEdge } from '../files/atomic.js'
import { holdLock, lockFileOf } from '../files/sqlite.js'
import type { LineLog } from '../log/silent.js'
import { Journal } from './journal.js'
import type { Decider } from './shared.js'
import { type ChangeText, type Kept, keptOf, NOTHING_KEPT } from './stored.js'

const TRY_AGAIN_MS = 5_000

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
  #unlock: () => void = () => {}
  #isDeciding = false
  #isClosed = false
  #isWaiting = false
  #cancel: () => void = () => {}

  constructor(options: FileKeepOptions) {
    this.#options = options
    const { path, log, onWritable } = options
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
  async open(): Promise<void> {
    const { path, decider, timers, onWritable, log } = this.#options
    if (!(await this.#lock())) {
      if (!this.#isWaiting) {
        onWritable(false)
        decider().setDeciding(false)
        log.error(
          { path },
          'another server uses this state of the notifications (G6_NOTIFY_STATE): no rule is carried out here until it ends; give each server a file of its own',
        )
      }
      this.#isWaiting = true
      if (!this.#isClosed) this.#cancel = timers.after(TRY_AGAIN_MS, () => void this.open())
      return
    }
    const kept = await this.read()
    if (this.#isClosed) return
    if (this.#isWaiting) {
      onWritable(true)
      log.info({ path }, 'the other server has ended: the rules are carried out here')
    }
    decider().load(kept, true)
    this.#isDeciding = true
    decider().setDeciding(true)
  }

  /** False: another server has it. A file that cannot be locked is used without, as one that cannot be written. */
  async #lock(): Promise<boolean> {
    const { path, log } = this.#options
    try {
      await systemEdge.makeFolder(dirname(path))
      if (this.#isClosed) return false
      const unlock = holdLock(lockFileOf(path))
      if (unlock === null) return false
      this.#unlock = unlock
    } catch (error) {
      log.warn({ path, code: codeOf(error) }, 'the state of the notifications cannot be locked')
    }
    return true
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
    await this.#journal.close()
    this.#unlock()
    this.#unlock = () => {}
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
