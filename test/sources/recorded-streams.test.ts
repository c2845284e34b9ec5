// A followed status stream is recorded with all that it reports: the boards that are built again, and those of a server that plays the
// recording, are those of the recorder.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadSettings } from '../../src/app/load-settings.js'
import type { ProgramParts } from '../../src/app/parts.js'
import { recordedOf } from '../../src/app/recorded.js'
import { record } from '../../src/app/recorder.js'
import { checkRecording } from '../../src/app/replay-check.js'
import { createStatusPipeline } from '../../src/app/status-pipeline.js'
import { emptyBoard } from '../../src/board/board.js'
import { systemClock } from '../../src/clock/clock.js'
import { Statistics } from '../../src/engine/statistics.js'
import type { IngestStats } from '../../src/ingest/enrichment.js'
import { heartbeat, heartbeatLimits } from '../../src/ingest/heartbeat.js'
import { EMPTY_STATE } from '../../src/ingest/store.js'
import { silentLog } from '../../src/log/log.js'
import { silentMetrics } from '../../src/metrics/metrics.js'
import { linesOf, MAX_LINE_BYTES, parsedLine, type RecordingLine } from '../../src/sources/recording.js'
import { ReplaySource } from '../../src/sources/replay.js'
import { SseIngestor } from '../../src/sources/sse.js'
import { eventually } from '../support/eventually.js'
import { ownTime } from '../support/own-time.js'
import { startStatusServer } from '../support/status-server.js'

const folder = mkdtempSync(join(tmpdir(), 'g6-streams-'))
const path = join(folder, 'run.g6rec')
afterAll(() => rmSync(folder, { recursive: true }))

function parts(): ProgramParts {
  const loaded = loadSettings({ env: {}, cwd: folder })
  if (!loaded.ok) throw new Error('the settings of this test are wrong')
  const { config } = loaded
  const quiet = { metrics: silentMetrics(), log: silentLog, clock: systemClock }
  return { config, settings: () => config, panels: [], ...quiet }
}

const latency = { time: 1_700_000_000, level: 'warn', component: 'latency', message: 'p95 is 1400 ms' }
const counts = { info: 1, warn: 2, critical: 0 }

/** What a server that follows another one publishes of it. */
function streamWith(more: Partial<typeof EMPTY_STATE>): readonly IngestStats[] {
  const state = { ...EMPTY_STATE, severityCounts: counts, ...more }
  const beat = heartbeat(state, 0, heartbeatLimits(null))
  return [{ source: 's', connection: 'live', error: null, state, heartbeat: beat }]
}

/** Records a stream that says something between its statuses, and is lost at the end. */
async function recordStream(): Promise<void> {
  const server = await startStatusServer({ app: { name: 'collector' }, loop: { cycle: 1 } })
  const ingestor = new SseIngestor({ url: `${server.url}/events`, initialDelayMs: 5 })
  const state = () => ingestor.state
  const time = ownTime()
  const stop = new AbortController()
  const options = { path, maxBytes: 1e9, maxMs: 1e9, omit: [], signal: stop.signal, timers: time.timers }
  const ended = record(ingestor, parts(), options)
  try {
    await eventually(() => state().baseline !== null, 'the first status')
    const severityState = new Map([['latency', { alert_type: 'latency', active: 'warn' }]])
    server.hub.publishIngest(streamWith({ severityState }))
    await eventually(() => state().severityCounts !== null && state().severityState.size > 0, 'severities')
    // They come with no reading: the recorder looks once a second. There is nothing new the second time.
    time.pass(1_000)
    time.pass(1_000)
    server.hub.publishIngest(streamWith({ severityState, followUps: [latency] }))
    await eventually(() => state().followUps.length > 0, 'the follow-up')
    server.hub.publishStatus({ app: { name: 'collector' }, loop: { cycle: 2 } })
    await eventually(() => JSON.stringify(state().baseline).includes('"cycle":2'), 'the second status')
    await server.close()
    await eventually(() => ingestor.ingest(0, null)[0]?.connection === 'lost', 'the end')
  } finally {
    stop.abort()
    await ended
    await server.close()
  }
}

const lines: RecordingLine[] = []
beforeAll(async () => {
  await recordStream()
  for await (const { bytes } of linesOf(path, MAX_LINE_BYTES)) {
    const line = bytes === null ? null : parsedLine(bytes)
    if (line !== null && !('g6rec' in line)) lines.push(line)
  }
})

test('severities and follow-ups are recorded when they come, once, and every board comes out the same', async () => {
  const streams = lines.flatMap(line => line.streams ?? [])
  expect(streams.filter(({ severityState = [] }) => severityState.length > 0)).toHaveLength(1)
  expect(streams.flatMap(({ followUps }) => followUps?.added ?? [])).toMatchObject([latency])
  expect(streams.at(-1)?.connection).toBe('lost')
  const ofFollowUp = lines.find(line => line.streams?.[0]?.followUps?.added.length === 1)
  expect(Object.keys(ofFollowUp?.panels ?? {})).toEqual(expect.arrayContaining(['alerts', 'followups']))
  expect(await checkRecording(path, parts())).toMatchObject({ readings: lines.length, differing: 0 })
})

test('a server that plays it shows the recorded boards, and the stream as it was', async () => {
  const recorded = await recordedOf([`replay:${path}`])
  if (recorded === null) throw new Error('it is a recording')
  const timers = {
    after: (_: number, run: () => void) => {
      const timer = setImmediate(run)
      return () => clearImmediate(timer)
    },
  }
  const given = { path, speed: 1, loop: false, maxBytes: 1_000, isAlone: true, zone: () => null, timers }
  const source = new ReplaySource(given)
  expect(source.ingest(0)).toBeUndefined()
  const surroundings = () => recorded.surroundings
  const { boards } = createStatusPipeline(source, { ...parts(), surroundings, statistics: new Statistics(0) })
  const panels: RecordingLine['panels'][] = []
  let board = emptyBoard('e')
  await new Promise<void>(resolve => {
    boards.start(() => {
      const next = boards.next(board, 1, { wallMs: 0, monotonicMs: 0 })
      const changed = next.generation === board.generation ? [] : next.changed
      board = next
      panels.push(
        Object.fromEntries(changed.map(key => [key, next.panels.get(key)?.hash.slice(0, 16) ?? ''])),
      )
      if (panels.length === lines.length) resolve()
    })
  })
  await boards.close()
  expect(panels).toEqual(lines.map(line => line.panels))
  const [stream] = boards.ingest(lines.at(-1)?.at ?? 0) ?? []
  const { health } = lines.flatMap(line => line.streams ?? []).at(-1) ?? {}
  expect(stream).toMatchObject({ connection: 'lost', heartbeat: { health }, state: { panelFull: 1 } })
  expect(stream?.state.followUps).toMatchObject([latency])
})
