// The panels that follow from the document itself, not from the registry: made on the main thread, and for large documents in the
// thread that reads them. The settings are plain data, so that a thread can make the same panels.
import { automaticBoard } from '../automatic/board.js'
import type { AutomaticMemory, AutomaticOptions, MemberCounts } from '../automatic/drafts.js'
import { isKnownDocument, readMembers } from '../automatic/known.js'
import { type BoardLooks, type CompiledBoard, readBoard } from '../declared/board.js'
import type { Made } from '../declared/make.js'
import type { Format } from '../declared/parse.js'
import type { Panel } from '../panels/panel.js'
import { OWN_WORDS, type Remark } from '../panels/verdict.js'
import type { Status } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { SourceZone } from '../snapshot/zone.js'

/** `foreign`: instead of the known panels, where these read nothing. `all`: after them too, for what they do not read. */
export const AUTO_PANELS = ['foreign', 'all'] as const
export type AutoPanels = (typeof AUTO_PANELS)[number]

/** A board file that was read without a mistake; as text, so that threads can compile it. */
export type BoardText = {
  readonly text: string
  readonly format: Format
  /** Names of its sources. */
  readonly sources: readonly string[]
}

export type DocumentPanelsSettings = {
  readonly boardFile?: BoardText
  readonly auto: AutoPanels
  /** IANA name; all times are shown in this zone. */
  readonly timezone: string
  /** Keys that no panel of the document may have. */
  readonly reserved: readonly string[]
  /** Whether counters are compared with those of the document before. */
  readonly rising: boolean
}

/** Compared with every document. A text that is the same string takes no time to compare, whatever its length. */
export function areSameSettings(a: DocumentPanelsSettings, b: DocumentPanelsSettings): boolean {
  return (
    a.auto === b.auto &&
    a.timezone === b.timezone &&
    a.rising === b.rising &&
    a.boardFile?.text === b.boardFile?.text &&
    a.boardFile?.format === b.boardFile?.format &&
    areSameTexts(a.boardFile?.sources ?? [], b.boardFile?.sources ?? []) &&
    areSameTexts(a.reserved, b.reserved)
  )
}

function areSameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i])
}

export type DocumentContext = {
  /** Of the whole document; tells what the known panels read. */
  readonly snapshot: Pick<Snapshot, 'origins'>
  readonly nowMs: number
  /** The zone of times that name none. */
  readonly sourceZone: SourceZone
  /** Named sources that are down, with the reason. */
  readonly down?: ReadonlyMap<string, string>
}

export type DocumentBoard = {
  readonly panels: readonly Panel[]
  /** They stand instead of the known panels of the document. */
  readonly replacesKnown: boolean
  /** The document's own word, judged as on an automatic board; undefined where the known rules judge it. */
  readonly own?: Remark | null
  /** What the `verdict` of the board file says; null where it says nothing. */
  readonly declared?: Remark | null
  /** What the board file names and the document does not have. */
  readonly faults?: readonly string[]
  /** Members of the document on an automatic board; undefined where the board is another one. */
  readonly members?: MemberCounts
  /** How the board file wants it to look; undefined without one. */
  readonly looks?: BoardLooks
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
  const declared = settings.boardFile === undefined ? null : compiled(settings.boardFile)
  const reserved = new Set([...settings.reserved, ...(declared?.keys ?? [])])
  let memory: AutomaticMemory | null = null

  return {
    make(document, context) {
      const { snapshot, nowMs, sourceZone } = context
      const { timezone, rising } = settings
      const isKnown = isKnownDocument(document, snapshot)
      if (isKnown && declared === null && settings.auto === 'foreign') return NOTHING
      const made = declared?.make(document, { ...context, timezone }) ?? NO_BOARD
      const skip = new Set([...(isKnown ? readMembers(snapshot) : NONE), ...(declared?.reads ?? NONE)])
      const common = { reserved, nowMs, timezone, sourceZone, rising }
      const rest = Object.keys(document).some(name => !skip.has(name) && !declared?.auto.hide.has(name))
      // A document with nothing in it gets a panel that says so.
      const isShown = declared === null ? !isKnown || rest : rest && !declared.auto.off
      const options = declared === null ? { ...common, skip } : { ...common, ...optionsOf(declared), skip }
      const board = isShown ? automaticBoard(document, options, memory) : null
      memory = board?.memory ?? memory
      // Members that the file shows say how it is too.
      const own = isKnown
        ? undefined
        : declared === null
          ? board?.own
          : ownWord(document, { ...options, skip: NONE })
      return {
        panels: [...made.panels, ...(board?.panels ?? [])],
        replacesKnown: !isKnown,
        ...(declared === null && !isKnown && board !== null ? { members: board.members } : {}),
        ...(own === undefined ? {} : { own }),
        declared: made.verdict,
        ...(declared === null ? {} : { looks: declared.looks }),
        faults:
          declared?.findingsOf(made.faults).map(({ line, message }) => `line ${line}: ${message}`) ?? [],
        unknownWords: board?.unknownWords ?? [],
        untilMs: Math.min(made.untilMs, board?.untilMs ?? Number.POSITIVE_INFINITY),
      }
    },
  }
}

const NO_BOARD: Made = { panels: [], verdict: null, faults: [], untilMs: Number.POSITIVE_INFINITY }

/** The file was compiled before, so this cannot fail; if it does, the automatic board shows the document. */
function compiled({ text, format, sources }: BoardText): CompiledBoard | null {
  const read = readBoard(text, format, () => ({ names: sources, faults: [] }))
  return read.ok ? read.board : null
}

function optionsOf({ auto, words }: CompiledBoard): Pick<AutomaticOptions, 'hide' | 'rename' | 'words'> {
  const known = [...words].flatMap(([word, tone]) => (tone === 'muted' ? [] : [[word, tone] as const]))
  return { hide: auto.hide, rename: auto.rename, words: new Map(known) }
}

/** The state word on the top level of the document, whichever panel shows it. */
function ownWord(document: Status, options: AutomaticOptions): Remark | null {
  const words = OWN_WORDS.filter(name => Object.hasOwn(document, name) && typeof document[name] !== 'object')
  if (words.length === 0) return null
  return automaticBoard(Object.fromEntries(words.map(name => [name, document[name]])), options).own
}

/** What another thread made of a large document, by the document as this thread has it. */
const ofThreads = new WeakMap<Status, DocumentBoard>()

export function keepBoard(document: Status, board: DocumentBoard): void {
  ofThreads.set(document, board)
}

export function keptBoard(document: Status): DocumentBoard | null {
  return ofThreads.get(document) ?? null
}
