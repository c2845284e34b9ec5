// The file of what is kept: one line a change, each with its checksum, flushed to the disk before a message is sent. A line that a
// crash cut is left out when the file is read, and the file is then written anew, so nothing follows a torn line. When it has
// grown it is replaced whole by what it says.
//
// Cost: a write and a flush for each change of a rule, of a mute or of the outbox; changes that come meanwhile share the next one.
import { constants } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { systemEdge } from '../files/atomic.js'
import { parseJson } from '../ingest/json-text.js'
import { type ChangeText, changeText } from './stored.js'

/** The file is replaced when it is larger than this, and than twice what it says. */
const LEAST_COMPACT_BYTES = 256 * 1024
/** More cannot come from this program: the outbox is bounded. */
const MAX_READ_BYTES = 32 * 1024 * 1024
const OWNER_ONLY = 0o600
const NEW_FILE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)

export function lineOf(change: ChangeText): string {
  const text = JSON.stringify(change)
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`
}

/** The changes of a file, and how many lines could not be read. */
export function changesIn(text: string): {
  readonly changes: readonly ChangeText[]
  readonly damaged: number
} {
  const lines = text.split('\n')
  // The last one has no end: it is empty, or was cut.
  const cut = lines.pop() ?? ''
  const changes: ChangeText[] = []
  let damaged = cut === '' ? 0 : 1
  for (const line of lines) {
    const change = changeIn(line)
    if (change === null) damaged++
    else changes.push(change)
  }
  return { changes, damaged }
}

function changeIn(line: string): ChangeText | null {
  const text = line.slice(9)
  if (crc32(text).toString(16).padStart(8, '0') !== line.slice(0, 8)) return null
  const json = parseJson(text)
  const parsed = changeText.safeParse(json.ok ? json.value : null)
  return parsed.success ? parsed.data : null
}

export type JournalOptions = {
  readonly path: string
  /** All that is kept, as one change. */
  readonly whole: () => ChangeText
  /** It cannot be written (`code`), or can again (null); each once. */
  readonly onFault: (code: string | null) => void
}

export class Journal {
  readonly #options: JournalOptions
  #file: FileHandle | null = null
  #size = 0
  #wholeSize = 0
  #waiting: ChangeText[] = []
  #writing: Promise<void> | null = null
  #fault: string | null = null
  #isClosed = false

  constructor(options: JournalOptions) {
    this.#options = options
  }

  /** What the file says; nothing where there is none. Throws where it cannot be read. */
  async read(): Promise<ReturnType<typeof changesIn>> {
    let file: FileHandle
    try {
      file = await open(this.#options.path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { changes: [], damaged: 0 }
      throw error
    }
    try {
      const { size } = await file.stat()
      const bytes = Buffer.alloc(Math.min(size, MAX_READ_BYTES))
      let at = 0
      while (at < bytes.length) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, at)
        if (bytesRead === 0) break
        at += bytesRead
      }
      return changesIn(bytes.toString('utf8', 0, at))
    } finally {
      await file.close()
    }
  }

  /** Resolves when it is on the disk, or cannot be: messages go out all the same. */
  save(change: ChangeText): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#waiting.push(change)
    // A write under way began before this change: it goes with the next one.
    const before = this.#writing ?? Promise.resolve()
    const mine = before.then(() => this.#writeWaiting())
    this.#writing = mine
    return mine
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writing
    await this.#file?.close()
    this.#file = null
  }

  async #writeWaiting(): Promise<void> {
    const changes = this.#waiting
    if (changes.length === 0) return
    this.#waiting = []
    try {
      const isLarge = this.#size > LEAST_COMPACT_BYTES && this.#size > 2 * this.#wholeSize
      if (this.#file === null || isLarge) await this.#replace()
      else await this.#append(this.#file, changes.map(lineOf).join(''))
      if (this.#fault !== null) this.#options.onFault(null)
      this.#fault = null
    } catch (error) {
      // What was written may end in the middle of a line: the next write replaces the file.
      await this.#file?.close().catch(() => {})
      this.#file = null
      const code = codeOf(error) ?? 'unknown'
      if (this.#fault !== code) this.#options.onFault(code)
      this.#fault = code
    }
  }

  async #append(file: FileHandle, text: string): Promise<void> {
    await file.writeFile(text)
    await file.datasync()
    this.#size += Buffer.byteLength(text)
  }

  /** A file of one line, under another name until it is complete. */
  async #replace(): Promise<void> {
    const { path, whole } = this.#options
    const temporary = `${path}.new`
    await systemEdge.makeFolder(dirname(path))
    await rm(temporary, { force: true })
    const file = await open(temporary, NEW_FILE, OWNER_ONLY)
    try {
      const text = lineOf(whole())
      await file.writeFile(text)
      await file.sync()
      await rename(temporary, path)
      await flushFolder(dirname(path))
      this.#wholeSize = Buffer.byteLength(text)
      this.#size = this.#wholeSize
    } catch (error) {
      await file.close()
      throw error
    }
    await this.#file?.close()
    this.#file = file
  }
}

/** A name that is not on the disk is lost with the power. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null
}
