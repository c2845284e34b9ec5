// Notes taken while a status is read: the zone of its times, the path that gave each field, and values of the wrong type.
import { emptyRecord, text } from './value.js'
import type { SourceZone } from './zone.js'

/** A path has names from the status. */
const MAX_PATH = 200

export class Notes {
  readonly origins: Record<string, string> = emptyRecord()
  /** Values that are present but could not be read. */
  wrong = 0
  /** The path of the first of them. */
  firstWrong: string | null = null

  /** Members that were counted and not kept, by the path of their list or map. */
  readonly omitted: Record<string, number> = emptyRecord()

  constructor(readonly zone: SourceZone) {}

  /** Notes a value that cannot be read at its path. Blank text and null count as missing, not as wrong. */
  unread(path: string, value: unknown): void {
    if (value === undefined || value === null || (typeof value === 'string' && text(value) === null)) return
    this.wrong++
    this.firstWrong ??= path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path
  }

  /** Notes that this many members of a list or map are not kept. */
  omit(path: string, count: number): void {
    if (count > 0) this.omitted[path] = count
  }
}
