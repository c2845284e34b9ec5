// Reads small documents at once, and large ones in a thread of its own: parsing 8 MB takes up to a second, and every reader of every
// stream would wait for it. The thread starts with the first large document and ends when none has come for a while. Without a
// compiled thread file (when the program runs from its sources) its work is done here, with the same results.
import { existsSync } from 'node:fs'
import { setImmediate as yielded } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { DocumentPanelsSettings } from '../engine/document-panels.js'
import { addKnownTexts } from '../panels/text.js'
import type { GoodReading, Reading } from '../snapshot/reading.js'
import type { SourceZone } from '../snapshot/zone.js'
import { type BadDocument, type DocumentReader, parseDocument, type ReadDocument } from './document.js'
import { createLargeDocuments, type LargeAnswer, type LargeCall, receivedDocument } from './large-document.js'

/** Up to this size a document takes a few milliseconds, less than the way to another thread and back. */
export const LARGE_BYTES = 256 * 1024
/** Ends a thread that hangs; a busy machine may need minutes for 8 MB. */
const ANSWER_MS = 300_000
/** An idle thread keeps the memory of its last document. */
const IDLE_MS = 60_000

const THREAD_FILE = fileURLToPath(new URL('./document-thread.js', import.meta.url))

export type LargeDocumentsOptions = {
  /** The zone of times that name none. */
  readonly zone: () => SourceZone
  /** Whether anybody reads differences between statuses. */
  readonly wantsPatch: () => boolean
  /** How the panels of a document are made; absent: nobody shows them. */
  readonly panels?: () => DocumentPanelsSettings
  readonly threadFile?: string
  readonly answerMs?: number
}

/** One document at a time. */
export type LargeDocuments = { readonly read: DocumentReader; close(): Promise<void> }

/** A reading with what was made of its document. */
export function largeReading(reading: GoodReading, made: ReadDocument): Reading {
  if (!made.ok) {
    const { error, message } = made
    const { readAtMs, takenAt } = reading
    return { ok: false, error, message, readAtMs, ...(takenAt === undefined ? {} : { takenAt }) }
  }
  const { status, large } = made
  return { ...reading, status, ...(large === undefined ? {} : { large }) }
}

/** The same results, made by the caller’s thread. */
export function createReaderHere({
  zone,
  wantsPatch,
  panels,
}: LargeDocumentsOptions): (bytes: Uint8Array, nowMs: number) => ReadDocument {
  const large = createLargeDocuments()
  return (bytes, nowMs) =>
    bytes.length <= LARGE_BYTES
      ? parseDocument(bytes)
      : receivedDocument(
          large({ bytes, zone: zone(), wantsPatch: wantsPatch(), nowMs, panels: panels?.() ?? null }),
        )
}

export function createDocumentReader(options: LargeDocumentsOptions): LargeDocuments {
  const { zone, wantsPatch, panels, threadFile = THREAD_FILE, answerMs = ANSWER_MS } = options
  const thread = existsSync(threadFile) ? new DocumentThread(threadFile, answerMs) : null
  const here = createReaderHere(options)
  return {
    read: (bytes, nowMs = Date.now()) => {
      if (thread === null || bytes.length <= LARGE_BYTES) return here(bytes, nowMs)
      const call: LargeCall = {
        bytes,
        zone: zone(),
        wantsPatch: wantsPatch(),
        nowMs,
        panels: panels?.() ?? null,
      }
      return thread.ask(call).then(async answer => {
        if (answer.ok) addKnownTexts(answer.texts)
        const document = receivedDocument(answer)
        // What is made of it takes a turn of the loop of its own.
        await yielded()
        return document
      })
    },
    close: async () => thread?.end(),
  }
}

function failed(error: BadDocument['error'], message: string): BadDocument {
  return { ok: false, error, message, isTransient: false }
}

class DocumentThread {
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | undefined
  /** Why it ended. */
  #why = 'no error'

  constructor(
    private readonly file: string,
    private readonly answerMs: number,
  ) {}

  ask(call: LargeCall): Promise<LargeAnswer> {
    clearTimeout(this.#idle)
    const worker = this.#start()
    worker.ref()
    return new Promise(resolve => {
      const answered = (answer: LargeAnswer): void => {
        clearTimeout(timer)
        worker.removeAllListeners('message').removeAllListeners('exit')
        worker.on('exit', () => this.#forget(worker))
        worker.unref()
        this.#idle = setTimeout(() => void this.end(), IDLE_MS).unref()
        resolve(answer)
      }
      const timer = setTimeout(() => {
        answered(failed('timeout', `it could not be parsed within ${this.answerMs} ms`))
        void this.end()
      }, this.answerMs)
      worker.once('message', answered)
      worker.once('exit', () => {
        this.#forget(worker)
        answered(failed('io', `the thread that reads large documents has ended (${this.#why})`))
      })
      worker.postMessage(call, [call.bytes.buffer as ArrayBuffer])
    })
  }

  #start(): Worker {
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(this.file, { execArgv: [] })
    // `exit` follows.
    worker.on('error', (error: unknown) => {
      this.#why = error instanceof Error && 'code' in error ? String(error.code) : 'an error'
    })
    this.#worker = worker
    return worker
  }

  #forget(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = null
    await worker?.terminate()
  }
}
