// One attempt to read a status document from a file: the document, or an error of a known kind. Everything about it is
// bounded: size, time, tries. Messages name what was wrong and never quote the content.
import type { BigIntStats } from 'node:fs'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { isWithinDepth, MAX_DEPTH } from '../ingest/json.js'
import type { BadReading, Reading, ReadingError, Status } from '../snapshot/reading.js'

/** A half-written file is looked at again this often, this far apart, before it counts as an error. */
const TRIES = 3
const RETRY_MS = 10
const READ_TIMEOUT_MS = 5_000

/** What says whether a file is the one already read: same time, size and inode = unchanged. */
export type FileMark = { readonly modifiedNs: bigint; readonly sizeBytes: number; readonly inode: bigint }

/** The file system's edge; tests bring faults of their own. */
export type ReadEdge = {
  readonly open: (path: string, flags: number) => Promise<Pick<FileHandle, 'stat' | 'read' | 'close'>>
}

const realReadEdge: ReadEdge = { open: (path, flags) => open(path, flags) }

export type ReadOptions = {
  readonly path: string
  readonly maxBytes: number
  readonly nowMs: () => number
  readonly edge?: ReadEdge
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** The file as it was last read: when it still is that, it is not read again. */
  readonly unless?: FileMark | null
  /** Told of every read that is begun: one that was given up may still hang in the system. */
  readonly onBegun?: (work: Promise<unknown>) => void
}

/** `unchanged`, or a reading with the mark of what was read (null when nothing whole could be). */
export type Look = 'unchanged' | { readonly reading: Reading; readonly mark: FileMark | null }

class ReadFault extends Error {
  constructor(
    readonly kind: ReadingError,
    message: string,
    /** The same again in a moment may give something else: a writer is in the middle of it. */
    readonly passing = false,
  ) {
    super(message)
  }
}

function markOf(stats: BigIntStats): FileMark {
  return { modifiedNs: stats.mtimeNs, sizeBytes: Number(stats.size), inode: stats.ino }
}

function sameMark(a: FileMark | null, b: FileMark): boolean {
  return a !== null && a.modifiedNs === b.modifiedNs && a.sizeBytes === b.sizeBytes && a.inode === b.inode
}

/** What a failed call of the file system means, in a word and in a sentence. */
function readFault(error: unknown): { readonly kind: ReadingError; readonly message: string } {
  if (error instanceof ReadFault) return { kind: error.kind, message: error.message }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', message: 'there is no such file' }
  if (code === 'EACCES' || code === 'EPERM')
    return { kind: 'forbidden', message: 'the file may not be read by this user' }
  if (code === 'ABORT_ERR') return { kind: 'timeout', message: 'reading was given up' }
  return { kind: 'io', message: `the file cannot be read (${code})` }
}

function badReading(error: unknown, readAtMs: number): BadReading {
  const { kind, message } = readFault(error)
  return { ok: false, error: kind, message, readAtMs }
}

/**
 * Reads at most `maxBytes`, from the file as it is opened: a rename meanwhile changes nothing.
 *
 * Cost: three turns of the thread pool, one after the other (open, stat, read); a reader waits for each, and on a busy machine
 * each is a wait for a processor (`g6 bench change` notices one more). They stay off this thread, where they would cost a
 * tenth: a file system that hangs may hold up a look, never the program. The stat comes before the read: a mark newer than
 * what was read would hide the last change.
 */
async function readBytes(options: ReadOptions): Promise<'unchanged' | { bytes: Buffer; mark: FileMark }> {
  const { path, maxBytes, edge = realReadEdge, unless = null } = options
  // Without O_NONBLOCK opening a FIFO waits for a writer that may never come.
  const handle = await edge.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile()) throw new ReadFault('io', 'it is not a regular file')
    const mark = markOf(stats)
    if (sameMark(unless, mark)) return 'unchanged'
    if (mark.sizeBytes > maxBytes) throw tooLarge(maxBytes)
    // One byte more than it should have: a file that grows while it is read is noticed. One that gives just what it should
    // has ended, and is not asked for its end again.
    const buffer = Buffer.allocUnsafe(Math.min(mark.sizeBytes, maxBytes) + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
      length += bytesRead
      if (bytesRead === 0 || length === mark.sizeBytes) break
    }
    if (length > maxBytes) throw tooLarge(maxBytes)
    if (length > mark.sizeBytes) throw new ReadFault('not_json', 'it was written to while it was read', true)
    return { bytes: buffer.subarray(0, length), mark }
  } finally {
    // Nobody waits for it: what was read is whole, and how closing ends says nothing about it.
    handle.close().catch(() => {})
  }
}

function tooLarge(maxBytes: number): ReadFault {
  return new ReadFault('too_large', `it is larger than ${maxBytes} bytes (G6_STATUS_MAX_BYTES)`)
}

/** Where it stops being JSON, as far as V8 says (`position 17`); nothing of the content is repeated. */
function whereIn(text: string, error: unknown): string {
  if (text.trim() === '') return 'it is empty'
  const said = error instanceof Error ? error.message : ''
  const at = Number(/position (\d+)/.exec(said)?.[1] ?? Number.NaN)
  if (at >= text.length || said.includes('end of JSON input')) return 'it ends in the middle of a value'
  if (Number.isNaN(at)) return 'it is not JSON'
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return `it stops being JSON at line ${line}, column ${before.length - before.lastIndexOf('\n')}`
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ReadFault('not_json', 'it is not UTF-8', true)
  }
}

/** The document in these bytes; throws a ReadFault. A byte-order mark is fine. */
function parseStatus(bytes: Buffer): Status {
  const text = decode(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ReadFault('not_json', whereIn(text, error), true)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
    throw new ReadFault('not_object', `it is ${what}; a status is a JSON object`)
  }
  // Who passes it on writes it as JSON again, which takes a call for each level.
  if (!isWithinDepth(value)) throw new ReadFault('too_large', `it is nested deeper than ${MAX_DEPTH} levels`)
  // The one cast: an object from JSON.parse has string keys and unknown values.
  return value as Status
}

/** Rejects when reading takes longer than it may (a dead network file system), or when nobody wants it any more. */
async function inTime<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal | undefined): Promise<T> {
  let giveUp: () => void = () => {}
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    giveUp = () => reject(new ReadFault('timeout', `it could not be read within ${timeoutMs} ms`))
    timer = setTimeout(giveUp, timeoutMs)
  })
  signal?.addEventListener('abort', giveUp)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}

/** Reads the status, with a second and third try for a file that is being written. Never throws. */
export async function readStatus(options: ReadOptions): Promise<Look> {
  const { nowMs, signal, timeoutMs = READ_TIMEOUT_MS } = options
  let mark: FileMark | null = null
  for (let attempt = 1; ; attempt++) {
    try {
      const work = readBytes(options)
      options.onBegun?.(work)
      const read = await inTime(work, timeoutMs, signal)
      if (read === 'unchanged') return read
      mark = read.mark
      const status = parseStatus(read.bytes)
      const modifiedAtMs = Number(mark.modifiedNs / 1_000_000n)
      const reading = {
        ok: true,
        status,
        readAtMs: nowMs(),
        modifiedAtMs,
        sizeBytes: read.bytes.length,
      } as const
      return { reading, mark }
    } catch (error) {
      const isPassing = error instanceof ReadFault && error.passing
      if (!isPassing || attempt === TRIES || signal?.aborted)
        return { reading: badReading(error, nowMs()), mark }
    }
    // Aborted while waiting: the result is nobody's any more, so the next try may as well come at once.
    await wait(RETRY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}
