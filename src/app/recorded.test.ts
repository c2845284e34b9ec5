// A recording that is served: the boards are those of the recorder, hash by hash, whenever they are built, and the time is the recording's.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyBoard } from '../board/board.js'
import { systemClock } from '../clock/clock.js'
import { Statistics } from '../engine/statistics.js'
import { silentLog } from '../log/log.js'
import { silentMetrics } from '../metrics/metrics.js'
import { createScenario } from '../simulator/scenario.js'
import type { Status } from '../snapshot/reading.js'
import { createReaderHere } from '../sources/large-documents.js'
import { linesOf, MAX_LINE_BYTES, parsedLine, type RecordingLine } from '../sources/recording.js'
import { ReplaySource } from '../sources/replay.js'
import { documentPanelsSettings } from './document-boards.js'
import { HandClock } from './hand-boards.js'
import { loadSettings } from './load-settings.js'
import type { ProgramParts } from './parts.js'
import { type Recorded, recordedOf } from './recorded.js'
import { record } from './recorder.js'
import { checkRecording } from './replay-check.js'
import { createStatusPipeline } from './status-pipeline.js'

const START_MS = Date.UTC(2026, 10, 29, 4)
const SECONDS = 90

const folder = mkdtempSync(join(tmpdir(), 'g6-recorded-'))
const path = join(folder, 'run.g6rec')
afterAll(() => rmSync(folder, { recursive: true }))

function partsOf(env: Readonly<Record<string, string>>, more: Partial<ProgramParts> = {}): ProgramParts {
  const loaded = loadSettings({ env: { ...env }, cwd: folder })
  if (!loaded.ok) throw new Error('the settings of this test are wrong')
  const config = { ...loaded.config, ...more.config }
  const base = { config, settings: () => config, metrics: silentMetrics(), log: silentLog, panels: [] }
  return { ...base, clock: systemClock, boardFile: () => null, ...more, ...{ config } }
}

const lines: RecordingLine[] = []
beforeAll(async () => {
  const clock = new HandClock()
  clock.wallMs = START_MS
  const indices = ['NIFTY', 'BANKNIFTY']
  const more = { shape: 'both', scenario: 'busy', openMarket: true, withAnalytics: true } as const
  const scenario = createScenario({ seed: 3, indices, intervalSec: 60, ...more })
  const stop = new AbortController()
  const source = {
    name: 'status.json',
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
    start: (onReading: Parameters<ReplaySource['start']>[0]) => {
      let status: Status = {}
      for (let n = 0; n < SECONDS; n++) {
        clock.wallMs = START_MS + n * 1000
        clock.steadyMs = n * 1000
        const step = scenario.step(n, clock.wallMs)
        const times = { readAtMs: clock.wallMs, modifiedAtMs: clock.wallMs }
        if (n % 6 !== 5 && step.kind === 'document') status = JSON.parse(JSON.stringify(step.document))
        if (n === 40) onReading({ ok: false, error: 'not_json', message: 'no JSON', readAtMs: clock.wallMs })
        else onReading({ ok: true, status, sizeBytes: 1_000, ...times })
      }
      stop.abort()
    },
  }
  const options = { path, maxBytes: 1e9, maxMs: 1e9, omit: [], signal: stop.signal }
  await record(
    source,
    partsOf({ G6_TIMEZONE: 'Europe/Paris', G6_DQ_WARN_THRESHOLD: '93' }, { clock }),
    options,
  )
  for await (const { bytes } of linesOf(path, MAX_LINE_BYTES)) {
    const line = bytes === null ? null : parsedLine(bytes)
    if (line !== null && !('g6rec' in line)) lines.push(line)
  }
})

/** Plays it, and builds a board for each reading at a moment that is not its own. */
async function played(options: { readonly from?: string; readonly path?: string } = {}) {
  const recorded = (await recordedOf([`replay:${options.path ?? path}`])) as Recorded
  const base = partsOf({})
  const parts = partsOf({}, { config: { ...base.config, ...recorded.settings } })
  const timers = {
    after: (_: number, run: () => void) => {
      const timer = setImmediate(run)
      return () => clearImmediate(timer)
    },
  }
  const source = new ReplaySource({
    path,
    speed: 1,
    loop: false,
    maxBytes: 8e6,
    isAlone: true,
    zone: () => null,
    timezone: () => parts.config.timezone,
    timers,
    ...options,
  })
  const { boards } = createStatusPipeline(source, {
    ...parts,
    surroundings: () => recorded.surroundings,
    statistics: new Statistics(0),
  })
  let board = emptyBoard('e')
  const panels: Record<string, string>[] = []
  const times: number[] = []
  const states: string[] = []
  await new Promise<void>(resolve => {
    boards.start(() => {
      const next = boards.next(board, 1, { wallMs: Date.now() + panels.length * 777, monotonicMs: 1e9 })
      const isNew = next.generation !== board.generation
      board = next
      panels.push(
        isNew
          ? Object.fromEntries(
              board.changed.map(key => [key, board.panels.get(key)?.hash.slice(0, 16) ?? '']),
            )
          : {},
      )
      const now = source.played()?.now
      times.push(now?.wallMs ?? 0)
      if (now !== undefined) states.push(boards.sourceAt(now).state)
      if (options.path === undefined && times.at(-1) === lines.at(-1)?.at) resolve()
      if (options.path !== undefined && panels.length === 4) resolve()
    })
  })
  await expect.poll(() => source.played()?.ended).toBe(true)
  const end = source.played()
  await boards.close()
  return { panels, times, states, end, recorded }
}

test('every board is the recorded one, with the thresholds and the zone of the recording', async () => {
  const { panels, times, states, end, recorded } = await played()
  expect(panels).toEqual(lines.map(line => line.panels))
  expect(times).toEqual(lines.map(({ at }) => at))
  expect(recorded.settings.timezone).toBe('Europe/Paris')
  // Of the time of the recording; one reading was bad.
  expect(new Set(states)).toEqual(new Set(['fresh', 'not_json']))
  expect(end).toMatchObject({ ended: true, startedMs: START_MS, now: { wallMs: lines.at(-1)?.at } })
})

test('from a time on, a confirmation of what came before is a board too', async () => {
  // 05:00:05 in Paris confirms the status of 05:00:04.
  const { panels, times } = await played({ from: '2026-11-29T05:00:05' })
  expect(times[0]).toBe(START_MS + 5_000)
  expect(Object.keys(panels[0] ?? {}).length).toBeGreaterThan(5)
  expect(panels).toHaveLength(SECONDS - 5)
})

test('a source that is no recording, or one of several, has no settings of its own', async () => {
  expect(await recordedOf([join(folder, 'status.json')])).toBeNull()
  expect(await recordedOf([`replay:${path}`, 'a.json'])).toBeNull()
  expect(await recordedOf([`replay:${join(folder, 'nothing.g6rec')}`])).toBeNull()
  expect(await recordedOf([])).toBeNull()
})

test('a status of 2 MB is recorded whole, checked and played, and without what is left out', async () => {
  const large = join(folder, 'large.g6rec')
  const clock = new HandClock()
  clock.wallMs = START_MS
  const parts = partsOf({}, { clock })
  const read = createReaderHere({
    zone: () => null,
    wantsPatch: () => false,
    panels: () => documentPanelsSettings(parts),
  })
  const document = (n: number): Uint8Array =>
    Buffer.from(
      JSON.stringify({
        status: 'ok',
        updated_at: new Date(START_MS + n * 1000 - 30_000).toISOString(),
        depth: n,
        secret: { token: 'not for the file', kept: 1 },
        rows: Array.from({ length: 12_000 }, (_, i) => ({
          name: `row ${i}`,
          load: i * n,
          note: 'x'.repeat(120),
        })),
      }),
    )
  const stop = new AbortController()
  const source = {
    name: 'large.json',
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
    start: (onReading: Parameters<ReplaySource['start']>[0]) => {
      let made = read(document(1), START_MS)
      for (const n of [1, 1, 2, 3]) {
        clock.wallMs += 1_000
        clock.steadyMs += 1_000
        // The second one confirms the first.
        if (n !== 1) made = read(document(n), clock.wallMs)
        const { wallMs } = clock
        const reading = { readAtMs: wallMs, modifiedAtMs: wallMs, sizeBytes: 2_000_000 }
        if (made.ok) onReading({ ...made, ...reading })
      }
      stop.abort()
    },
  }
  const options = { path: large, maxBytes: 1e9, maxMs: 1e9, omit: ['secret.token'], signal: stop.signal }
  expect(await record(source, parts, options)).toMatchObject({ readings: 4 })
  expect(gunzipSync(readFileSync(large)).toString()).not.toContain('not for the file')
  expect(await checkRecording(large, partsOf({}))).toMatchObject({ readings: 4, differing: 0 })
  const recordedPanels: Record<string, string>[] = []
  for await (const { bytes } of linesOf(large, MAX_LINE_BYTES)) {
    const line = bytes === null ? null : parsedLine(bytes)
    if (line !== null && !('g6rec' in line)) recordedPanels.push(line.panels)
  }
  expect(Object.keys(recordedPanels[0] ?? {}).length).toBeGreaterThan(1)
  expect(Object.keys(recordedPanels[2] ?? {}).length).toBeGreaterThan(0)
  expect((await played({ path: large })).panels).toEqual(recordedPanels)
})
