// The panels of the newest document: made once for each document, and again when time alone changes them or the settings did. Those of
// a large document come with its reading.

import type { Config } from '../config/settings.js'
import {
  createDocumentPanels,
  type DocumentBoard,
  type DocumentPanels,
  type DocumentPanelsSettings,
  keptBoard,
} from '../engine/document-panels.js'
import type { Log } from '../log/log.js'
import { PANEL_FILE_NAMES } from '../outputs/files/panel-files.js'
import { PANELS } from '../panels/registry.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { ProgramParts } from './parts.js'

const FIXED_KEYS: readonly string[] = [...PANELS.map(({ key }) => key), ...PANEL_FILE_NAMES]

type Given = Pick<ProgramParts, 'panels'> & {
  readonly settings: () => Pick<Config, 'autoPanels' | 'timezone'>
}

/** As plain data, so that they can be given to a thread. */
export function documentPanelsSettings({ settings, panels }: Given): DocumentPanelsSettings {
  const { autoPanels, timezone } = settings()
  const reserved = [...FIXED_KEYS, ...panels.map(({ key }) => key)]
  return { auto: autoPanels, timezone, reserved, rising: true }
}

/** Lines in the log about words that are in no table. */
const MAX_LOGGED = 100

export class DocumentBoards {
  /** Keys of automatic panels so far; as many as an automatic board gives. */
  readonly keys = new Set<string>()
  readonly #given: Given
  readonly #log: Log
  readonly #logged = new Set<string>()
  #made: { readonly settings: string; readonly panels: DocumentPanels } | null = null
  #latest: {
    readonly snapshot: Snapshot
    readonly settings: string
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

  of(snapshot: Snapshot, nowMs: number, sourceZone: Config['sourceTimezone']): DocumentBoard {
    const settings = documentPanelsSettings(this.#given)
    const identity = JSON.stringify([settings, sourceZone])
    const last = this.#latest
    const isSame = last?.snapshot === snapshot && last.settings === identity
    if (isSame && nowMs >= last.nowMs && nowMs < last.board.untilMs) return last.board
    if (this.#made?.settings !== identity)
      this.#made = { settings: identity, panels: createDocumentPanels(settings) }
    const board =
      keptBoard(snapshot.raw) ?? this.#made.panels.make(snapshot.raw, { snapshot, nowMs, sourceZone })
    this.#latest = { snapshot, settings: identity, nowMs, board }
    for (const { key } of board.panels) this.keys.add(key)
    this.#say(board.unknownWords)
    return board
  }

  #say(words: readonly string[]): void {
    const fresh = words.filter(word => !this.#logged.has(word)).slice(0, MAX_LOGGED - this.#logged.size)
    if (fresh.length === 0) return
    for (const word of fresh) this.#logged.add(word)
    this.#log.info(
      { words: fresh },
      'the status has state words that are not in the table of state words; they get no tone',
    )
  }
}
