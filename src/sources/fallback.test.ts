import { afterEach, describe, expect, test } from 'vitest'
import { capturedLog } from '../../test/support/captured-log.js'
import { eventually } from '../../test/support/eventually.js'
import type { Source } from '../engine/source.js'
import type { IngestStats } from '../ingest/enrichment.js'
import { heartbeat } from '../ingest/heartbeat.js'
import { EMPTY_STATE } from '../ingest/store.js'
import type { Reading, Status } from '../snapshot/reading.js'
import { FallbackSource } from './fallback.js'

class Scripted implements Source {
  tell: (reading: Reading) => void = () => {}
  lastEventMs: number | null = null
  constructor(
    readonly name: string,
    readonly nowMs: () => number,
  ) {}
  start(onReading: (reading: Reading) => void): void {
    this.tell = onReading
  }
  good(status: Status, ageMs = 0): void {
    this.lastEventMs = this.nowMs() - ageMs
    const readAtMs = this.nowMs()
    this.tell({
      ok: true,
      status,
      readAtMs,
      modifiedAtMs: readAtMs,
      sizeBytes: 1,
      ...(ageMs > 0 ? { ageMs } : {}),
    })
  }
  bad(): void {
    this.tell({ ok: false, error: 'io', message: `${this.name} is gone`, readAtMs: this.nowMs() })
  }
  refresh = async (): Promise<void> => {}
  close = async (): Promise<void> => {}
}
class ScriptedStream extends Scripted {
  ingest(nowMs: number): readonly IngestStats[] {
    const state = { ...EMPTY_STATE, lastEventMs: this.lastEventMs }
    const limits = { warnAfterSec: 10, staleAfterSec: 30 }
    return [
      {
        source: this.name,
        connection: 'live',
        error: null,
        state,
        heartbeat: heartbeat(state, nowMs, limits),
      },
    ]
  }
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function rig(graceMs = 60_000) {
  let nowMs = 1_000_000
  const streams = new ScriptedStream('http://h/events', () => nowMs)
  const file = new Scripted('status.json', () => nowMs)
  const { log, lines } = capturedLog()
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
  const source = new FallbackSource({ streams, file, graceMs, clock, log })
  closers.push(() => source.close())
  const readings: Reading[] = []
  source.start(reading => readings.push(reading))
  return {
    streams,
    file,
    source,
    readings,
    log: () => lines().map(({ msg }) => msg),
    wait: (seconds: number) => {
      nowMs += seconds * 1000
    },
    shown: () => readings.map(reading => (reading.ok ? reading.status.v : reading.message)),
    instead: () => source.ingest(nowMs, null)[0]?.instead,
  }
}

describe('a status file as the fallback of a stream', () => {
  test('is not shown while the stream delivers statuses', () => {
    const { streams, file, shown, instead } = rig()
    file.good({ v: 'file' })
    streams.good({ v: 'stream' })
    file.good({ v: 'file 2' })
    streams.good({ v: 'stream 2' })
    expect(shown()).toEqual(['stream', 'stream 2'])
    expect(instead()).toBeUndefined()
  })

  test('is shown while the stream fails, and both switches are logged', () => {
    const { streams, file, shown, instead, log } = rig()
    file.good({ v: 'file' })
    expect(shown()).toEqual([])
    streams.bad()
    file.good({ v: 'file 2' })
    expect(instead()).toBe('status.json')
    streams.good({ v: 'stream' })
    file.good({ v: 'file 3' })
    expect(shown()).toEqual(['file', 'file 2', 'stream'])
    expect(instead()).toBeUndefined()
    expect(log()).toEqual(['the status file is shown in place of the stream', 'the stream is shown again'])
  })

  test('is shown when the stream is silent from the start', async () => {
    const { file, shown } = rig(1)
    file.good({ v: 'file' })
    await eventually(() => shown().length === 1, 'the file is shown')
    expect(shown()).toEqual(['file'])
  })

  test('is shown in place of a lost stream once it has changed since', () => {
    const { streams, file, shown, wait } = rig()
    file.good({ v: 'file' })
    wait(1)
    streams.good({ v: 'stream' })
    wait(1)
    streams.bad()
    expect(shown()).toEqual(['stream', 'http://h/events is gone'])
    wait(1)
    file.good({ v: 'file 2' })
    streams.good({ v: 'stream 2' })
    expect(shown()).toEqual(['stream', 'http://h/events is gone', 'file 2', 'stream 2'])
  })

  test('is shown in place of a stale stream once it has changed since', () => {
    const { streams, file, shown, wait } = rig()
    streams.good({ v: 'stream' })
    wait(29)
    file.good({ v: 'file' })
    expect(shown()).toEqual(['stream'])
    wait(2)
    file.good({ v: 'file 2' })
    expect(shown()).toEqual(['stream', 'file 2'])
  })

  test('is as old as its last change says, when it is shown later', () => {
    const { streams, file, readings, wait } = rig()
    file.good({ v: 'file' })
    wait(5)
    streams.bad()
    const [reading] = readings
    if (reading?.ok !== true) throw new Error('nothing is shown')
    expect(reading.readAtMs - reading.modifiedAtMs).toBe(5_000)
    expect(reading).not.toHaveProperty('ageMs')
  })

  test('that cannot be read leaves the fault of the stream visible', () => {
    const { streams, file, shown } = rig()
    file.bad()
    expect(shown()).toEqual([])
    streams.bad()
    expect(shown()).toEqual(['http://h/events is gone'])
    file.good({ v: 'file' })
    file.bad()
    expect(shown()).toEqual(['http://h/events is gone', 'file', 'http://h/events is gone'])
  })
})
