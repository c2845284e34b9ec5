// Notes taken while a status is read: the zone of its times, the path that gave each field, and values of the wrong type.
import { emptyRecord, text } from './value.js'
import type { SourceZone } from './zone.js'

export class Notes {
  readonly origins: Record<string, string> = emptyRecord()
  /** Values that are present but could not be read. */
  wrong = 0
  /** The path of the first of them. */
  firstWrong: string | null = null

  constructor(readonly zone: SourceZone) {}

  /** Notes a value that cannot be read at its path. Blank text and null count as missing, not as wrong. */
  unread(path: string, value: unknown): void {
    if (value === undefined || value === null || (typeof value === 'string' && text(value) === null)) return
    this.wrong++
    this.firstWrong ??= path
  }
}
