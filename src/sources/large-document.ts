// What is made of a large document away from the main thread, which must not be held for long by one document: the snapshot, the
// text and the difference for `/events`, and what measuring its texts found out. The main thread gets what is small: the snapshot
// has a bounded number of rows, and of a very large document only the beginning comes along.
import {
  areSameSettings,
  createDocumentPanels,
  type DocumentBoard,
  type DocumentPanels,
  type DocumentPanelsSettings,
  keepBoard,
} from '../engine/document-panels.js'
import { createPanelBuilder } from '../engine/panel-builder.js'
import { countValues, cutJson, WHOLE_LIMITS } from '../ingest/cut.js'
import { diffStatus } from '../ingest/diff.js'
import { type KnownTexts, takeKnownTexts } from '../panels/text.js'
import { DEFAULT_THRESHOLDS } from '../panels/thresholds.js'
import { OWN_WORDS } from '../panels/verdict.js'
import { derive } from '../snapshot/derive.js'
import type { DataWarning, LargeReading, Status } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { emptyRecord } from '../snapshot/value.js'
import type { SourceZone } from '../snapshot/zone.js'
import { type BadDocument, parseDocument, type ReadDocument } from './document.js'

export type LargeCall = {
  readonly bytes: Uint8Array
  /** The zone of times that name none. */
  readonly zone: SourceZone
  /** Whether anybody reads differences. */
  readonly wantsPatch: boolean
  /** Of a recorded one; else it is now. */
  readonly nowMs?: number
  /** How the panels of the document are made; null: nobody shows them. */
  readonly panels?: DocumentPanelsSettings | null
}

export type LargeAnswer =
  | BadDocument
  | {
      readonly ok: true
      readonly warnings: readonly DataWarning[]
      readonly snapshot: Omit<Snapshot, 'raw'>
      /** The beginning of the document as JSON; null: the whole. */
      readonly beginning: Uint8Array | null
      readonly omitted: number
      readonly serial: number
      readonly json: Uint8Array
      readonly patch: LargeReading['patch']
      readonly texts: KnownTexts
      readonly board: DocumentBoard | null
    }

const NO_LINKS = { source: null, metricsUrl: null, streamUrl: null, pageUrl: null }

/** A thread's side. It keeps the last document only while somebody reads differences. */
export function createLargeDocuments(): (call: LargeCall) => LargeAnswer {
  let serial = 0
  let last: { readonly serial: number; readonly status: Status } | null = null
  let made: { readonly settings: DocumentPanelsSettings; readonly panels: DocumentPanels } | null = null

  /** Counters are not compared: only a new document could end the warning about one that rose. */
  function panelsOf(settings: DocumentPanelsSettings): DocumentPanels {
    if (made === null || !areSameSettings(made.settings, settings))
      made = { settings, panels: createDocumentPanels({ ...settings, rising: false }) }
    return made.panels
  }

  return ({ bytes, zone, wantsPatch, nowMs = Date.now(), panels = null }) => {
    const read = parseDocument(bytes)
    if (!read.ok) return read
    const { status, warnings } = read
    serial++
    const derived = derive(status, [], zone)
    const { raw: _, ...snapshot } = derived
    const context = { snapshot: derived, nowMs, sourceZone: zone }
    const board = panels === null ? null : panelsOf(panels).make(status, context)
    const text = JSON.stringify(status)
    const patch = last === null || !wantsPatch ? null : patchFrom(last, status, text.length)
    last = wantsPatch ? { serial, status } : null
    const isWhole = text.length <= WHOLE_LIMITS.chars && countValues(status) <= WHOLE_LIMITS.values
    const beginning = isWhole ? status : cutJson(status, OWN_WORDS)
    const beginningText = isWhole ? text : JSON.stringify(beginning)
    return {
      ok: true,
      warnings,
      snapshot,
      beginning: isWhole ? null : bytesOf(beginningText),
      omitted: text.length - beginningText.length,
      serial,
      json: bytesOf(text),
      patch,
      texts: textsOf({ ...snapshot, raw: beginning }, board),
      board,
    }
  }
}

function patchFrom(
  before: { readonly serial: number; readonly status: Status },
  status: Status,
  fullChars: number,
): LargeReading['patch'] {
  const diff = diffStatus(before.status, status)
  const text = diff === null ? null : JSON.stringify(diff)
  return text === null || text.length >= fullChars ? null : { from: before.serial, json: bytesOf(text) }
}

/** Its own memory, so that it can be handed over. */
function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Builds the panels once, as the main thread will, for what that finds out about their texts. */
function textsOf(snapshot: Snapshot, document: DocumentBoard | null): KnownTexts {
  createPanelBuilder().build({
    snapshot,
    ...(document === null ? {} : { document }),
    nowMs: Date.now(),
    thresholds: DEFAULT_THRESHOLDS,
    timezone: 'UTC',
    links: NO_LINKS,
  })
  return takeKnownTexts()
}

/** The memory that is handed over with an answer. */
export function transferOf(answer: LargeAnswer): ArrayBuffer[] {
  if (!answer.ok) return []
  const all = [answer.json, answer.beginning, answer.patch?.json ?? null]
  return all.flatMap(bytes => (bytes === null ? [] : [bytes.buffer as ArrayBuffer]))
}

/** The main thread's side. */
export function receivedDocument(answer: LargeAnswer): ReadDocument {
  if (!answer.ok) return answer
  const { warnings, beginning, omitted, serial, json, patch, board } = answer
  const status = JSON.parse(Buffer.from(beginning ?? json).toString()) as Status
  if (board !== null) keepBoard(status, board)
  const snapshot = received(answer.snapshot, status)
  return { ok: true, status, warnings, large: { serial, json, patch, omitted, snapshot } }
}

/** Between threads, a record without a prototype gets one. */
function received(snapshot: Omit<Snapshot, 'raw'>, raw: Status): Snapshot {
  const { alerts, analytics, storage, perf, health, links, omitted, origins } = snapshot
  const safe = <T>(values: Readonly<Record<string, T>>) => Object.assign(emptyRecord<T>(), values)
  const sink = (values: Snapshot['storage']['csv']) => (values === null ? null : safe(values))
  return {
    ...snapshot,
    raw,
    alerts: { ...alerts, bySeverity: safe(alerts.bySeverity) },
    analytics: { ...analytics, maxPain: safe(analytics.maxPain) },
    storage: {
      ...storage,
      csv: sink(storage.csv),
      influxdb: sink(storage.influxdb),
      backup: sink(storage.backup),
    },
    perf: safe(perf),
    health: safe(health),
    links: safe(links),
    omitted: safe(omitted),
    origins: safe(origins),
  }
}
