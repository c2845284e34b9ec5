// In a running program, every metric of the board, the stream and followed servers changes when the counted event happens: two
// servers, the second following the first, and clients of every kind. (The metrics of relay,
// fleet and notifications have tests of their own.)
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Connection, connect } from '../client/index.js'
import { DECLARED } from '../src/metrics/declared.js'
import { eventually } from './support/eventually.js'
import { freePort } from './support/free-port.js'
import { endAll, g6, type Running } from './support/g6.js'

let folder = ''
const connections: Connection[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-metrics-'))
})
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close()
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

const TOKEN = 'a-token-of-this-test'

/** Events that a run as short as this cannot cause; each has a unit test where it is counted. */
const RARE: ReadonlySet<string> = new Set([
  'g6_sse_client_stalled_total',
  'g6_sse_http_events_dropped_total',
  'g6_facts_left_out',
  'g6_history_errors_total',
  'g6_history_lag_seconds',
  'g6_history_lost_total',
  'g6_summary_panel_render_anomalies_total',
  'g6_summary_rich_diff_fallbacks_total',
  'g6_unified_plugin_exceptions_total',
])

const WANTED = Object.keys(DECLARED).filter(
  name => !/^g6_(chat|audit|relay|fleet|notify|notifications)_/.test(name) && !RARE.has(name),
)

/** Each document is entirely new. */
async function write(n: number): Promise<void> {
  const file = join(folder, 'status.json')
  const indices = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`IX${i}`, { ltp: n * 100 + i, status: 'ok' }]),
  )
  const status = {
    app: { version: String(n) },
    cycle: n,
    indices,
    alerts: [{ level: 'warn', message: `alert ${n}` }],
    analytics: { pcr: n },
    storage: { lag: n },
    performance: { api_ms: n },
    // The status of one moment is unusable.
    ...(n % 5 === 0 ? { deep: JSON.parse('['.repeat(100) + ']'.repeat(100)) as unknown } : {}),
  }
  await writeFile(`${file}.tmp`, JSON.stringify(status))
  await rename(`${file}.tmp`, file)
}

type Asked = { readonly headers?: Record<string, string>; readonly from?: string }

/** The status code of an answer; closes the connection. */
function ask(url: string, { headers = {}, from = '127.0.0.1' }: Asked = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, localAddress: from, headers: { 'User-Agent': 'node', ...headers } }
    const asking = request(url, options, answer => {
      resolve(answer.statusCode ?? 0)
      asking.destroy()
    })
    asking.on('error', reject)
    asking.end()
  })
}

/** Names with a sample above 0. */
async function moved(url: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/metrics`, { headers: { 'X-API-Token': TOKEN } })
  const lines = (await response.text()).split('\n')
  return lines.flatMap(line => {
    const [, name, value] = /^([a-z]\w+?)(?:_bucket|_sum|_count)?(?:\{.*\})? (\S+)$/.exec(line) ?? []
    return name !== undefined && Number(value) > 0 ? [name] : []
  })
}

async function started(running: Running): Promise<Running & { readonly at: string }> {
  return { ...running, at: await running.url() }
}

test('every metric changes when the counted event happens', async () => {
  await write(1)
  const guarded = {
    G6_SSE_API_TOKEN: TOKEN,
    G6_SUMMARY_REFRESH_SEC: '0.1',
    G6_SSE_HEARTBEAT_CYCLES: '1',
    G6_FACT_GAUGES: '1',
  }
  const status = ['--status-file', join(folder, 'status.json')]
  const port = String(await freePort())
  const origin = await started(
    g6(
      [
        'dashboard',
        '--serve',
        '--no-rich',
        '--port',
        port,
        '--panels-dir',
        join(folder, 'panels'),
        ...status,
      ],
      {
        ...guarded,
        G6_HISTORY_DB: join(folder, 'history.db'),
        G6_SSE_MAX_EVENT_BYTES: '1500',
        G6_SSE_IP_ALLOW: '127.0.0.1',
        G6_SSE_UA_ALLOW: 'node,g6-stream',
        G6_EVENTS_SSE_RETRY_MS: '50',
      },
    ),
  )
  const follower = await started(
    g6(['serve', '--port', '0', '--no-write-panels', '--source', `status:${origin.at}/events`], {
      ...guarded,
      G6_PANELS_SSE_TOKEN: TOKEN,
    }),
  )
  const readers = [{ structured: true }, { view: 'blocks' }] as const
  for (const form of readers) connections.push(connect(origin.at, { ...form, token: TOKEN }))
  const stream = `${origin.at}/summary/events`
  const token = { 'X-API-Token': TOKEN }
  expect(await ask(stream, { headers: { ...token, 'Last-Event-ID': 'x-1' } })).toBe(200)
  expect(await ask(stream, { headers: { 'X-API-Token': 'wrong' } })).toBe(401)
  expect(await ask(stream, { headers: token, from: '127.0.0.2' })).toBe(403)
  expect(await ask(stream, { headers: { ...token, 'User-Agent': 'curl' } })).toBe(403)
  expect(await ask(`${origin.at}/summary/resync`, { headers: token })).toBe(200)

  const seen = new Set<string>()
  const look = async (): Promise<void> => {
    for (const { at } of [origin, follower]) for (const name of await moved(at)) seen.add(name)
  }
  const missing = (): readonly string[] => WANTED.filter(name => !seen.has(name))
  let n = 1
  /** These change when the followed server goes away. */
  const lost = new Set([
    'g6_unified_errors_total',
    'g6_sse_backoff_seconds',
    'g6_sse_reconnects_total',
    'g6_sse_ingestor_errors_total',
  ])
  await eventually(
    async () => {
      await write(++n)
      await look()
      return missing().every(name => lost.has(name))
    },
    () => `these move: ${missing()}`,
  )
  origin.signal('SIGKILL')
  await origin.exit
  const again = await started(g6(['serve', '--port', port, '--no-write-panels', ...status], guarded))
  await eventually(
    async () => {
      for (const name of [...(await moved(follower.at)), ...(await moved(again.at))]) seen.add(name)
      return missing().length === 0
    },
    () => `these move: ${missing()}`,
  )
})
