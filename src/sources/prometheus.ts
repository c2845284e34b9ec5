// Prometheus as a source: an instant query, or the page of metrics of any program.
import { parseJson } from '../ingest/json-text.js'
import type { PrometheusSpec } from './declared.js'
import { queriedRows, scrapedRows } from './exposition.js'
import { type HttpSourceOptions, polledWeb, type WebAnswer, WebQuestion } from './http.js'
import type { Answer, Ask, PolledSource } from './polled.js'
import { statusText } from './status-text.js'

const QUERY_PATH = 'api/v1/query'

/** The server's base URL, or that of its API. */
function addressOf({ url, query }: PrometheusSpec): URL {
  const address = new URL(url)
  if (query === undefined) return address
  if (!address.pathname.endsWith(QUERY_PATH))
    address.pathname = `${address.pathname.replace(/\/$/, '')}/${QUERY_PATH}`
  address.searchParams.set('query', query)
  return address
}

function rowsOf({ bytes, contentType }: WebAnswer): Answer {
  const decoded = statusText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!decoded.ok) return { kind: 'bad', error: 'not_json', message: decoded.message }
  const { text } = decoded
  const isApi = /json/i.test(contentType ?? '') || text.trimStart().startsWith('{"status"')
  if (!isApi) return answerOf(scrapedRows(text), bytes.length)
  const parsed = parseJson(text)
  if (!parsed.ok) return { kind: 'bad', error: 'not_json', message: parsed.message }
  return answerOf(queriedRows(parsed.value), bytes.length)
}

function answerOf(rows: ReturnType<typeof scrapedRows>, sizeBytes: number): Answer {
  if (!rows.ok) return { kind: 'bad', error: 'not_json', message: rows.message }
  return { kind: 'status', status: rows.status, sizeBytes }
}

export function createPrometheusSource(spec: PrometheusSpec, options: HttpSourceOptions): PolledSource {
  const question = new WebQuestion(spec, addressOf(spec), options)
  const ask: Ask = (signal, canConfirm) => question.ask(signal, canConfirm, rowsOf)
  return polledWeb(spec, ask, question, options)
}
