// Reads blocks of another server. Its texts stay as they are, because the hash covers them.
import {
  type Block,
  type Cell,
  COLUMN_ROLES,
  type Column,
  type Field,
  type Panel,
  TONES,
  type Tone,
} from './panel.js'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function isTone(value: unknown): value is Tone {
  return TONES.some(tone => tone === value)
}

function marks(value: Json): { value?: number; unit?: string; tone?: Tone } {
  return {
    ...(typeof value.value === 'number' ? { value: value.value } : {}),
    ...(typeof value.unit === 'string' ? { unit: value.unit } : {}),
    ...(isTone(value.tone) ? { tone: value.tone } : {}),
  }
}

function factPath(value: Json): { fact?: string } {
  return typeof value.fact === 'string' ? { fact: value.fact } : {}
}

function cell(value: unknown): Cell | null {
  return isObject(value) && typeof value.text === 'string' ? { text: value.text, ...marks(value) } : null
}

function item(value: unknown): Field | null {
  if (!isObject(value) || typeof value.label !== 'string' || typeof value.text !== 'string') return null
  return { label: value.label, text: value.text, ...marks(value), ...factPath(value) }
}

function column(value: unknown): Column | null {
  if (!isObject(value) || typeof value.label !== 'string') return null
  const { label, align, priority, unit } = value
  const role = COLUMN_ROLES.find(known => known === value.role)
  return {
    label,
    ...(align === 'left' || align === 'right' ? { align } : {}),
    ...(typeof priority === 'number' ? { priority } : {}),
    ...(role === undefined ? {} : { role }),
    ...(typeof unit === 'string' ? { unit } : {}),
    ...factPath(value),
  }
}

/** All values, or null when one is not valid. */
function all<T>(values: unknown, read: (value: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(values)) return null
  const made: T[] = []
  for (const value of values) {
    const one = read(value)
    if (one === null) return null
    made.push(one)
  }
  return made
}

function block(value: unknown): Block | null {
  if (!isObject(value)) return null
  if (value.kind === 'text' && typeof value.text === 'string') {
    return { kind: 'text', text: value.text, ...(isTone(value.tone) ? { tone: value.tone } : {}) }
  }
  if (value.kind === 'fields') {
    const items = all(value.items, item)
    if (items === null) return null
    return value.separator === '=' ? { kind: 'fields', items, separator: '=' } : { kind: 'fields', items }
  }
  if (value.kind !== 'table') return null
  const columns = all(value.columns, column)
  const rows = all(value.rows, row => all(row, cell))
  return columns === null || rows === null ? null : { kind: 'table', columns, rows }
}

/** The blocks; the lines as text blocks when any block is not valid, such as one of a newer version. */
export function blocksFrom(blocks: unknown, lines: readonly string[]): Panel['blocks'] {
  return all(blocks, block) ?? lines.map(text => ({ kind: 'text', text }))
}
