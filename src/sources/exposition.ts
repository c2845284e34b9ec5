// The text in which programs show their metrics to Prometheus, and the answer of its API to an instant query, as rows.
import { z } from 'zod'
import type { Status } from '../snapshot/reading.js'

/** More rows than any board shows. */
const MAX_ROWS = 10_000
const MAX_LABELS = 64

export type Rows =
  | { readonly ok: true; readonly status: Status }
  | { readonly ok: false; readonly message: string }

type Row = Readonly<Record<string, string | number | null>>

const NAME = /[a-zA-Z_:][\w:]*/y
const LABEL = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(,?)/y
const SAMPLE = /\s+([^\s#]+)(?:\s+-?\d+(?:\.\d+)?)?\s*(?:#.*)?$/y

/** Infinities and NaN are no values that JSON has. */
function numberOf(text: string): number | null {
  const value = Number(text)
  return text.trim() !== '' && Number.isFinite(value) ? value : null
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

/** A label may not hide the name or the value. */
function rowWith(
  metric: string | undefined,
  labels: readonly (readonly [string, string])[],
  value: string,
): Row {
  const named = labels.map(([name, text]) => [
    name === 'metric' || name === 'value' ? `label_${name}` : name,
    text,
  ])
  return { ...(metric === undefined ? {} : { metric }), ...Object.fromEntries(named), value: numberOf(value) }
}

/** Null: it is no sample. */
function rowOf(line: string): Row | null {
  NAME.lastIndex = 0
  const metric = NAME.exec(line)?.[0]
  if (metric === undefined) return null
  let at = NAME.lastIndex
  const labels: [string, string][] = []
  if (line[at] === '{') {
    at++
    for (;;) {
      LABEL.lastIndex = at
      const [, name, text] = LABEL.exec(line) ?? []
      if (name === undefined || text === undefined || labels.length === MAX_LABELS) break
      labels.push([name, unescaped(text)])
      at = LABEL.lastIndex
    }
    if (line[at] !== '}') return null
    at++
  }
  SAMPLE.lastIndex = at
  const value = SAMPLE.exec(line)?.[1]
  if (value === undefined || !/^[+-]?(Inf|\d|\.\d|NaN)/i.test(value)) return null
  return rowWith(metric, labels, value)
}

function rowsOf(items: readonly Row[], total: number): Rows {
  return { ok: true, status: total > items.length ? { items, left_out: total - items.length } : { items } }
}

/** A page of metrics. */
export function scrapedRows(page: string): Rows {
  const items: Row[] = []
  let total = 0
  let at = 0
  for (let line = 1; at < page.length; line++) {
    const end = page.indexOf('\n', at)
    const text = page.slice(at, end === -1 ? page.length : end).trim()
    at = end === -1 ? page.length : end + 1
    if (text === '' || text.startsWith('#')) continue
    const row = rowOf(text)
    if (row === null) return { ok: false, message: `it is no page of metrics: line ${line} is no sample` }
    total++
    if (items.length < MAX_ROWS) items.push(row)
  }
  return rowsOf(items, total)
}

const sample = z.tuple([z.number(), z.string()])
const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })),
      }),
      z.object({ resultType: z.enum(['scalar', 'string']), result: sample }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string().optional() }),
])

/** The answer to an instant query; a range of samples is none. */
export function queriedRows(given: unknown): Rows {
  const parsed = answer.safeParse(given)
  if (!parsed.success) return { ok: false, message: 'it is no answer to an instant query of Prometheus' }
  if (parsed.data.status === 'error') return { ok: false, message: 'Prometheus cannot answer the query' }
  const { data } = parsed.data
  if (data.resultType !== 'vector') return rowsOf([rowWith(undefined, [], data.result[1])], 1)
  const { result } = data
  const items = result
    .slice(0, MAX_ROWS)
    .map(({ metric: { __name__: name, ...labels }, value }) =>
      rowWith(name, Object.entries(labels), value[1]),
    )
  return rowsOf(items, result.length)
}
