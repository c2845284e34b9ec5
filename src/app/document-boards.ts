// The panels of the newest document: made once for each document, and again when time alone changes them or the settings did. Those of
// a large document come with its reading.

import type { Config } from '../config/settings.js'
import {
  areSameSettings,
  type BoardText,
  createDocumentPanels,
  type DocumentBoard,
  type DocumentPanels,
  type DocumentPanelsSettings,
  keptBoard,
} from '../engine/document-panels.js'
import type { Log } from '../log/log.js'
import { PANEL_FILE_NAMES } from '../outputs/files/panel-files.js'
import { PANELS } from '../panels/registry.js'
import type { SourcePart } from '../snapshot/reading.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { BoardFile } from './board-file.js'
import type { ProgramParts } from './parts.js'

const FIXED_KEYS: readonly string[] = [...PANELS.map(({ key }) => key), ...PANEL_FILE_NAMES]

type Given = Pick<ProgramParts, 'panels' | 'boardFile'> & {
  readonly settings: () => Pick<Config, 'autoPanels' | 'timezone'>
}

/** As plain data, so that they can be given to a thread. */
export function documentPanelsSettings({ settings, panels, boardFile }: Given): DocumentPanelsSettings {
  const { autoPanels, timezone } = settings()
  const reserved = [...FIXED_KEYS, ...panels.map(({ key }) => key)]
  const file = boardFile?.() ?? null
  const made = { auto: autoPanels, timezone, reserved, rising: true }
  return file === null ? made : { ...made, boardFile: boardTextOf(file) }
}

function boardTextOf({ text, format, specs }: BoardFile): BoardText {
  return { text, format, sources: specs.flatMap(({ name = [] }) => name) }
}

/** Why sources are down, by name. */
type Down = ReadonlyMap<string, string>

function areSameReasons(a: Down, b: Down): boolean {
  if (a.size !== b.size) return false
  for (const [name, why] of a) if (b.get(name) !== why) return false
  return true
}

/** Lines in the log about words that are in no table. */
const MAX_LOGGED = 100
const WORDS = 'the status has state words that are not in the table of state words; they get no tone'
const FAULTS =
  'the board file names what this document does not have; g6 board check --document FILE lists it'

export class DocumentBoards {
  /** Keys of automatic panels so far; as many as an automatic board gives. */
  readonly keys = new Set<string>()
  readonly #given: Given
  readonly #log: Log
  readonly #logged = new Set<string>()
  #made: {
    readonly settings: DocumentPanelsSettings
    readonly sourceZone: Config['sourceTimezone']
    readonly panels: DocumentPanels
  } | null = null
  #latest: {
    readonly snapshot: Snapshot
    readonly panels: DocumentPanels
    readonly down: Down
    readonly nowMs: number
    readonly board: DocumentBoard
  } | null = null

  constructor(given: Given, log: Log) {
    this.#given = given
    this.#log = log
  }

  get latest(): DocumentBoard | null {
    return this.#latest?.board ?? null
  }

  /** `sourceParts`: the named sources that the document is made of. */
  of(
    snapshot: Snapshot,
    nowMs: number,
    sourceZone: Config['sourceTimezone'],
    sourceParts: readonly SourcePart[] = [],
  ): DocumentBoard {
    const panels = this.#panels(sourceZone)
    const down: Down = new Map(
      sourceParts.flatMap(({ name, fault }) => (fault === null ? [] : [[name, fault.message]])),
    )
    const last = this.#latest
    const isSame = last?.snapshot === snapshot && last.panels === panels && areSameReasons(last.down, down)
    if (isSame && nowMs >= last.nowMs && nowMs < last.board.untilMs) return last.board
    const board = keptBoard(snapshot.raw) ?? panels.make(snapshot.raw, { snapshot, nowMs, sourceZone, down })
    this.#latest = { snapshot, panels, down, nowMs, board }
    for (const { key } of board.panels) this.keys.add(key)
    this.#say(board.unknownWords, WORDS)
    this.#say(board.faults ?? [], FAULTS)
    return board
  }

  /** Other ones after a reload that changed what they depend on. */
  #panels(sourceZone: Config['sourceTimezone']): DocumentPanels {
    const settings = documentPanelsSettings(this.#given)
    const made = this.#made
    if (made !== null && made.sourceZone === sourceZone && areSameSettings(made.settings, settings))
      return made.panels
    const panels = createDocumentPanels(settings)
    this.#made = { settings, sourceZone, panels }
    return panels
  }

  #say(words: readonly string[], about: string): void {
    const fresh = words.filter(word => !this.#logged.has(word)).slice(0, MAX_LOGGED - this.#logged.size)
    if (fresh.length === 0) return
    for (const word of fresh) this.#logged.add(word)
    this.#log.info({ words: fresh }, about)
  }
}
