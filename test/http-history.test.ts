// GET /summary/history, GET /summary/history/verdicts and `g6 history`, on a real server whose status file changes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { historyEventData } from '../src/protocol/events.js'
import { historyDocument, verdictLogDocument } from '../src/protocol/history.js'
import { eventually } from './support/eventually.js'
import { endAll, g6 } from './support/g6.js'

const TOKEN = 'a-token-of-this-test'
const folder = mkdtempSync(join(tmpdir(), 'g6-history-'))
const file = join(folder, 'status.json')
let url = ''

function write(depth: number, status = 'ok'): void {
  writeFileSync(file, JSON.stringify({ status, queue_depth: depth, 'a,b': { rate: depth * 2 } }))
}

const ask = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${url}/summary/history${path}`, { headers: { 'X-API-Token': TOKEN, ...headers } })
const read = async (path: string) => historyDocument.parse(await (await ask(path)).json())
const values = async (series: string): Promise<readonly (number | null)[]> =>
  (await read(`?series=${series}&from=-60s`)).series[0]?.values ?? []

/** The ids of the two numbers, as the board has them. */
let ids: readonly string[] = []

beforeAll(async () => {
  write(3)
  const server = g6(['serve', '--port', '0', '--status-file', file, '--no-write-panels'], {
    G6_SSE_API_TOKEN: TOKEN,
  })
  url = await server.url()
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the first board')
  const board = (await (
    await fetch(`${url}/summary/resync?view=blocks`, { headers: { 'X-API-Token': TOKEN } })
  ).json()) as {
    readonly panels: Readonly<Record<string, { readonly facts?: Readonly<Record<string, unknown>> }>>
  }
  ids = Object.entries(board.panels).flatMap(([key, { facts = {} }]) =>
    Object.entries(facts).flatMap(([name, value]) => (typeof value === 'number' ? [`${key}.${name}`] : [])),
  )
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

test('numbers are there since the first board, and change when the status does', async () => {
  const [id = ''] = ids
  await eventually(async () => (await values(id)).includes(3), 'the first value')
  write(8)
  await eventually(async () => (await values(id)).includes(8), 'the next one')
  const document = await read(`?series=${id},no.such&from=-10s`)
  expect(document).toMatchObject({ schema_version: 'v1', step_sec: 1, unknown: ['no.such'] })
  expect(document.series.map(each => each.values.length)).toEqual([11])
  expect(document.since).toBeLessThanOrEqual(Date.now())
})

test('a reader of the stream has all numbers at once, and the endpoint gives them too', async () => {
  const [id = ''] = ids
  const abort = new AbortController()
  const response = await fetch(`${url}/summary/events?history=60`, {
    headers: { 'X-API-Token': TOKEN },
    signal: abort.signal,
  })
  let text = ''
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString()
    if (/^event: history\ndata: .*\n\n/m.test(text)) break
  }
  abort.abort()
  expect(text.indexOf('event: full_snapshot')).toBeGreaterThan(0)
  const data = /^event: history\ndata: (.*)$/m.exec(text.slice(text.indexOf('event: full_snapshot')))?.[1]
  const event = historyEventData.parse(JSON.parse(data ?? ''))
  expect(event.series).toHaveLength(ids.length)
  expect(event.series.find(each => each.id === id)?.values).toContain(8)
  const all = await read('?series=*&from=-60s')
  expect(all.series.map(each => each.id)).toEqual(event.series.map(each => each.id))
  expect(all.to).toBeGreaterThan(all.from)
})

test('the command and the endpoint give the same CSV', async () => {
  const [id = ''] = ids
  const [from, to] = [Math.floor(Date.now() / 1000) - 30, Math.floor(Date.now() / 1000) - 1]
  const response = await ask(`?series=${id}&from=${from}&to=${to}`, { Accept: 'text/csv' })
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  const lines = (await response.text()).split('\r\n')
  expect([lines[0], lines.length]).toEqual([`time,${id}`, 32])
  const command = g6(['history', id, '--url', url, '--last', '60s', '--csv'], { G6_SSE_API_TOKEN: TOKEN })
  expect(await command.exit).toBe(0)
  const shown = command.output().out.split('\n')
  // Seconds that both have.
  const common = lines.slice(1).filter(line => shown.includes(line))
  expect(common.length).toBeGreaterThan(20)
  const unknown = g6(['history', 'no.such', '--url', url], { G6_SSE_API_TOKEN: TOKEN })
  expect(await unknown.exit).toBe(1)
  expect(unknown.output().out).toContain('no.such: no such series')
  const wrong = g6(['history', id, '--url', url, '--last', 'soon'], { G6_SSE_API_TOKEN: TOKEN })
  expect(await wrong.exit).toBe(1)
  expect(wrong.output().err).toMatch(/answers with 400: from is not a time; allowed: now, -15m/)
})

test('a client that has an answer gets 304, and one without the token nothing', async () => {
  const [id = ''] = ids
  const now = Math.floor(Date.now() / 1000)
  const path = `?series=${id}&from=${now - 20}&to=${now - 10}`
  const etag = (await ask(path)).headers.get('etag') ?? ''
  expect((await ask(path, { 'If-None-Match': etag })).status).toBe(304)
  expect((await fetch(`${url}/summary/history${path}`)).status).toBe(401)
  expect((await fetch(`${url}/summary/history/verdicts`)).status).toBe(401)
})

test.each([
  ['', /series/],
  ['?series=a,,b', /empty name/],
  [`?series=${Array.from({ length: 9 }, (_, i) => `s${i}`).join(',')}`, /up to 8 are allowed/],
  ['?series=a&from=soon', /from is not a time; allowed: now, -15m/],
  ['?series=a&from=-1d&step=1s', /values, and 10000 are allowed/],
  ['?series=a&series=b', /must be given once/],
  ['?series=a&to=9999999999999999', /to is not a time/],
  ['?series=a&from=-999999999w&to=-999999998w', /is not a time/],
])('the query %s is refused with what is allowed', async (query, detail) => {
  const response = await ask(query)
  expect(response.status).toBe(400)
  expect(((await response.json()) as { readonly detail: string }).detail).toMatch(detail)
})

test('a verdict that changes is a row, with its reasons, and the uptime of the day falls', async () => {
  const log = async () => verdictLogDocument.parse(await (await ask('/verdicts')).json())
  write(8, 'failed')
  await eventually(async () => (await log()).verdicts.at(-1)?.word === 'failing', 'the verdict')
  write(8, 'ok')
  await eventually(async () => (await log()).verdicts.at(-1)?.word === 'healthy', 'its end')
  const { verdicts, days } = await log()
  expect(verdicts.map(({ word }) => word).slice(-3)).toEqual(['healthy', 'failing', 'healthy'])
  expect(verdicts.at(-2)?.reasons.join()).toContain('failed')
  expect(verdicts.at(-2)?.to).toBe(verdicts.at(-1)?.from)
  expect(days.at(-1)?.failing_sec).toBeGreaterThan(0)
  expect(days.at(-1)?.uptime_pct).toBeLessThan(100)
  const shown = g6(['history', 'verdicts', '--url', url], { G6_SSE_API_TOKEN: TOKEN })
  expect(await shown.exit).toBe(0)
  expect(shown.output().out).toMatch(/failing .*\n.*healthy .* so far/)
})

test('with a file, numbers and verdicts are there after a restart; a second server on it is refused and serves', async () => {
  const db = join(folder, 'history.db')
  const status = join(folder, 'kept.json')
  const args = ['serve', '--port', '0', '--status-file', status, '--no-write-panels']
  const env = { G6_HISTORY_DB: db, G6_LOG_FORMAT: 'json' }
  const put = (depth: number, state = 'ok'): void =>
    writeFileSync(status, JSON.stringify({ status: state, queue_depth: depth }))
  const ofLastHour = async (server: string) => {
    const response = await fetch(`${server}/summary/history?series=${ids[0]}&from=-1h`)
    return historyDocument.parse(await response.json())
  }
  const lastMinutes = async (server: string) => {
    const response = await fetch(`${server}/summary/history?series=*&from=-15m`)
    const document = historyDocument.parse(await response.json())
    return document.series.find(({ id }) => id === ids[0])?.values ?? []
  }
  put(3, 'failed')
  const first = g6(args, env)
  const firstUrl = await first.url()
  await eventually(async () => (await lastMinutes(firstUrl)).includes(3), 'the first value')
  const second = g6(args, env)
  await second.until(/another server writes the history .* give each server a file of its own/)
  const secondUrl = await second.url()
  await eventually(async () => (await fetch(`${secondUrl}/readyz`)).ok, 'the board of the second server')
  second.signal('SIGTERM')
  expect(await second.exit).toBe(0)
  first.signal('SIGTERM')
  expect(await first.exit).toBe(0)
  put(9)
  const again = g6(args, env)
  const url = await again.url()
  await eventually(async () => (await lastMinutes(url)).includes(9), 'the value after the restart')
  expect(await lastMinutes(url)).toContain(3)
  const hour = await ofLastHour(url)
  expect(hour.step_sec).toBe(60)
  expect(hour.series[0]?.min).toContain(3)
  expect(hour.series[0]?.max).toContain(9)
  expect(hour.since).toBeLessThanOrEqual(hour.to ?? 0)
  const log = verdictLogDocument.parse(await (await fetch(`${url}/summary/history/verdicts`)).json())
  expect(log.verdicts.map(({ word }) => word)).toEqual(['failing', 'healthy'])
  expect(log.verdicts[0]?.to).not.toBeNull()
  expect(log.weeks?.at(-1)?.uptime_pct).toBeLessThan(100)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toMatch(/^g6_history_db_bytes \d{4,}/m)
  const shown = g6(['history', ids[0] ?? '', '--last', '6h', '--url', url])
  expect(await shown.exit).toBe(0)
  expect(shown.output().out).toMatch(/a value every 1 min\n.* 3 to 9, last 9/)
  const verdicts = g6(['history', 'verdicts', '--url', url])
  expect(await verdicts.exit).toBe(0)
  expect(verdicts.output().out).toMatch(/^week of \d{4}-\d\d-\d\d {2}uptime \d/m)
})
