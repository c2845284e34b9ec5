// The boards of another server from a recording, at their distances: what `g6 record --from-server` wrote.
import { type Clock, systemClock } from '../clock/clock.js'
import { systemTimers, type Timers } from '../clock/timers.js'
import type { BoardNews, BoardSource } from '../engine/followed-boards.js'
import type { Played } from '../engine/played.js'
import { type LineLog, SILENT } from '../log/silent.js'
import { seenPanel, seenVerdict } from './board.js'
import type { ReplaySpec } from './declared.js'
import { PlayedTime } from './played-time.js'
import {
  linesOf,
  MAX_LINE_BYTES,
  parsedBoard,
  parsedLine,
  type RecordedBoardLine,
  type RecordingHeader,
} from './recording.js'
import { LEAST_GAP_MS, LONGEST_GAP_MS, startOf, USUAL_GAP_MS } from './replay.js'

export type RecordedBoardsOptions = Pick<ReplaySpec, 'path' | 'speed' | 'loop' | 'from'> & {
  /** The zone of `from`. */
  readonly timezone: () => string
  readonly clock?: Clock
  readonly timers?: Timers
  readonly log?: LineLog
}

type SeenBoard = NonNullable<BoardNews['board']>
type SeenPanel = SeenBoard['panels'][number]

export class RecordedBoards implements BoardSource {
  readonly name: string
  readonly members = null
  readonly looks = null
  readonly #options: RecordedBoardsOptions
  readonly #timers: Timers
  readonly #time: PlayedTime
  readonly #panels = new Map<string, SeenPanel>()
  #header: RecordingHeader | null = null
  #board: SeenBoard | null = null
  #fault: BoardNews['fault'] = null
  #hasEnded = false
  /** Each round is an epoch of its own: within one, generations only grow. */
  #round = 0
  #playing: Promise<void> | null = null
  #closed = false
  #wake: () => void = () => {}

  constructor(options: RecordedBoardsOptions) {
    const { path, speed, clock = systemClock, timers = systemTimers } = options
    this.#options = options
    this.name = path
    this.#timers = timers
    this.#time = new PlayedTime(clock, speed)
  }

  get news(): BoardNews {
    // What is played has been heard now, in the time of the recording too.
    return { board: this.#board, fault: this.#fault, heardAtMs: this.#time.now()?.wallMs ?? null }
  }

  played(): Played | null {
    const now = this.#time.now()
    if (now === null || this.#header === null) return null
    const { started_ms: startedMs, version } = this.#header
    return { now, startedMs, version, ended: this.#hasEnded }
  }

  start(onNews: () => void): void {
    this.#playing = this.#play(onNews)
  }

  /** Nothing to do: the recording has its own pace. */
  refresh(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#playing
  }

  async #play(onNews: () => void): Promise<void> {
    const { path, loop, log = SILENT } = this.#options
    try {
      do {
        await this.#playOnce(onNews)
        this.#round++
        if (loop) await this.#wait(USUAL_GAP_MS)
      } while (loop && !this.#closed)
      this.#hasEnded = true
      if (!this.#closed) log.info({ source: path }, 'the recording has ended; its last board stays')
    } catch (error) {
      const message = error instanceof Error ? error.message : 'it cannot be read'
      this.#fault = { error: 'io', message: `the recording cannot be read: ${message}` }
      log.warn({ source: path, err: error }, 'the recording cannot be read')
    }
    if (!this.#closed) onNews()
  }

  async #playOnce(onNews: () => void): Promise<void> {
    const { path, speed, from, timezone } = this.#options
    let last: number | null = null
    for await (const { number, bytes } of linesOf(path, MAX_LINE_BYTES)) {
      if (this.#closed) return
      if (number === 1) {
        const header = bytes === null ? null : parsedLine(bytes)
        this.#header = header !== null && 'g6rec' in header ? header : null
        continue
      }
      const line = bytes === null ? null : parsedBoard(bytes)
      if (line === null) throw new Error(`line ${number} is damaged`)
      const startMs =
        from === undefined ? null : startOf(from, this.#header?.started_ms ?? line.at, timezone())
      if (startMs !== null && line.at < startMs) {
        // Later lines have only the panels that are new.
        this.#take(line)
        continue
      }
      if (last !== null) {
        this.#time.waits(line.at - last)
        await this.#wait(Math.min(Math.max((line.at - last) / speed, LEAST_GAP_MS), LONGEST_GAP_MS))
        if (this.#closed) return
      }
      last = line.at
      this.#time.line(line.at, line.steady)
      this.#take(line)
      onNews()
    }
  }

  #take({ board, fault }: RecordedBoardLine): void {
    this.#fault = fault
    if (board === null) return
    const { keys, panels, verdict, epoch, generation, cycle, ts } = board
    for (const panel of panels) this.#panels.set(panel.key, seenPanel(panel))
    this.#board = {
      epoch: this.#round === 0 ? epoch : `${epoch}.${this.#round}`,
      generation,
      cycle,
      ts,
      panels: keys.flatMap(key => this.#panels.get(key) ?? []),
      verdict: verdict === null ? null : seenVerdict(verdict),
    }
  }

  #wait(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = this.#timers.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
