// Audit records for people: one line each, in columns, without what only programs compare (commitments, MACs).
import type { ShownRecord } from '../chat/audit/read.js'
import { printableMessage } from '../log/printable.js'

const NOTHING = '—'
const SHORT_CHARS = 8
/** Of number, time, operation, address or stream, person; so that lines written one at a time align too. */
const LEAST_WIDTHS = [6, 24, 29, 22, SHORT_CHARS]
/** Members of `details` for programs. */
const LEFT_OUT: ReadonlySet<string> = new Set(['commitments', 'kept', 'subjectMac', 'heads'])

function valueText(value: unknown): string {
  if (value === null) return NOTHING
  if (Array.isArray(value)) return value.length === 0 ? NOTHING : value.map(String).join(',')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function detailsText(details: unknown): string {
  return Object.entries((details ?? {}) as Readonly<Record<string, unknown>>)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join('  ')
}

function cells({ seq, at, operation, streamId, subject, details, kept }: ShownRecord): readonly string[] {
  const { address, ...others } = kept
  const rest = [detailsText(details), ...Object.entries(others).map(([name, value]) => `${name}=${value}`)]
  return [
    String(seq),
    at,
    operation,
    address ?? streamId ?? NOTHING,
    subject?.slice(0, SHORT_CHARS) ?? NOTHING,
    rest.filter(text => text !== '').join('  '),
  ].map(printableMessage)
}

/** A line each: number, time (UTC), operation, address or stream, mark of the person, details. */
export function auditLines(records: readonly ShownRecord[]): readonly string[] {
  const rows = records.map(cells)
  const widths = LEAST_WIDTHS.map((least, i) => Math.max(least, ...rows.map(row => row[i]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, i) => (i === 0 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
