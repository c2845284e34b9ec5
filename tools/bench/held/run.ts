// For how long one document holds the event loop: when it is first read, and when one number of it changes, with nobody reading
// and with readers of the board and of the status.
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { median, spread } from '../../../bench/stats.js'
import { complain } from '../../../src/log/print.js'
import { documentText, LARGE_DOCUMENTS, withNaN } from './documents.js'
import { type Held, type ProbedServer, startProbedServer } from './server.js'

const DONE_MS = 300_000
const POLL_MS = 10

/** Asks until the board shows the document with this number; returns the longest wait for an answer, ms. */
export async function shown(url: string, n: number): Promise<number> {
  const deadlineMs = performance.now() + DONE_MS
  let longestMs = 0
  while (performance.now() < deadlineMs) {
    const startMs = performance.now()
    const text = await textOf(`${url}/summary/resync?panels=cycle`)
    longestMs = Math.max(longestMs, performance.now() - startMs)
    if (text.includes(`"cycle: ${n}"`)) return longestMs
    await wait(POLL_MS)
  }
  throw new Error(`the board did not show document ${n} within ${DONE_MS} ms`)
}

/** On a connection of its own: a kept one may be closed while the server is busy. */
function opened(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject)
  })
}

async function textOf(url: string): Promise<string> {
  const response = await opened(url)
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return text
}

export async function readers(url: string, count: number): Promise<() => void> {
  const paths = ['/summary/events', '/summary/events?view=blocks', '/summary/events?structured=1', '/events']
  const all = await Promise.all(
    Array.from({ length: count }, () => paths)
      .flat()
      .map(path => opened(`${url}${path}`)),
  )
  for (const each of all) each.on('error', () => {}).resume()
  return () => {
    for (const each of all) each.destroy()
  }
}

export type HeldBy = {
  readonly first: Held
  readonly changes: readonly Held[]
  readonly longestAnswerMs: number
}

export async function heldBy(
  server: ProbedServer,
  textOf: (n: number) => string,
  from: number,
  changes: number,
): Promise<HeldBy> {
  let longestAnswerMs = 0
  const next = async (n: number): Promise<Held> => {
    const text = textOf(n)
    await server.held()
    server.write(text)
    longestAnswerMs = Math.max(longestAnswerMs, await shown(server.url, n))
    // Outputs and readers get the board after the cycle.
    await wait(100)
    return server.held()
  }
  const first = await next(from)
  const rest: Held[] = []
  for (let n = from + 1; n <= from + changes; n++) rest.push(await next(n))
  return { first, changes: rest, longestAnswerMs }
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10

export type HeldBenchOptions = { readonly readers: number; readonly changes: number; readonly only?: string }

export async function benchHeld({ readers: count, changes, only }: HeldBenchOptions) {
  const rows: Record<string, object> = {}
  for (const [name, make] of Object.entries(LARGE_DOCUMENTS)) {
    if (only !== undefined && !name.includes(only)) continue
    const document = make()
    const server = await startProbedServer()
    try {
      const warm = await heldBy(server, n => documentText({ indices: ['NIFTY'] }, n), 1, 5)
      const close = count === 0 ? () => {} : await readers(server.url, count)
      const held = await heldBy(server, n => documentText(document, n), 100, changes)
      const asNaN = await heldBy(server, n => withNaN(documentText(document, n)), 200, 0)
      const busy = held.changes.map(({ busyMs }) => busyMs)
      rows[name] = {
        first_ms: rounded(held.first.busyMs),
        change_median_ms: rounded(median(busy)),
        change_max_ms: rounded(spread(busy).max),
        nan_ms: rounded(asNaN.first.busyMs),
        longest_answer_ms: rounded(held.longestAnswerMs),
        before_ms: rounded(Math.max(...warm.changes.map(({ busyMs }) => busyMs))),
      }
      complain(`${name}: ${JSON.stringify(rows[name])}\n`)
      close()
    } finally {
      await server.close()
    }
  }
  return { bench: 'held', readers: count * 4, changes, documents: rows }
}
