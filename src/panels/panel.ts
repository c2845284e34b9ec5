// A panel is what one box shows, as data. Builders make title and blocks; lines.ts derives tone and lines from the blocks, so
// that every surface shows the same content.
import type { Facts } from './facts.js'

export const TONES = ['ok', 'warn', 'error', 'info', 'muted'] as const
export type Tone = (typeof TONES)[number]

export type Field = {
  readonly label: string
  readonly text: string
  readonly value?: number
  /** The unit of `value`, as the text shows it (`ms`, `%`, `MB`, `/s`). `time`: `value` is a moment, epoch ms. */
  readonly unit?: string
  readonly tone?: Tone
  /** The fact with the same number, as its path below the panel's key (`cpu_pct`): surfaces draw its trend. */
  readonly fact?: string
}

export const COLUMN_ROLES = ['state', 'message'] as const
export type ColumnRole = (typeof COLUMN_ROLES)[number]

export type Column = {
  readonly label: string
  readonly align?: 'left' | 'right'
  /** On a narrow screen the columns with the lowest priority are dropped first; default 0. */
  readonly priority?: number
  /** `state`: its cells are the state of their row. `message`: its cells say what happened. */
  readonly role?: ColumnRole
  /** The unit of the values of all cells; see `Field.unit`. */
  readonly unit?: string
  /** The facts with the numbers of this column, as the last part of their paths: `ltp` for `indices.<first cell>.ltp`. */
  readonly fact?: string
}

export type Cell = {
  readonly text: string
  readonly value?: number
  /** Where it differs from the column's. */
  readonly unit?: string
  readonly tone?: Tone
}

export type Block =
  | {
      readonly kind: 'fields'
      readonly items: readonly Field[]
      /** Lines say `name=value` instead of `name: value`. */
      readonly separator?: '='
    }
  | {
      readonly kind: 'table'
      readonly columns: readonly Column[]
      readonly rows: readonly (readonly Cell[])[]
    }
  | { readonly kind: 'text'; readonly text: string; readonly tone?: Tone }

export type Panel = {
  readonly key: string
  readonly title: string
  readonly tone: Tone
  readonly blocks: readonly Block[]
  /** The blocks as plain text: what the stream carries and the hash covers. */
  readonly lines: readonly string[]
  /** What programs compute with (facts.ts); no part of the hash. */
  readonly facts?: Facts
}
