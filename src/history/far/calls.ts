// The calls of far history: in a thread of its own, because a disk may be slow; without a compiled thread file (when the program runs from
// its sources) in the caller's, with the same behaviour.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { threadCalls } from '../../files/thread-calls.js'
import { type FarCall, FarError, type FarLimits, type Opened } from './messages.js'

const THREAD_FILE = fileURLToPath(new URL('./thread.js', import.meta.url))

export type FarCalls = {
  call(call: FarCall): Promise<unknown>
  end(): Promise<void>
}

export function createFarCalls(limits: FarLimits): FarCalls {
  if (!existsSync(THREAD_FILE)) return { call: farCalls(limits), end: () => Promise.resolve() }
  return threadCalls<FarCall>(
    THREAD_FILE,
    limits,
    why => new FarError('ended', `the thread that writes history has ended (${why})`),
  )
}

type OpenStore = {
  readonly store: import('./store.js').FarStore
  readonly unlock: () => void
  readonly identity: string
}

/** Runs the calls, in the order in which they come. */
export function farCalls({ path, maxBytes }: FarLimits): (call: FarCall) => Promise<unknown> {
  let opened: OpenStore | null = null

  /** `meanwhile`: while the file is closed and still locked. */
  function drop<T>(meanwhile: () => T): T {
    const { store, unlock } = opened ?? {}
    opened = null
    try {
      store?.close()
      return meanwhile()
    } finally {
      unlock?.()
    }
  }
  const close = (): void => drop(() => undefined)

  async function open(fromMinute: number): Promise<Opened> {
    close()
    // Loads SQLite only where it is used: in the thread, not in the server's own.
    const { isDamage, identityOf, lockHistory, openHistory, setAside } = await import('./file.js')
    const { FarStore } = await import('./store.js')
    const unlock = lockHistory(path)
    const attempt = (asideAt: string | null): Opened => {
      const store = new FarStore(openHistory(path), maxBytes)
      try {
        const known = {
          ...store.state(),
          verdicts: store.verdicts(),
          recent: store.recent(fromMinute),
          asideAt,
        }
        opened = { store, unlock, identity: identityOf(path) }
        return known
      } catch (error) {
        store.close()
        throw error
      }
    }
    try {
      try {
        return attempt(null)
      } catch (error) {
        if (!isDamage(error)) throw error
        return attempt(setAside(path))
      }
    } catch (error) {
      unlock()
      throw error
    }
  }

  async function run(call: FarCall): Promise<unknown> {
    if (call.do === 'open') return open(call.fromMinute)
    if (call.do === 'close') return close()
    if (opened === null) throw new FarError('not_open', 'the history is not open')
    const { isDamage, identityOf, setAside } = await import('./file.js')
    // SQLite goes on writing a deleted file, and nobody would ever read it.
    if (call.do === 'write' && identityOf(path) !== opened.identity) {
      close()
      throw new FarError(
        'vanished',
        `the history ${path} (G6_HISTORY_DB) was deleted or replaced while this server wrote it; a new one is begun`,
      )
    }
    try {
      return call.do === 'write' ? opened.store.write(call) : opened.store.read(call)
    } catch (error) {
      if (!isDamage(error)) throw error
      const aside = drop(() => setAside(path))
      throw new FarError(
        'damaged',
        `the history ${path} is damaged; it is kept as ${aside}, and a new one is begun`,
      )
    }
  }

  let last: Promise<unknown> = Promise.resolve()
  return call => {
    const done = last.then(() => run(call))
    last = done.catch(() => {})
    return done
  }
}
