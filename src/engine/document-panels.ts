// The panels that follow from the document itself, not from the registry: made on the main thread, and for large documents in the
// thread that reads them. The settings are plain data, so that a thread can make the same panels.
import { type AutomaticMemory, automaticBoard } from '../automatic/board.js'
import { isKnownDocument, readMembers } from '../automatic/known.js'
import type { Panel } from '../panels/panel.js'
import type { Remark } from '../panels/verdict.js'
import type { Status } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { SourceZone } from '../snapshot/zone.js'

/** `foreign`: instead of the known panels, where these read nothing. `all`: after them too, for what they do not read. */
export const AUTO_PANELS = ['foreign', 'all'] as const
export type AutoPanels = (typeof AUTO_PANELS)[number]

export type DocumentPanelsSettings = {
  readonly auto: AutoPanels
  /** IANA name; all times are shown in this zone. */
  readonly timezone: string
  /** Keys that no panel of the document may have. */
  readonly reserved: readonly string[]
  /** Whether counters are compared with those of the document before. */
  readonly rising: boolean
}

export type DocumentContext = {
  /** Of the whole document; tells what the known panels read. */
  readonly snapshot: Pick<Snapshot, 'origins'>
  readonly nowMs: number
  /** The zone of times that name none. */
  readonly sourceZone: SourceZone
}

export type DocumentBoard = {
  readonly panels: readonly Panel[]
  /** They stand instead of the known panels of the document. */
  readonly replacesKnown: boolean
  /** The document's own word, judged as on an automatic board; undefined where the known rules judge it. */
  readonly own?: Remark | null
  /** Members that an automatic board does not show; undefined where the board is another one. */
  readonly hidden?: number
  /** State words that are in no table. */
  readonly unknownWords: readonly string[]
  /** When time alone may change the panels, epoch ms; Infinity = never. */
  readonly untilMs: number
}

/** Remembers what it learned from earlier documents. */
export interface DocumentPanels {
  make(document: Status, context: DocumentContext): DocumentBoard
}

const NOTHING: DocumentBoard = {
  panels: [],
  replacesKnown: false,
  unknownWords: [],
  untilMs: Number.POSITIVE_INFINITY,
}

const NONE: ReadonlySet<string> = new Set()

export function createDocumentPanels(settings: DocumentPanelsSettings): DocumentPanels {
  const reserved = new Set(settings.reserved)
  let memory: AutomaticMemory | null = null

  return {
    make(document, { snapshot, nowMs, sourceZone }) {
      const isKnown = isKnownDocument(document, snapshot)
      if (isKnown && settings.auto === 'foreign') return NOTHING
      const { timezone, rising } = settings
      const skip = isKnown ? readMembers(snapshot) : NONE
      const options = { skip, reserved, nowMs, timezone, sourceZone, rising }
      const board = automaticBoard(document, options, memory)
      memory = board.memory
      const { panels, own, unknownWords, untilMs } = board
      if (isKnown)
        return {
          panels: Object.keys(document).every(name => skip.has(name)) ? [] : panels,
          replacesKnown: false,
          unknownWords,
          untilMs,
        }
      const hidden = board.hidden.members + board.hidden.secrets
      return { panels, replacesKnown: true, own, hidden, unknownWords, untilMs }
    },
  }
}

/** What another thread made of a large document, by the document as this thread has it. */
const ofThreads = new WeakMap<Status, DocumentBoard>()

export function keepBoard(document: Status, board: DocumentBoard): void {
  ofThreads.set(document, board)
}

export function keptBoard(document: Status): DocumentBoard | null {
  return ofThreads.get(document) ?? null
}
