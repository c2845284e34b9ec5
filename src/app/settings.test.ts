// Every setting reaches the part that uses it. The tests of each part show what it does there.

import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../clock/clock.js'
import type { Environment } from '../config/layers.js'
import { loadConfig } from '../config/load.js'
import type { Config } from '../config/settings.js'
import type { CycleResult, Output } from '../engine/cycle.js'
import { silentLog } from '../log/log.js'
import { silentMetrics } from '../metrics/metrics.js'
import { DEFAULT_THRESHOLDS, type Thresholds } from '../panels/thresholds.js'
import type { Reading } from '../snapshot/reading.js'
import { fileOutputs, screenOutput } from './outputs.js'
import { thresholdsOf } from './panel-context.js'
import type { OutputParts } from './parts.js'
import { Program } from './program.js'
import { terminalSettings } from './screen.js'
import { sourceOf } from './source.js'

function loadedFrom(env: Environment) {
  const loaded = loadConfig({ env })
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '))
  return loaded
}
const configOf = (env: Environment): Config => loadedFrom(env).config

describe('the terminal gets', () => {
  test.each([
    ['G6_TIMEZONE', 'UTC', { timezone: 'UTC' }],
    ['G6_NUMBER_FORMAT', 'EN-in', { numberFormat: 'en-IN' }],
    ['G6_PANEL_CLIP', '33', { clip: 33 }],
    ['G6_PANEL_MIN_COL_W', '44', { minColumnWidth: 44 }],
    ['G6_PANEL_W_INDICES', '55', { widths: { indices: 55 } }],
    ['G6_PANEL_H_INDICES', '6', { heights: { indices: 6 } }],
    ['G6_PANEL_AUTO_FIT', '0', { autoFit: false }],
    ['G6_SUMMARY_CURATED_MODE', '1', { curated: true }],
    ['G6_SUMMARY_HIDE_EMPTY_BLOCKS', '1', { hideEmptyBlocks: true }],
    ['G6_SUMMARY_SHOW_NEED_FULL', '0', { showNeedFull: false }],
    ['G6_SUMMARY_ALT_SCREEN', '0', { altScreen: false }],
  ])('%s', (name, value, expected) => {
    const usual = terminalSettings(configOf({}))
    expect(usual).not.toMatchObject(expected)
    expect(terminalSettings(configOf({ [name]: value }))).toEqual({ ...usual, ...expected })
  })
})

describe('panels are judged by', () => {
  test.each<[string, string, Partial<Thresholds>]>([
    ['G6_DQ_WARN_THRESHOLD', '99', { 'dq.warn': 99 }],
    ['G6_DQ_ERROR_THRESHOLD', '1', { 'dq.error': 1 }],
    ['G6_MEMORY_LEVEL1_MB', '11', { 'memory.level1_mb': 11 }],
    ['G6_MEMORY_LEVEL2_MB', '222', { 'memory.level2_mb': 222 }],
    ['G6_MEMORY_LEVEL3_MB', '3333', { 'memory.level3_mb': 3333 }],
    ['G6_PROVIDER_LAT_WARN_MS', '4', { 'provider.latency.warn_ms': 4 }],
    ['G6_PROVIDER_LAT_ERR_MS', '5555', { 'provider.latency.error_ms': 5555 }],
    ['G6_SUMMARY_BACKOFF_BADGE_MS', '66', { 'backoff.badge_ms': 66 }],
    ['G6_SUMMARY_THRESH_OVERRIDES', '{"cpu.warn": 7}', { 'cpu.warn': 7 }],
  ])('%s', (name, value, judged) => {
    expect(thresholdsOf(configOf({ [name]: value }))).toEqual({ ...DEFAULT_THRESHOLDS, ...judged })
  })
})

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-settings-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const STATUS = { cycle: 1, indices: ['NIFTY'], sinks: { csv: { records: 1 } } }

/** Runs a dashboard over the statuses, one cycle each, and ends it after the last. */
async function ran(
  env: Environment,
  statuses: readonly object[] = [STATUS],
  outputs: (parts: OutputParts) => readonly Output[] = () => [],
): Promise<readonly CycleResult[]> {
  const file = join(folder, 'status.json')
  // By rename: a cycle that reads half a file would be counted too.
  const write = async (status: object): Promise<void> => {
    await writeFile(`${file}.new`, JSON.stringify(status))
    await rename(`${file}.new`, file)
  }
  const results: CycleResult[] = []
  let next = 1
  const recorder: Output = {
    name: 'recorder',
    publish: async result => {
      results.push(result)
      if (next < statuses.length) await write(statuses[next++] ?? {})
      else if (statuses.length > 1) void program.stop()
    },
    close: () => Promise.resolve(),
  }
  await write(statuses[0] ?? {})
  const loaded = loadedFrom({
    G6_SUMMARY_STATUS_FILE: file,
    G6_PANELS_DIR: join(folder, 'panels'),
    G6_UNIFIED_METRICS: '0',
    G6_SUMMARY_MAX_CYCLES: statuses.length === 1 ? '1' : '0',
    G6_SUMMARY_REFRESH_SEC: '60',
    ...env,
  })
  const program: Program = new Program({
    loaded,
    command: 'dashboard',
    source: sourceOf([]),
    outputs: parts => [...outputs(parts), recorder],
    log: silentLog,
  })
  await program.start()
  await program.finished
  await program.stop()
  return results
}

const filesWritten = async (): Promise<readonly string[]> =>
  (await readdir(join(folder, 'panels')).catch(() => [])).sort()

describe('a run', () => {
  test('ends after G6_SUMMARY_MAX_CYCLES, or G6_SUMMARY_MAX_SECONDS', async () => {
    expect(await ran({ G6_SUMMARY_MAX_CYCLES: '3', G6_SUMMARY_REFRESH_SEC: '0.02' })).toHaveLength(3)
    expect(await ran({ G6_SUMMARY_MAX_CYCLES: '0', G6_SUMMARY_MAX_SECONDS: '2' })).toHaveLength(1)
  })

  test('writes all panel files, with G6_PANELS_WRITER_BASIC the first, with G6_NO_WRITE_PANELS none', async () => {
    await ran({ G6_NO_WRITE_PANELS: '1' }, [STATUS], fileOutputs)
    expect(await filesWritten()).toEqual([])
    await ran({ G6_PANELS_WRITER_BASIC: '1' }, [STATUS], fileOutputs)
    expect(await filesWritten()).toEqual(['unified_snapshot.json'])
    await ran({}, [STATUS], fileOutputs)
    expect(await filesWritten()).toHaveLength(9)
    await ran({ G6_PANELS_LEGACY_COMPAT: '1' }, [STATUS], fileOutputs)
    expect(await filesWritten()).toHaveLength(15)
  })

  test('writes a dossier only with G6_SUMMARY_DOSSIER_PATH, the last one at its end', async () => {
    const path = join(folder, 'dossier.json')
    await ran({ G6_SUMMARY_DOSSIER_PATH: path }, [STATUS, { ...STATUS, cycle: 2 }], fileOutputs)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ snapshot: { cycle: { number: 2 } } })
  })

  test('counts churn from G6_SUMMARY_CHURN_WARN_RATIO on', async () => {
    const statuses = [STATUS, { ...STATUS, cycle: 2 }]
    const anomalies = async (env: Environment) => (await ran(env, statuses)).at(-1)?.stats.churnAnomalies
    expect(await anomalies({})).toBe(0)
    expect(await anomalies({ G6_SUMMARY_CHURN_WARN_RATIO: '0.1' })).toBe(1)
  })

  test('prints a plain frame again only with G6_SUMMARY_PLAIN_DIFF off', async () => {
    const printed = async (env: Environment): Promise<number> => {
      const texts: string[] = []
      const stream = {
        write: (text: string) => texts.push(text) > 0,
        once: () => {},
        removeListener: () => {},
      }
      const cycles = { G6_SUMMARY_MAX_CYCLES: '3', G6_SUMMARY_REFRESH_SEC: '0.02' }
      await ran({ ...cycles, ...env }, [STATUS], parts => screenOutput(parts, 'plain', stream))
      return texts.length
    }
    expect(await printed({})).toBe(1)
    expect(await printed({ G6_SUMMARY_PLAIN_DIFF: '0' })).toBe(3)
  })

  test('adds the fails of G6_INDICES_PANEL_LOG to the indices', async () => {
    const log = join(folder, 'indices.log')
    await writeFile(log, 'NIFTY TOTAL LEGS: 2 | FAILS: 7 | STATUS: OK\n')
    const env = { G6_INDICES_PANEL_LOG: log, G6_SUMMARY_MAX_CYCLES: '0', G6_SUMMARY_MAX_SECONDS: '2' }
    const results = await ran({ ...env, G6_SUMMARY_REFRESH_SEC: '0.05' })
    expect(results.at(-1)?.board.panels.get('indices')?.lines.join('\n')).toMatch(/Fails[\s\S]* 7 !/)
  })
})

/** The requests to a status stream that answers each one with a difference that cannot be applied. */
async function asked(env: Environment, enough: (paths: readonly string[]) => boolean) {
  const requests: { readonly path: string; readonly token: unknown }[] = []
  let look = (): void => {}
  const server = createServer(({ url = '', headers }, response) => {
    if (url === '/here') {
      response.end()
      return
    }
    requests.push({ path: url, token: headers['x-api-token'] })
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('event: panel_diff\ndata: {"id":1,"generation":1,"payload":{"diff":{"a":1}}}\n\n')
    look()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = configOf({ G6_PANELS_SSE_URL: `${base}/events`, ...env })
  const metrics = silentMetrics()
  const source = sourceOf([])({
    config,
    settings: () => config,
    metrics,
    log: silentLog,
    clock: systemClock,
    panels: [],
  })
  try {
    await new Promise<void>(resolve => {
      look = () => {
        if (enough(requests.map(({ path }) => path))) resolve()
      }
      source.start(() => {})
    })
    // When this is answered, everything sent before has arrived.
    await fetch(`${base}/here`)
  } finally {
    await source.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return requests
}

describe('a followed stream', () => {
  const isForced = (path: string): boolean => path.includes('force_full=1')

  test('is requested with G6_PANELS_SSE_TYPES and G6_PANELS_SSE_TOKEN', async () => {
    const env = { G6_PANELS_SSE_TYPES: 'panel_full,panel_diff', G6_PANELS_SSE_TOKEN: 'mine' }
    const [first] = await asked(env, ({ length }) => length === 1)
    expect(first).toEqual({ path: '/events?types=panel_full%2Cpanel_diff', token: 'mine' })
  })

  test('gets a request for everything each G6_EVENTS_FORCE_FULL_RETRY_SECONDS', async () => {
    const requests = await asked(
      { G6_EVENTS_FORCE_FULL_RETRY_SECONDS: '0.05' },
      paths => paths.filter(isForced).length >= 3,
    )
    expect(requests.map(({ path }) => isForced(path)).slice(0, 4)).toEqual([false, true, true, true])
  })

  test('gets no such request with G6_SUMMARY_AUTO_FULL_RECOVERY off', async () => {
    const env = { G6_SUMMARY_AUTO_FULL_RECOVERY: '0', G6_PANELS_SSE_TIMEOUT: '0.05' }
    // After the timeout it reconnects as usual.
    const requests = await asked(env, ({ length }) => length === 2)
    expect(requests.filter(({ path }) => isForced(path))).toEqual([])
  })

  test('is late after G6_STREAM_WARN_SEC and stale after G6_STREAM_STALE_SEC', async () => {
    const env = { G6_STREAM_WARN_SEC: '3', G6_STREAM_STALE_SEC: '4' }
    const config = configOf({ G6_PANELS_SSE_URL: 'http://127.0.0.1:1/events', ...env })
    const metrics = silentMetrics()
    const parts = { config, settings: () => config, metrics, log: silentLog, clock: systemClock, panels: [] }
    const source = sourceOf([])(parts)
    if ('news' in source) throw new Error('a status stream was expected')
    expect(source.ingest?.(0, 60)).toMatchObject([{ heartbeat: { warn_after: 3, stale_after: 4 } }])
    await source.close()
  })
})

test.each([
  ['the status file', []],
  ['a file that --source names', ['other.json']],
])('%s may have G6_STATUS_MAX_BYTES', async (_, names) => {
  const path = join(folder, 'other.json')
  await writeFile(path, JSON.stringify({ long: 'x'.repeat(5_000) }))
  const config = configOf({ G6_SUMMARY_STATUS_FILE: path, G6_STATUS_MAX_BYTES: '4096' })
  const metrics = silentMetrics()
  const parts = { config, settings: () => config, metrics, log: silentLog, clock: systemClock, panels: [] }
  const source = sourceOf(names.map(name => join(folder, name)))(parts)
  if ('news' in source) throw new Error('a file was expected')
  const reading = await new Promise<Reading>(resolve => source.start(resolve))
  await source.close()
  expect(reading).toMatchObject({ ok: false, error: 'too_large' })
})
