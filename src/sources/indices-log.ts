// Failed legs per index from the log that `G6_INDICES_PANEL_LOG` names: lines `<INDEX> TOTAL LEGS: n | FAILS: n | STATUS: s`. Reads
// only the end of the file, after it changed. An unreadable log is reported once and adds nothing.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type LineLog, SILENT } from '../log/silent.js'

/** Enough for the last lines of every index. */
const TAIL_BYTES = 65_536
const MAX_INDICES = 2_000
const LINE = /^.*?([A-Z0-9_&-]{1,40}) TOTAL LEGS: *\d+ *\| *FAILS: *(\d+) *\| *STATUS:/

export type IndexFails = Readonly<Record<string, number>>

/** The newest number of fails of each index in a piece of log. */
export function failsIn(text: string): IndexFails {
  const fails = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, index, count] = LINE.exec(line) ?? []
    if (index !== undefined && (fails.has(index) || fails.size < MAX_INDICES)) fails.set(index, Number(count))
  }
  return Object.fromEntries(fails)
}

async function tail(file: FileHandle): Promise<{ mark: string; text: string }> {
  const { size, mtimeMs, ino } = await file.stat()
  const length = Math.min(size, TAIL_BYTES)
  const buffer = Buffer.alloc(length)
  await file.read(buffer, 0, length, size - length)
  const text = buffer.toString('utf8')
  // The first line may lack its beginning, and with it that of an index's name.
  const whole = length < size ? text.slice(text.indexOf('\n') + 1) : text
  return { mark: `${ino}:${size}:${mtimeMs}`, text: whole }
}

export class IndicesLog {
  #fails: IndexFails | null = null
  #mark = ''
  #isReading = false
  #isBroken = false

  constructor(
    private readonly path: string,
    private readonly log: LineLog = SILENT,
  ) {}

  /** The last result; the same object until the log changes it. Null: nothing yet. */
  get fails(): IndexFails | null {
    return this.#fails
  }

  /** Reads the log if it changed; one read at a time. */
  async refresh(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    try {
      // With O_NONBLOCK, opening a pipe does not wait for a writer.
      const file = await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        const { mark, text } = await tail(file)
        if (mark !== this.#mark) this.#take(mark, failsIn(text))
      } finally {
        await file.close()
      }
      this.#isBroken = false
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      if (!this.#isBroken) this.log.warn({ code }, 'the log of G6_INDICES_PANEL_LOG cannot be read')
      this.#isBroken = true
    } finally {
      this.#isReading = false
    }
  }

  #take(mark: string, fails: IndexFails): void {
    this.#mark = mark
    const isSame = JSON.stringify(this.#fails) === JSON.stringify(fails)
    if (!isSame) this.#fails = Object.keys(fails).length === 0 ? null : fails
  }
}
