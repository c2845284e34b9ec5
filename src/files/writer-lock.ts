// One writer for a folder or a file: a small file next to it names the process that writes. Node has no locks of the operating
// system, so whether that process still runs is read from its start time (Linux), else from the time it last touched the file.
//
// It keeps two servers apart that were given the same place by mistake. A process that was killed leaves its file, and the next
// one takes over; one on another machine, or in another container, after it was not touched for a while.
import { randomBytes } from 'node:crypto'
import { constants, readFileSync, readlinkSync } from 'node:fs'
import { open, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { systemEdge } from './atomic.js'

/** The process that writes, as its file says. */
export type Holder = {
  readonly pid: number
  readonly host: string
  /** ISO 8601. */
  readonly since: string
  /** Of this process alone. */
  readonly id: string
  /** Which process ids mean the same there: this boot of the machine and this container. Null: unknown. */
  readonly place: string | null
  /** When the process began, as its machine counts. Null: unknown. */
  readonly start: string | null
}

export type WriterLock = {
  /** Null: this process may write. Else the one that does. Rejects with errors of the file system. */
  take(): Promise<Holder | null>
  release(): Promise<void>
}

/** How often the file is read and touched, and after how long without that a process elsewhere counts as gone. */
const TOUCH_MS = 4_000
const GONE_AFTER_MS = 15_000
/** A file system's clock may be a little behind. */
const CLOCK_STEP_MS = 20
const MAX_BYTES = 4_096
/** A file that goes away or comes back meanwhile is tried again this often. */
const TRIES = 4

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
const REGULAR_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Null where there is no /proc, or no such process. */
function unlessMissing(read: () => string): string | null {
  try {
    return read()
  } catch {
    return null
  }
}

function startOf(processId: number): string | null {
  // The name in parentheses may have blanks; the start time is the 20th field after it.
  return unlessMissing(() => {
    const text = readFileSync(`/proc/${processId}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })
}

const SELF: Omit<Holder, 'since'> = {
  pid: process.pid,
  host: hostname(),
  id: randomBytes(8).toString('hex'),
  place: unlessMissing(
    () =>
      `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`,
  ),
  start: startOf(process.pid),
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Null: not written by this program, or not yet whole. */
function parseHolder(text: string): Holder | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { pid, host, since, id, place, start } = value as Readonly<Record<string, unknown>>
  if (
    typeof pid !== 'number' ||
    typeof host !== 'string' ||
    typeof since !== 'string' ||
    typeof id !== 'string'
  ) {
    return null
  }
  return { pid, host, since, id, place: textOrNull(place), start: textOrNull(start) }
}

const UNKNOWN: Holder = { pid: 0, host: 'unknown', since: 'unknown', id: '', place: null, start: null }

type Found = { readonly holder: Holder; readonly touchedMs: number; readonly inode: bigint }

/** Null: there is none. */
async function read(path: string): Promise<Found | null> {
  try {
    const file = await open(path, REGULAR_ONLY)
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)
      const { mtimeMs, ino } = await file.stat({ bigint: true })
      const holder = parseHolder(buffer.toString('utf8', 0, bytesRead)) ?? UNKNOWN
      return { holder, touchedMs: Number(mtimeMs), inode: ino }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function isRunning({ holder, touchedMs }: Found, nowMs: number): boolean {
  const { place, start, pid } = holder
  if (place !== null && place === SELF.place && start !== null) return startOf(pid) === start
  return Math.abs(nowMs - touchedMs) < GONE_AFTER_MS
}

/** `path`: of the file that names the writer. */
export function createWriterLock(path: string, nowMs: () => number = Date.now): WriterLock {
  let touchedMs = Number.NEGATIVE_INFINITY

  /** False: it exists. */
  async function create(): Promise<boolean> {
    try {
      const file = await open(path, NEW_FILE, 0o644)
      try {
        const self: Holder = { ...SELF, since: new Date(nowMs()).toISOString() }
        await file.writeFile(`${JSON.stringify(self)}\n`)
      } finally {
        await file.close()
      }
      touchedMs = nowMs()
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      if (codeOf(error) !== 'ENOENT') throw error
      await systemEdge.makeFolder(dirname(path))
      return false
    }
  }

  /** Not removed in place: meanwhile another process may have done the same, and the file may be its new one. */
  async function removeStale({ inode }: Found): Promise<void> {
    const aside = `${path}.${SELF.id}`
    try {
      await rename(path, aside)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      throw error
    }
    const { ino } = await stat(aside, { bigint: true })
    if (ino === inode) await rm(aside, { force: true })
    else await rename(aside, path)
  }

  /** It is ours, and a process elsewhere knows. */
  function isFresh(): boolean {
    const now = nowMs()
    return now - touchedMs < TOUCH_MS && now >= touchedMs
  }

  /** It is the file that this process last touched: one call, where reading it takes four. */
  async function isUntouched(): Promise<boolean> {
    const found = await stat(path).catch(() => null)
    return found !== null && Math.abs(found.mtimeMs - touchedMs) < CLOCK_STEP_MS
  }

  async function touch(): Promise<void> {
    const now = nowMs()
    await utimes(path, now / 1000, now / 1000)
    touchedMs = now
  }

  return {
    take: async () => {
      if (isFresh()) return null
      if (touchedMs > 0 && (await isUntouched())) {
        await touch()
        return null
      }
      touchedMs = Number.NEGATIVE_INFINITY
      let last: Holder = UNKNOWN
      for (let i = 0; i < TRIES; i++) {
        const found = await read(path)
        if (found === null) {
          if (await create()) return null
          continue
        }
        if (found.holder.id === SELF.id) {
          await touch()
          return null
        }
        if (isRunning(found, nowMs())) return found.holder
        last = found.holder
        await removeStale(found)
      }
      // Others come and go all the time; the next call tries again.
      return last
    },
    release: async () => {
      // One that cannot be removed is taken over: this process has ended then.
      const found = await read(path).catch(() => null)
      if (found?.holder.id === SELF.id) await rm(path, { force: true }).catch(() => {})
    },
  }
}
