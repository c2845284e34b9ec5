// What is noted while a status is read: in which zone its times are, which path gave which field, and what had the wrong type.
import { emptyRecord, text } from './value.js'
import type { SourceZone } from './zone.js'

export class Notes {
  readonly origins: Record<string, string> = emptyRecord()
  /** Values that are there and could not be read. */
  wrong = 0
  /** Where the first of them is. */
  firstWrong: string | null = null

  constructor(readonly zone: SourceZone) {}

  /** Notes a value that no reader of its place can read; blank text and null say nothing and are not wrong. */
  unread(path: string, value: unknown): void {
    if (value === undefined || value === null || (typeof value === 'string' && text(value) === null)) return
    this.wrong++
    this.firstWrong ??= path
  }
}
