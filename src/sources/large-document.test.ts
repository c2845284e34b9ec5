import { describe, expect, test } from 'vitest'
import { createDocumentPanels, type DocumentPanelsSettings, keptBoard } from '../engine/document-panels.js'
import { mergeDiff } from '../ingest/merge.js'
import { derive } from '../snapshot/derive.js'
import type { Status } from '../snapshot/reading.js'
import { parseDocument } from './document.js'
import { createLargeDocuments, type LargeAnswer, receivedDocument, transferOf } from './large-document.js'

const bytesOf = (status: Status): Uint8Array => new TextEncoder().encode(JSON.stringify(status))
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** What the main thread gets of an answer: a copy, with the memory handed over. */
const sent = (answer: LargeAnswer) => structuredClone(answer, { transfer: transferOf(answer) })

function read(statuses: readonly Status[], wantsPatch = true) {
  const documents = createLargeDocuments()
  return statuses.map(status => {
    const document = receivedDocument(sent(documents({ bytes: bytesOf(status), zone: null, wantsPatch })))
    if (!document.ok || document.large === undefined) throw new Error('it must be read')
    return { ...document, large: document.large }
  })
}

const indices = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`I${i}`, { ltp: i, status: 'ok' }]))
const SEVERAL: Status = {
  cycle: 1,
  status: 'ok',
  indices: indices(3),
  alerts: [{ level: 'critical', message: 'm', time: 1_763_615_431 }],
  analytics: { max_pain: { toString: 1, I0: 2 } },
  performance: { valueOf: 1 },
  sinks: { csv: { rows: 1 } },
}

describe('a large document', () => {
  test('gives what it would give in the main thread, records without a prototype too', () => {
    const [document] = read([SEVERAL])
    const here = parseDocument(bytesOf(SEVERAL))
    expect(document).toMatchObject({ status: here.ok ? here.status : null, warnings: [] })
    const { snapshot, omitted } = document?.large ?? {}
    expect(omitted).toBe(0)
    expect(snapshot).toEqual(derive(SEVERAL))
    for (const record of [
      snapshot?.analytics.maxPain,
      snapshot?.perf,
      snapshot?.alerts.bySeverity,
      snapshot?.storage.csv,
    ])
      expect(Object.getPrototypeOf(record)).toBeNull()
    expect(snapshot?.raw).toBe(document?.status)
  })

  test('that is very large comes with its beginning, its own verdict and a snapshot of the whole', () => {
    const [document] = read([{ indices: indices(100_000), state: 'down' }])
    expect(Object.keys(Object(document?.status.indices)).length).toBeLessThanOrEqual(1_000)
    expect(document?.status.state).toBe('down')
    expect(document?.large.omitted).toBeGreaterThan(1_000_000)
    expect(document?.large.snapshot.coverage.indicesCount).toBe(100_000)
    expect(JSON.parse(textOf(document?.large.json ?? new Uint8Array()))).toMatchObject({ state: 'down' })
  })

  test('comes with the difference from the one before, where somebody reads differences', () => {
    const statuses = [SEVERAL, { ...SEVERAL, cycle: 2 }, { ...SEVERAL, cycle: 2 }, { cycle: null }]
    const [first, second, same, other] = read(statuses).map(({ large }) => large)
    expect(first).toMatchObject({ serial: 1, patch: null })
    expect(second?.patch?.from).toBe(1)
    const patch: unknown = JSON.parse(textOf(second?.patch?.json ?? new Uint8Array()))
    expect(mergeDiff(SEVERAL, patch)).toEqual({ ok: true, status: statuses[1] })
    expect(textOf(same?.patch?.json ?? new Uint8Array())).toBe('{}')
    expect(other).toMatchObject({ serial: 4, patch: null })
    expect(read(statuses, false).map(({ large }) => large.patch)).toEqual([null, null, null, null])
  })

  test('that cannot be read says why', () => {
    const documents = createLargeDocuments()
    const answer = documents({ bytes: new TextEncoder().encode('{"a": 1'), zone: null, wantsPatch: false })
    expect(receivedDocument(sent(answer))).toMatchObject({ ok: false, error: 'not_json', isTransient: true })
  })
})

describe('the automatic board of a large document', () => {
  const settings: DocumentPanelsSettings = {
    ...{ auto: 'foreign', timezone: 'UTC', reserved: ['cycle'], rising: true },
  }
  const pods = (count: number): Status => ({
    cluster: 'a',
    pods: Array.from({ length: count }, (_, i) => ({
      name: `web-${i}`,
      status: i === 40 ? 'CrashLoopBackOff' : 'Running',
      restarts: i % 7,
    })),
  })
  const boardOf = (documents: ReturnType<typeof createLargeDocuments>, status: Status) => {
    const call = { bytes: bytesOf(status), zone: 'UTC', wantsPatch: false, panels: settings }
    const document = receivedDocument(sent(documents(call)))
    return document.ok ? keptBoard(document.status) : null
  }

  test('is made in the thread, comes with the document, and is the one that would be made here', () => {
    const documents = createLargeDocuments()
    const status = pods(5_000)
    const board = boardOf(documents, status)
    const here = createDocumentPanels({ ...settings, rising: false }).make(status, {
      snapshot: derive(status),
      nowMs: 0,
      sourceZone: 'UTC',
    })
    expect(board?.panels).toEqual(here.panels)
    expect(board?.members).toEqual(here.members)
    expect(board?.replacesKnown).toBe(true)
    expect(JSON.stringify(board?.panels)).toContain('web-40')
    // What was learned of one document holds for the next one.
    expect(boardOf(documents, pods(5_001))?.panels.map(({ key }) => key)).toEqual(
      here.panels.map(({ key }) => key),
    )
  })

  test('is not made where nobody shows it, nor for a document that the known panels show', () => {
    const documents = createLargeDocuments()
    const answer = documents({ bytes: bytesOf(pods(10)), zone: 'UTC', wantsPatch: false })
    expect(answer).toMatchObject({ ok: true, board: null })
    expect(boardOf(documents, SEVERAL)?.panels).toEqual([])
  })

  test('warns of no counter that rose: only a new document could end that', () => {
    const documents = createLargeDocuments()
    const failed = (count: number): Status => ({ ...pods(20), failed: count })
    boardOf(documents, failed(1))
    const [root] = boardOf(documents, failed(9))?.panels ?? []
    expect(root?.tone).not.toBe('warn')
  })
})
