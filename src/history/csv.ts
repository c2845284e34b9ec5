// History as CSV (RFC 4180): a line for each time, a column for each series. What is not known is empty.
import type { HistoryDocument } from '../protocol/history.js'

type Numbers = Pick<HistoryDocument, 'from' | 'step_sec' | 'series'>

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** `lineEnd`: the RFC has CR LF; a terminal wants LF alone. */
export function historyCsv({ from, step_sec: stepSec, series }: Numbers, lineEnd = '\r\n'): string {
  const head = ['time', ...series.map(({ id }) => quoted(id))]
  const count = Math.max(0, ...series.map(({ values }) => values.length))
  const rows = Array.from({ length: count }, (_, i) => [
    new Date(from + i * stepSec * 1000).toISOString(),
    ...series.map(({ values }) => values[i] ?? ''),
  ])
  return [head, ...rows].map(cells => `${cells.join(',')}${lineEnd}`).join('')
}
