// What is recorded comes out the same, hash by hash; on a simulated platform and a simulated clock.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownTime } from '../../test/support/own-time.js'
import type { Source } from '../engine/source.js'
import { silentLog } from '../log/log.js'
import { silentMetrics } from '../metrics/metrics.js'
import { createScenario } from '../simulator/scenario.js'
import type { Reading, Status } from '../snapshot/reading.js'
import { linesOf } from '../sources/recording.js'
import { ReplaySource } from '../sources/replay.js'
import { HandClock } from './hand-boards.js'
import { loadSettings } from './load-settings.js'
import { followUpWithout, type RecordOptions, record, without } from './recorder.js'
import { checkRecording } from './replay-check.js'

const START_MS = Date.UTC(2026, 10, 30, 4)
/** RECORD_SECONDS=3600 is an hour. */
const SECONDS = Number(process.env.RECORD_SECONDS ?? 180)

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-rec-'))
  path = join(folder, 'run.g6rec')
})
afterEach(() => rmSync(folder, { recursive: true }))

function partsOf(clock: HandClock, env: Readonly<Record<string, string>> = {}) {
  const loaded = loadSettings({ env: { ...env }, cwd: folder })
  if (!loaded.ok) throw new Error('the settings of this test are wrong')
  const { config } = loaded
  return {
    config,
    settings: () => config,
    metrics: silentMetrics(),
    log: silentLog,
    clock,
    panels: [],
    boardFile: () => null,
  }
}

/** The platform of the demo for some minutes, with a fault and confirmations in between. */
function platform(clock: HandClock): Source {
  const indices = ['NIFTY', 'BANKNIFTY', 'FINNIFTY', 'SENSEX']
  const more = { shape: 'both', scenario: 'busy', openMarket: true, withAnalytics: true } as const
  const scenario = createScenario({ seed: 7, indices, intervalSec: 60, ...more })
  return {
    name: 'status.json',
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
    start: onReading => {
      let status: Status = {}
      for (let n = 0; n < SECONDS; n++) {
        clock.wallMs = START_MS + n * 1000
        clock.steadyMs = 5_000 + n * 1000
        const nowMs = clock.wallMs
        const bad: Reading = { ok: false, error: 'not_json', message: 'it is no JSON', readAtMs: nowMs }
        const step = scenario.step(n, nowMs)
        if (n % 50 === 49) onReading(bad)
        else {
          if (n % 7 !== 6 && step.kind === 'document') status = JSON.parse(JSON.stringify(step.document))
          onReading({ ok: true, status, readAtMs: nowMs, modifiedAtMs: nowMs, sizeBytes: 1_000 })
        }
      }
    },
  }
}

async function recorded(options: Partial<RecordOptions> = {}) {
  const clock = new HandClock()
  clock.wallMs = START_MS
  const signal = AbortSignal.abort()
  const all = { path, maxBytes: 2 ** 30, maxMs: 60_000, omit: [], signal, ...options }
  return record(platform(clock), partsOf(clock), all)
}

const check = (env: Readonly<Record<string, string>> = {}) =>
  checkRecording(path, partsOf(new HandClock(), env))

test('every board of a recording of the demo comes out the same, whatever the settings are now', async () => {
  expect(await recorded()).toEqual({ why: 'stopped', readings: SECONDS })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(path).size / SECONDS).toBeLessThan(2_048)
  expect(await check()).toMatchObject({ readings: SECONDS, differing: 0, first: null })
  expect(await check({ G6_TIMEZONE: 'America/New_York' })).toMatchObject({ differing: 0 })
})

test('a board that comes out differently is found, with its line and panels', async () => {
  await recorded()
  const lines = gunzipSync(readFileSync(path)).toString().split('\n')
  const at = lines.findIndex((line, i) => i > 100 && line.includes('"indices":"'))
  lines[at] = (lines[at] ?? '').replace(/"indices":"[0-9a-f]{4}/, '"indices":"zzzz')
  writeFileSync(path, gzipSync(lines.join('\n')))
  expect(await check()).toMatchObject({ differing: 1, first: { line: at + 1, panels: ['indices'] } })
})

test('of a file that was cut the rest is played; a damaged line is named', async () => {
  await recorded()
  const text = gunzipSync(readFileSync(path)).toString()
  const lines = text.split('\n')
  const half = [lines.slice(0, 100), lines.slice(100)].map(part => gzipSync(`${part.join('\n')}\n`))
  writeFileSync(path, Buffer.concat(half).subarray(0, (half[0]?.length ?? 0) + 40))
  expect(await check()).toMatchObject({ readings: 99, differing: 0 })
  writeFileSync(path, gzipSync(`${lines[0]}\n{"at":1}\n`))
  await expect(check()).rejects.toThrow('line 2 of the recording is damaged')
  writeFileSync(path, gzipSync(`${lines[1]}\n`))
  await expect(check()).rejects.toThrow('no header')
})

test('a file that is there is not written over, and a full one ends the recording', async () => {
  writeFileSync(path, 'mine')
  await expect(recorded()).rejects.toThrow(
    /exists and is not overwritten \(EEXIST\): remove it, or name another file$/,
  )
  expect(readFileSync(path, 'utf8')).toBe('mine')
  path = join(folder, 'small.g6rec')
  const { signal } = new AbortController()
  expect(await recorded({ maxBytes: 100, signal })).toMatchObject({ why: 'size' })
  expect(statSync(path).size).toBeLessThanOrEqual(100)
})

test('a full file has no gap: what comes after the reading that found no room is not written either', async () => {
  const time = ownTime()
  let start = (_: (reading: Reading) => void): void => {}
  const started = new Promise<(reading: Reading) => void>(resolve => {
    start = resolve
  })
  const reading = (status: Status): Reading => ({
    ok: true,
    status,
    readAtMs: 1,
    modifiedAtMs: 1,
    sizeBytes: 9,
  })
  const source: Source = {
    name: 'status.json',
    start,
    refresh: () => Promise.resolve(),
    // The last one comes while the recording ends.
    close: async () => (await started)(reading({ app: { name: 'afterwards' } })),
  }
  const clock = new HandClock()
  const { signal } = new AbortController()
  const options = { path, maxBytes: 4_000, maxMs: 60_000, omit: [], signal, timers: time.timers }
  const ended = record(source, partsOf(clock), options)
  const give = await started
  give(reading({ app: { name: 'first' } }))
  time.pass(1_000)
  give(reading({ app: { name: randomBytes(8_000).toString('hex') } }))
  time.pass(1_000)
  expect(await ended).toMatchObject({ why: 'size' })
  const text = gunzipSync(readFileSync(path)).toString()
  expect([text.includes('first'), text.includes('afterwards')]).toEqual([true, false])
  expect(await check()).toMatchObject({ readings: 1, differing: 0 })
})

test('of packed bytes that are damaged the place is named', async () => {
  await recorded()
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  bytes.fill(0xff, middle, middle + 8)
  writeFileSync(path, bytes)
  await expect(check()).rejects.toThrow(
    /^the recording is damaged somewhere after line \d+ \(Z_DATA_ERROR\)$/,
  )
  // zlib takes a zero behind a member for padding, and says nothing about what follows it.
  const [first, second] = ['one\n', 'two\n'].map(text => gzipSync(text))
  writeFileSync(path, Buffer.concat([first ?? bytes, Buffer.alloc(1), second ?? bytes]))
  const numbers: number[] = []
  const reading = async () => {
    for await (const { number } of linesOf(path, 1_000)) numbers.push(number)
  }
  await expect(reading()).rejects.toThrow('the recording is damaged somewhere after line 1')
  expect(numbers).toEqual([1])
})

test('members that are left out are not in the file, and the boards are those without them', async () => {
  await recorded({ omit: ['provider', 'indices.NIFTY'] })
  const text = gunzipSync(readFileSync(path)).toString()
  expect(text).not.toContain('"provider":{')
  expect(text).toContain('BANKNIFTY')
  expect(await check()).toMatchObject({ differing: 0 })
  const status = { a: { b: 1, c: 2 }, list: [{ b: 1, d: 2 }] }
  expect(
    without(status, [
      ['a', 'b'],
      ['list', 'b'],
    ]),
  ).toEqual({ a: { c: 2 }, list: [{ d: 2 }] })
  const followUp = { time: 1, level: 'warn', component: 'auth', message: 'of a person' }
  const left = (...paths: readonly string[][]) => followUpWithout(followUp, paths)
  expect(left(['alerts', 'message'])).toEqual({ ...followUp, message: '' })
  expect([left(['alerts']), left(['auth', 'user'])]).toEqual([null, followUp])
})

test('of a file that was cut at any byte the whole pieces are read, and no line comes out otherwise', async () => {
  const line = fc.string({ minLength: 1, maxLength: 60 }).map(text => JSON.stringify({ text }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(line, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (pieces, share) => {
        const members = pieces.map(lines => gzipSync(`${lines.join('\n')}\n`))
        const bytes = Buffer.concat(members)
        const cut = Math.max(2, Math.floor(bytes.length * share))
        writeFileSync(path, bytes.subarray(0, cut))
        const read: string[] = []
        for await (const each of linesOf(path, 1_000)) read.push(Buffer.from(each.bytes ?? []).toString())
        expect(read).toEqual(pieces.flat().slice(0, read.length))
        const ends = members.map((_, i) =>
          members.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0),
        )
        const whole = pieces.filter((_, i) => (ends[i] ?? 0) <= cut)
        expect(read.length).toBeGreaterThanOrEqual(whole.flat().length)
      },
    ),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 100) },
  )
})

test('a recording of another format is refused, with the version that made it', async () => {
  writeFileSync(path, gzipSync('{"g6rec":2,"version":"9.1.0"}\n'))
  const refusal =
    'the recording has format 2, and this version reads format 1; replay it with the version that made it (9.1.0)'
  await expect(check()).rejects.toThrow(refusal)
  const source = new ReplaySource({ path, speed: 1, loop: false, maxBytes: 1_000, zone: () => null })
  const first = await new Promise<Reading>(resolve => source.start(resolve))
  expect(first).toMatchObject({ ok: false, error: 'not_json', message: refusal })
  await source.close()
})
