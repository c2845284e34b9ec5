// A recording as a source: its pace, its faults, its end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writtenAt } from '../../src/engine/source-state.js'
import { type ReplayOptions, ReplaySource, startOf } from '../../src/sources/replay.js'
import { Readings } from '../support/readings.js'

let folder: string
const sources: ReplaySource[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-replay-'))
})
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
  rmSync(folder, { recursive: true })
})

/** Waits are remembered, and over at once. */
function played(text: string | Buffer | null, options: Partial<ReplayOptions> = {}) {
  const path = join(folder, 'run.ndjson')
  if (text !== null) writeFileSync(path, text)
  const waits: number[] = []
  const timers = {
    after: (ms: number, run: () => void) => {
      waits.push(ms)
      const timer = setTimeout(run, 0)
      return () => clearTimeout(timer)
    },
  }
  const source = new ReplaySource({
    path,
    speed: 1,
    loop: false,
    maxBytes: 1_000,
    zone: () => null,
    timers,
    ...options,
  })
  sources.push(source)
  return { readings: new Readings(source), waits, source }
}

const at = (second: number, more: object = {}) =>
  `${JSON.stringify({ timestamp: 1_700_000_000 + second, ...more })}\n`

test('documents come at the pace of their own times, and are not old', async () => {
  const { readings, waits } = played(`${at(0)}${at(5)}${at(9_000)}{"a":1}\n`, { speed: 2 })
  const first = await readings.good()
  expect(first.status).toEqual({ timestamp: 1_700_000_000 })
  for (let i = 0; i < 3; i++) await readings.good()
  expect(waits).toEqual([2_500, 60_000, 500])
  const now = { wallMs: first.readAtMs, monotonicMs: 0 }
  expect(writtenAt(first, 1_700_000_000_000, now)).toEqual(now)
})

test('a broken line is a fault that names it, and the next one is played', async () => {
  const { readings } = played(`${at(0)}{"a":\n${'x'.repeat(2_000)}\n${at(1)}`)
  await readings.good()
  expect(await readings.bad()).toMatchObject({
    error: 'not_json',
    message: expect.stringMatching(/^line 2: /),
  })
  expect(await readings.bad()).toMatchObject({
    error: 'too_large',
    message: 'line 3 is larger than 1000 bytes',
  })
  await readings.good()
})

test('a file that is not there, and one without a document', async () => {
  expect(await played(null).readings.bad()).toMatchObject({
    error: 'missing',
    message: expect.stringMatching(/no such recording/),
  })
  expect(await played('\n').readings.bad()).toMatchObject({
    error: 'missing',
    message: expect.stringMatching(/no document/),
  })
})

/** A recording that came in these seconds after 09:15 UTC. */
function recording(readings: readonly (readonly [second: number, reading: object])[]): Buffer {
  const header = {
    g6rec: 1,
    version: '0.1.0',
    started_ms: 0,
    epoch: 'e',
    source: 's',
    surroundings: { thresholds: {}, timezone: 'UTC', sourceZone: null },
    refresh_sec: { links: 0, resources: 0 },
    board: null,
  }
  const lines = readings.map(([second, reading]) => ({
    at: Date.UTC(2026, 10, 30, 9, 15, second),
    steady: second * 1000,
    reading: { readAtMs: 1, ...reading },
    panels: {},
  }))
  return Buffer.concat([header, ...lines].map(line => gzipSync(`${JSON.stringify(line)}\n`)))
}
const good = (n: number) => ({ ok: true, modifiedAtMs: 1, sizeBytes: 9, status: { n } })

test('a recording is played at the distances in which its readings came, with its faults', async () => {
  const bytes = recording([
    [0, good(1)],
    [10, good(2)],
    [13, { ok: true, modifiedAtMs: 2, sizeBytes: 9 }],
    [15, { ok: false, error: 'not_json', message: 'it is no JSON' }],
  ])
  const { readings, waits } = played(bytes, { speed: 2 })
  expect((await readings.good()).status).toEqual({ n: 1 })
  const second = await readings.good()
  expect((await readings.good()).status).toBe(second.status)
  expect(await readings.bad()).toMatchObject({ error: 'not_json', message: 'it is no JSON' })
  expect(waits).toEqual([5_000, 1_500, 1_000])
})

test('a fault that comes again has a moment of its own: what else is recorded with it is of that moment', async () => {
  const fault = { ok: false, error: 'io', message: 'it is lost' }
  const { readings } = played(recording([0, 10, 20].map(second => [second, fault])), { isAlone: true })
  const moments = []
  for (let i = 0; i < 3; i++) moments.push((await readings.bad()).takenAt?.monotonicMs)
  expect(moments).toEqual([0, 10_000, 20_000])
})

test('it begins at a time or date, and ends with what a killed process wrote last', async () => {
  const bytes = recording([
    [0, good(1)],
    [10, good(2)],
    [20, good(3)],
  ])
  for (const from of ['09:15:05', '2026-11-30T09:15:05'])
    expect((await played(bytes, { from }).readings.good()).status).toEqual({ n: 2 })
  const cut = played(bytes.subarray(0, bytes.length - 30), {})
  await cut.readings.good()
  expect((await cut.readings.good()).status).toEqual({ n: 2 })
  expect(['', '9', '25:00', 'soon'].map(text => startOf(text, 0, 'UTC'))).toEqual([null, null, null, null])
  expect(startOf('05:30', 0, 'Asia/Kolkata')).toBe(0)
})

test('in a loop it begins again, until it is closed', async () => {
  const { readings, source } = played(at(0, { n: 1 }), { loop: true })
  await readings.good()
  await readings.good()
  await source.close()
  const count = readings.all.length
  await new Promise(resolve => setTimeout(resolve, 5))
  expect(readings.all.length).toBe(count)
})
