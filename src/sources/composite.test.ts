import { describe, expect, test } from 'vitest'
import type { Source } from '../engine/source.js'
import { warningText } from '../ingest/json-text.js'
import { derive } from '../snapshot/derive.js'
import type { GoodReading, Reading, ReadingError, Status } from '../snapshot/reading.js'
import { CompositeSource } from './composite.js'

class Scripted implements Source {
  tell: (reading: Reading) => void = () => {}
  refreshed = 0
  closed = 0
  constructor(readonly name: string) {}
  start(onReading: (reading: Reading) => void): void {
    this.tell = onReading
  }
  good(status: Status, atMs = 1): void {
    this.tell({ ok: true, status, readAtMs: atMs, modifiedAtMs: atMs, sizeBytes: 10 })
  }
  bad(error: ReadingError): void {
    this.tell({ ok: false, error, message: `${this.name} ${error}`, readAtMs: 1 })
  }
  refresh(): Promise<void> {
    this.refreshed++
    return Promise.resolve()
  }
  close(): Promise<void> {
    this.closed++
    return Promise.resolve()
  }
}

function several() {
  const [one, two] = [new Scripted('one'), new Scripted('two')]
  const source = new CompositeSource([one, two], { nowMs: () => 77, monotonicMs: () => 77 })
  const readings: Reading[] = []
  source.start(reading => readings.push(reading))
  return { one, two, source, readings }
}
const status = (reading: Reading | undefined) => (reading?.ok ? reading.status : reading?.error)

describe('several sources', () => {
  test('have their warnings together, each with the name of its source', () => {
    const { one, two, readings } = several()
    const reading = { ok: true, status: {}, readAtMs: 1, modifiedAtMs: 1, sizeBytes: 2 } as const
    const nan = { kind: 'not_finite', path: 'a.b', what: 'NaN', count: 2 } as const
    one.tell({ ...reading, warnings: [nan] })
    two.tell({ ...reading, warnings: [{ ...nan, count: 1 }] })
    expect(readings.at(-1)).toMatchObject({ warnings: [{ path: 'one: a.b', count: 3 }] })
    one.tell(reading)
    two.tell(reading)
    expect(readings.at(-1)).not.toHaveProperty('warnings')
  })

  test('say which of them is too large to be united whole', () => {
    const { one, two, readings } = several()
    const status = { indices: ['A'] }
    const json = new Uint8Array()
    const large = { serial: 1, json, patch: null, omitted: 0, snapshot: derive(status) }
    const reading = { ok: true, status, readAtMs: 1, modifiedAtMs: 1, sizeBytes: 2 } as const
    one.tell({ ...reading, large })
    expect(readings.at(-1)).not.toHaveProperty('warnings')
    two.tell({ ...reading, large: { ...large, omitted: 5_000 } })
    const [warning] = (readings.at(-1) as GoodReading).warnings ?? []
    expect(warning && warningText(warning)).toBe(
      'two: the document is too large to be united with other sources: 5000 characters of it are left out',
    )
  })

  test('are one status, and each reading of one is a reading of all', () => {
    const { one, two, readings } = several()
    one.good({ cycle: 1, indices: ['A'] }, 5)
    expect(status(readings.at(-1))).toEqual({ cycle: 1, indices: ['A'] })
    two.good({ cycle: 9, indices: ['B'] }, 3)
    expect(readings.at(-1)).toEqual({
      ok: true,
      status: { cycle: 1, indices: ['A', 'B'] },
      readAtMs: 77,
      modifiedAtMs: 5,
      sizeBytes: 20,
    })
  })

  test('with one down show its part as stale and the rest as live', () => {
    const { one, two, readings } = several()
    one.good({ indices: ['A'] })
    two.good({ indices: ['B'] })
    one.bad('io')
    expect(status(readings.at(-1))).toMatchObject({
      indices: ['A', 'B'],
      indices_detail: { A: { status: 'STALE' } },
    })
    two.good({ indices: ['B', 'C'] })
    expect(status(readings.at(-1))).toMatchObject({ indices: ['A', 'B', 'C'] })
    one.good({ indices: ['A'] })
    expect(status(readings.at(-1))).toEqual({ indices: ['A', 'B', 'C'] })
  })

  test('with all down show the fault of the first', () => {
    const { one, two, readings } = several()
    two.bad('timeout')
    expect(readings).toEqual([])
    one.bad('io')
    expect(readings.at(-1)).toMatchObject({ ok: false, error: 'io', message: 'one io' })
  })

  test('are refreshed and closed together', async () => {
    const { one, two, source } = several()
    await source.refresh()
    await source.close()
    expect([one.refreshed, two.refreshed, one.closed, two.closed]).toEqual([1, 1, 1, 1])
    expect(source.name).toBe('one, two')
    expect(source.ingest(0, null)).toEqual([])
  })
})
