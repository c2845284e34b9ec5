// Reads a status document from a file, or gives an error of a known kind. Size, time and tries are limited. Messages say what
// was wrong and never quote the content.
import type { BigIntStats } from 'node:fs'
import { constants, type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { isObject, isWithinDepth, MAX_DEPTH } from '../ingest/json.js'
import { parseJson } from '../ingest/json-text.js'
import type { BadReading, DataWarning, Reading, ReadingError, Status } from '../snapshot/reading.js'
import { statusText } from './status-text.js'

/** A half-written file is read this often, this far apart, before it is an error. */
const TRIES = 3
const RETRY_MS = 10
const READ_TIMEOUT_MS = 5_000

/**
 * A file with the same mark is unchanged. `changedNs` (ctime) changes even when a writer sets the time of modification back.
 */
export type FileMark = {
  readonly modifiedNs: bigint
  readonly changedNs: bigint
  readonly sizeBytes: number
  readonly inode: bigint
  /** The bytes, while a write right after the read could leave the same times: then they are compared. */
  readonly content: Buffer | null
}

/** A file system's clock advances in steps of a few milliseconds, or of up to two seconds where it stores whole seconds. */
const FINE_STEP_MS = 20
const COARSE_STEP_MS = 2_000

/** Access to the file system; tests replace it to inject faults. */
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
  /** The mark of the last read: an unchanged file is not read again. */
  readonly unless?: FileMark | null
  /** Called with every read that starts: a cancelled one may still hang in the system. */
  readonly onBegun?: (work: Promise<unknown>) => void
}

/** `reading`: null when the file is unchanged. `mark`: null when the file could not be read. */
export type ReadResult = { readonly reading: Reading | null; readonly mark: FileMark | null }

class ReadFault extends Error {
  constructor(
    readonly kind: ReadingError,
    message: string,
    /** A writer may be in the middle of it: try again. */
    readonly isTransient = false,
  ) {
    super(message)
  }
}

function markOf({ mtimeNs, ctimeNs, size, ino }: BigIntStats): FileMark {
  return { modifiedNs: mtimeNs, changedNs: ctimeNs, sizeBytes: Number(size), inode: ino, content: null }
}

function sameMark(a: FileMark, b: FileMark): boolean {
  return (
    a.modifiedNs === b.modifiedNs &&
    a.changedNs === b.changedNs &&
    a.sizeBytes === b.sizeBytes &&
    a.inode === b.inode
  )
}

/** Whether the path still leads to the file as it was read: one call, where a reading takes three and its folders more. */
export async function isUnchanged(path: string, mark: FileMark): Promise<boolean> {
  if (mark.content !== null) return false
  const stats = await stat(path, { bigint: true }).catch(() => null)
  return stats !== null && sameMark(markOf(stats), mark)
}

/** Whether a write now could leave the times unchanged. */
function couldKeepTimes({ modifiedNs, changedNs }: FileMark, nowMs: number): boolean {
  const newestNs = modifiedNs > changedNs ? modifiedNs : changedNs
  const stepMs = newestNs % 1_000_000_000n === 0n ? COARSE_STEP_MS : FINE_STEP_MS
  return Math.abs(nowMs - Number(newestNs / 1_000_000n)) <= stepMs
}

function readFault(error: unknown): { readonly kind: ReadingError; readonly message: string } {
  if (error instanceof ReadFault) return { kind: error.kind, message: error.message }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', message: 'there is no such file' }
  if (code === 'EACCES' || code === 'EPERM')
    return { kind: 'forbidden', message: 'the file may not be read by this user' }
  if (code === 'ABORT_ERR') return { kind: 'timeout', message: 'the read was cancelled' }
  return { kind: 'io', message: `the file cannot be read (${code})` }
}

function badReading(error: unknown, readAtMs: number): BadReading {
  const { kind, message } = readFault(error)
  return { ok: false, error: kind, message, readAtMs }
}

/**
 * Reads at most `maxBytes` from the file as opened: a rename meanwhile has no effect.
 *
 * Cost: three sequential turns of the thread pool (open, stat, read), each a wait for a processor on a busy machine (`g6 bench
 * change` notices one more). Synchronous calls would cost a tenth, but a hanging file system would block the program. The stat
 * comes before the read: a mark newer than the content would hide the last change.
 */
async function readBytes(options: ReadOptions): Promise<{ bytes: Buffer | null; mark: FileMark }> {
  const { path, maxBytes, nowMs, edge = realReadEdge, unless = null } = options
  // Without O_NONBLOCK, opening a FIFO waits for a writer.
  const handle = await edge.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile()) throw new ReadFault('io', 'it is not a regular file')
    const mark = markOf(stats)
    const isYoung = couldKeepTimes(mark, nowMs())
    const same = unless !== null && sameMark(unless, mark) ? unless : null
    if (same !== null && same.content === null) return { bytes: null, mark }
    if (mark.sizeBytes > maxBytes) throw tooLarge(maxBytes)
    // One byte more than the size, to notice a file that grows meanwhile. At exactly the size, skip the read that would only
    // confirm the end.
    const buffer = Buffer.allocUnsafe(Math.min(mark.sizeBytes, maxBytes) + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
      length += bytesRead
      if (bytesRead === 0 || length === mark.sizeBytes) break
    }
    if (length > maxBytes) throw tooLarge(maxBytes)
    if (length > mark.sizeBytes) throw new ReadFault('not_json', 'it was written to while it was read', true)
    const content = buffer.subarray(0, length)
    const bytes = same?.content?.equals(content) === true ? null : content
    return { bytes, mark: isYoung ? { ...mark, content } : mark }
  } finally {
    // Not awaited: the content is complete, and an error of close says nothing about it.
    handle.close().catch(() => {})
  }
}

function tooLarge(maxBytes: number): ReadFault {
  return new ReadFault('too_large', `it is larger than ${maxBytes} bytes (G6_STATUS_MAX_BYTES)`)
}

/** Throws a ReadFault. */
function parseStatus(bytes: Buffer): { readonly status: Status; readonly warnings: readonly DataWarning[] } {
  const decoded = statusText(bytes)
  if (!decoded.ok) throw new ReadFault('not_json', decoded.message, true)
  const parsed = parseJson(decoded.text)
  if (!parsed.ok && parsed.fault === 'syntax') throw new ReadFault('not_json', parsed.message, true)
  // It is encoded as JSON again later, which recurses once per level.
  if (!parsed.ok || !isWithinDepth(parsed.value))
    throw new ReadFault('too_large', `it is nested deeper than ${MAX_DEPTH} levels`)
  const { value, warnings } = parsed
  if (!isObject(value)) {
    const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
    throw new ReadFault('not_object', `it is ${what}; a status is a JSON object`)
  }
  return { status: value, warnings }
}

/** Rejects when reading takes too long (a dead network file system) or is aborted. */
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

/** Reads the status; tries a file that is being written up to three times. Never throws. */
export async function readStatus(options: ReadOptions): Promise<ReadResult> {
  const { nowMs, signal, timeoutMs = READ_TIMEOUT_MS } = options
  let mark: FileMark | null = null
  for (let attempt = 1; ; attempt++) {
    try {
      const work = readBytes(options)
      options.onBegun?.(work)
      const read = await inTime(work, timeoutMs, signal)
      mark = read.mark
      if (read.bytes === null) return { reading: null, mark }
      const { status, warnings } = parseStatus(read.bytes)
      const modifiedAtMs = Number(mark.modifiedNs / 1_000_000n)
      const sizeBytes = read.bytes.length
      const facts = { ok: true, status, readAtMs: nowMs(), modifiedAtMs, sizeBytes } as const
      return { reading: warnings.length === 0 ? facts : { ...facts, warnings }, mark }
    } catch (error) {
      const isTransient = error instanceof ReadFault && error.isTransient
      if (!isTransient || attempt === TRIES || signal?.aborted)
        return { reading: badReading(error, nowMs()), mark }
    }
    // An abort ends the wait; the next try then fails at once.
    await wait(RETRY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}
