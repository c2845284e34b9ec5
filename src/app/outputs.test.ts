// Which outputs run, what they publish, and which metrics they feed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resultMaker } from '../../test/support/results.js'
import { loadConfig } from '../config/load.js'
import type { CycleResult } from '../engine/cycle.js'
import { heartbeat } from '../ingest/heartbeat.js'
import { EMPTY_STATE } from '../ingest/store.js'
import { silentLog } from '../log/log.js'
import { createMetrics } from '../metrics/metrics.js'
import { createStatusOutput, fileOutputs, screenOutput, wantsSink } from './outputs.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-outputs-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function partsOf(env: Readonly<Record<string, string>>) {
  const loaded = loadConfig({ env: { G6_PANELS_DIR: join(folder, 'panels'), ...env } })
  if (!loaded.ok) throw new Error('the settings of the test are wrong')
  const { config } = loaded
  const metrics = createMetrics({ extended: true, processDefaults: false, version: '0', node: 'v20' })
  const time = { ms: 0 }
  const clock = { nowMs: () => time.ms, monotonicMs: () => time.ms }
  const scraped = async () => (await metrics.text()).body.split('\n')
  const hubStats = () => null
  return {
    parts: { config, settings: () => config, metrics, log: silentLog, clock, panels: [], hubStats },
    time,
    scraped,
  }
}

describe('panel files', () => {
  test('are counted by panel, and their writing is timed', async () => {
    const { parts, scraped } = partsOf({})
    for (const output of fileOutputs(parts)) await output.publish(resultMaker()({ cycle: 1 }))
    const lines = await scraped()
    expect(lines).toContain('g6_summary_panel_file_updates_total{panel="indices"} 1')
    expect(lines).toContain('g6_summary_panel_file_updates_total{panel="manifest"} 1')
    expect(lines).toContain('g6_unified_panels_write_seconds_count 1')
  })
})

describe('the dossier', () => {
  test('is written once in an interval of G6_SUMMARY_DOSSIER_INTERVAL_SEC seconds', async () => {
    const path = join(folder, 'dossier.json')
    const settings = { G6_SUMMARY_DOSSIER_PATH: path, G6_SUMMARY_DOSSIER_INTERVAL_SEC: '5' }
    const { parts, time } = partsOf({ G6_NO_WRITE_PANELS: '1', ...settings })
    const [dossier] = fileOutputs(parts)
    const next = resultMaker()
    const writtenCycle = async (): Promise<unknown> => JSON.parse(await readFile(path, 'utf8')).cycle
    await dossier?.publish(next({ cycle: 1 }))
    time.ms = 4_999
    await dossier?.publish(next({ cycle: 2 }))
    expect(await writtenCycle()).toBe(1)
    time.ms = 5_000
    await dossier?.publish(next({ cycle: 3 }))
    expect(await writtenCycle()).toBe(3)
  })

  test('that cannot be written is counted as an error of files, as a panel file is', async () => {
    const file = join(folder, 'no-folder')
    await writeFile(file, '')
    const { parts, scraped } = partsOf({
      G6_SUMMARY_DOSSIER_PATH: join(file, 'dossier.json'),
      G6_PANELS_DIR: join(file, 'panels'),
      G6_PANELS_WRITER_BASIC: '1',
    })
    for (const output of fileOutputs(parts)) await output.publish(resultMaker()({ cycle: 1 }))
    expect(await scraped()).toContain('g6_unified_errors_total{kind="files"} 2')
  })
})

test('drawing a plain frame is timed', async () => {
  const { parts, scraped } = partsOf({})
  const printed: string[] = []
  const stream = {
    write: (text: string) => printed.push(text) > 0,
    once: () => {},
    removeListener: () => {},
  }
  for (const output of screenOutput(parts, 'plain', stream)) void output.publish(resultMaker()({ cycle: 1 }))
  expect(printed).toHaveLength(1)
  expect(await scraped()).toContain('g6_unified_render_seconds_count 1')
})

test('only the named outputs run, and all of them where no known one is named', () => {
  expect(wantsSink(['http'], 'http')).toBe(true)
  expect(wantsSink(['http'], 'files')).toBe(false)
  expect(wantsSink(['stdout', 'logging'], 'files')).toBe(true)
  expect(wantsSink(['stdout', 'files'], 'terminal')).toBe(false)
})

const AT_MS = 1_700_000_000_000
const result = resultMaker()({ cycle: 1 })
const followed = {
  source: 'http://x',
  connection: 'live' as const,
  error: null,
  state: EMPTY_STATE,
  heartbeat: heartbeat(EMPTY_STATE, AT_MS, { warnAfterSec: 10, staleAfterSec: 30 }),
}

/** What the status stream gets of a cycle. */
function published(cycle: CycleResult) {
  const seen: unknown[] = []
  const output = createStatusOutput({
    publishStatus: status => void seen.push(status),
    publishIngest: streams => void seen.push(streams),
  })
  void output.publish(cycle)
  return seen
}

test('a good status is passed on, a bad one is not', () => {
  const status = { cycle: 1 }
  const good = { ok: true, status, readAtMs: AT_MS, modifiedAtMs: AT_MS, sizeBytes: 9 } as const
  const bad = { ok: false, error: 'missing', message: 'there is no such file', readAtMs: AT_MS } as const
  expect(published({ ...result, reading: good })).toEqual([status])
  expect(published({ ...result, reading: bad })).toEqual([])
  expect(published(result)).toEqual([])
})

test('what came with it from followed streams is passed on too', () => {
  expect(published({ ...result, stats: { ...result.stats, ingest: [followed] } })).toEqual([[followed]])
})
