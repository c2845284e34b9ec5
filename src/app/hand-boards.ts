// The boards of readings that are given one by one, each at its own moment: what the recorder and the check of a recording have in common.
import { type Board, emptyBoard } from '../board/board.js'
import type { Clock } from '../clock/clock.js'
import type { Source } from '../engine/source.js'
import { Statistics } from '../engine/statistics.js'
import type { IngestStats } from '../ingest/enrichment.js'
import type { GoodReading, Reading, Status } from '../snapshot/reading.js'
import type { ReadDocument } from '../sources/document.js'
import { createReaderHere, largeReading } from '../sources/large-documents.js'
import { type RecordedStream, type StreamThen, statsThen, streamsAfter } from '../sources/recorded-streams.js'
import type { RecordingLine } from '../sources/recording.js'
import { documentPanelsSettings } from './document-boards.js'
import type { PanelSurroundings } from './panel-context.js'
import type { ProgramParts } from './parts.js'
import { createStatusPipeline } from './status-pipeline.js'

/** A clock that stays at the moment of a reading, so that a replay builds the same board. */
export class HandClock implements Clock {
  wallMs = 0
  steadyMs = 0
  readonly nowMs = (): number => this.wallMs
  readonly monotonicMs = (): number => this.steadyMs
}

/** Gives the readings that others push into it. */
class FedSource implements Source {
  #take: (reading: Reading) => void = () => {}
  /** The streams that the source of the recording follows; null: none. */
  streams: readonly StreamThen[] | null = null
  constructor(readonly name: string) {}
  start(onReading: (reading: Reading) => void): void {
    this.#take = onReading
  }
  feed(reading: Reading): void {
    this.#take(reading)
  }
  ingest(nowMs: number): readonly IngestStats[] | undefined {
    return this.streams === null ? undefined : statsThen(this.streams, nowMs)
  }
  refresh(): Promise<void> {
    return Promise.resolve()
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** A reading, when it came, and what changed of the followed streams. */
export type Taken = {
  readonly reading: Reading
  readonly at: number
  readonly steady: number
  readonly isLarge?: boolean
  readonly streams?: readonly RecordedStream[] | undefined
}

/** Builds the board of each reading. Used by the recorder and by the check of a recording. */
export class HandBoards {
  readonly #clock = new HandClock()
  readonly #source: FedSource
  readonly #pipeline: ReturnType<typeof createStatusPipeline>
  readonly #read: (bytes: Uint8Array, nowMs: number) => ReadDocument
  /** The newest large status, and what was made of it. */
  #large: { readonly given: Status; readonly made: ReadDocument } | null = null
  #board: Board
  #cycle = 0

  constructor(name: string, parts: ProgramParts, surroundings: PanelSurroundings, epoch: string) {
    this.#source = new FedSource(name)
    const own = { ...parts, config: { ...parts.config, indicesPanelLog: null }, clock: this.#clock }
    this.#pipeline = createStatusPipeline(this.#source, {
      ...own,
      surroundings: () => surroundings,
      statistics: new Statistics(0),
    })
    this.#read = createReaderHere({
      zone: () => parts.config.sourceTimezone,
      wantsPatch: () => false,
      panels: () => documentPanelsSettings(own),
    })
    this.#board = emptyBoard(epoch)
    this.#pipeline.boards.start(() => {})
  }

  /** Read again at this moment, so that a replay makes the same of it; a confirmed one is the same document. */
  #asLarge(reading: GoodReading, at: number): Reading {
    const { status } = reading
    if (this.#large?.given !== status)
      this.#large = { given: status, made: this.#read(Buffer.from(JSON.stringify(status)), at) }
    return largeReading(reading, this.#large.made)
  }

  /** Of the newest status. */
  get intervalSec(): number | null {
    return this.#pipeline.boards.snapshot?.cycle.intervalSec ?? null
  }

  /** What the board changed with this reading. `isLarge`: its status was read as a large document. */
  next({ reading, at, steady, isLarge = false, streams }: Taken): Pick<RecordingLine, 'panels' | 'removed'> {
    this.#clock.wallMs = at
    this.#clock.steadyMs = steady
    this.#source.streams = streamsAfter(this.#source.streams, streams)
    this.#source.feed(reading.ok && isLarge ? this.#asLarge(reading, at) : reading)
    const moment = { wallMs: at, monotonicMs: steady }
    const board = this.#pipeline.boards.next(this.#board, ++this.#cycle, moment)
    const isNew = board.generation !== this.#board.generation
    this.#board = board
    if (!isNew) return { panels: {} }
    const panels = Object.fromEntries(
      board.changed.map(key => [key, board.panels.get(key)?.hash.slice(0, 16) ?? '']),
    )
    return board.removed.length === 0 ? { panels } : { panels, removed: [...board.removed] }
  }
}
