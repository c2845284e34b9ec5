// The full-screen dashboard as an output of the loop. It keeps the newest result and draws it when the pacer and the terminal
// allow; a stalled terminal costs the memory of one frame and no time. draw/, layout/ and curated/ decide what it looks like,
// keys/ what keys do.
import type { Clock } from '../../clock/clock.js'
import { momentNow } from '../../clock/moment.js'
import { systemTimers, type Timers } from '../../clock/timers.js'
import type { CycleResult, Output } from '../../engine/cycle.js'
import type { Played } from '../../engine/played.js'
import type { VerdictRow } from '../../history/verdict-log.js'
import type { Thresholds } from '../../panels/thresholds.js'
import type { TerminalDevice } from './device.js'
import type { Frame } from './draw/frame.js'
import { Painter } from './draw/paint.js'
import type { Scene } from './draw/scene.js'
import { dumpName, screenText } from './dump.js'
import type { Key } from './keys/key.js'
import { KeyReader } from './keys/reader.js'
import { type Effect, reduceKey, type Seen } from './keys/reduce.js'
import { startView, type View } from './keys/view.js'
import { LiveToday } from './live-today.js'
import { LiveTrends } from './live-trends.js'
import type { Capabilities } from './rim/capabilities.js'
import { Pacer } from './rim/pacer.js'
import type { TerminalWriter } from './rim/tty-writer.js'
import type { TerminalSettings } from './settings.js'
import { frameDiff, wholeFrame } from './write/frame-diff.js'
import { captureMouse, enterScreen, leaveScreen, synchronized } from './write/modes.js'
import { type Looks, looksOf } from './write/sgr.js'

/** The program's side of the dashboard. */
export type TerminalHooks = {
  sourceName(): string
  /** The title of a declared board; null without one. */
  boardTitle?(): string | null
  onQuit(): void
  /** Read the status now. */
  onRead(): void
  thresholds(): Thresholds
  /** Connected stream clients; null without a server. */
  clients?(): number | null
  /** Why a followed stream needs a full status; null when it does not. */
  needFull?(): string | null
  /** The recording that is played; null or absent: the source is another one. */
  played?(): Played | null
  /** The verdict log of the server; null or absent: there is none, and the dashboard keeps its own. */
  verdicts?(): readonly VerdictRow[] | null
  onPanelRender?(panel: string, seconds: number): void
  /** Time to paint and write one frame; 0 bytes when nothing changed. */
  onFrame?(seconds: number, bytes: number): void
  /** The whole screen was drawn again. */
  onFullRepaint?(): void
  /** Drawing threw. The next frame is drawn as a whole. */
  onFault?(error: unknown): void
  /** Text to write after the terminal is released. */
  lastWords?(): string
}

export type TerminalOptions = {
  readonly device: TerminalDevice
  readonly settings: TerminalSettings
  readonly capabilities: Capabilities
  readonly clock: Clock
  readonly hooks: TerminalHooks
  readonly timers?: Timers
}

/** How long a notice is shown. */
const NOTICE_MS = 5_000
/** How long leaving waits for a slow terminal. */
const LEAVE_TIMEOUT_MS = 1_000
const SECOND_MS = 1_000
/** How long the first frame waits for the first board, to avoid drawing twice. */
const FIRST_BOARD_MS = 250

export class TerminalOutput implements Output {
  readonly name = 'terminal'
  readonly #options: TerminalOptions
  readonly #painter: Painter
  readonly #trends = new LiveTrends()
  readonly #today: LiveToday
  readonly #pacer: Pacer
  readonly #timers: Timers
  readonly #keys: KeyReader
  #writer: TerminalWriter | null = null
  #stopInput: (() => void) | null = null
  #jobs: ReturnType<TerminalDevice['jobControl']> | null = null
  #stopResize: (() => void) | null = null
  /** The dashboard has the terminal: not before `open`, while suspended, or after `close`. */
  #active = false
  /** Whether the terminal accepted everything written when it was released. */
  #wroteAll = true
  #view: View
  #looks: Looks
  #live: CycleResult | null = null
  #lastChangeMs: number | null = null
  /** The content when the screen was paused. */
  #frozen: Pick<Scene, 'shown' | 'shownAtMs' | 'lastChangeMs'> | null = null
  #onScreen: Frame | null = null
  /** The sequence that takes the screen; written with the next frame. */
  #entering = ''
  #drawnOnce = false
  #seen: Seen = { spots: [], scrollMax: new Map(), pageRows: 1 }
  #mouse = false
  #notice: { readonly text: string; readonly untilMs: number } | null = null
  #cancelSecond = (): void => {}
  #cancelFirst = (): void => {}

  constructor(options: TerminalOptions) {
    const { clock, hooks, settings, timers = systemTimers } = options
    this.#options = options
    this.#timers = timers
    const { theme, colors } = options.capabilities
    this.#view = startView(theme)
    this.#looks = looksOf(theme, colors)
    this.#painter = new Painter({
      settings,
      utf8: options.capabilities.utf8,
      clockMs: clock.monotonicMs,
      onPanelRender: (panel, seconds) => hooks.onPanelRender?.(panel, seconds),
    })
    this.#today = new LiveToday(settings.timezone, () => hooks.verdicts?.() ?? null)
    this.#pacer = new Pacer(() => this.#draw(), clock.monotonicMs, timers)
    this.#keys = new KeyReader(keys => this.#onKeys(keys), timers)
  }

  /** Takes the terminal and draws. Call once. */
  open(): void {
    const { device } = this.#options
    this.#writer = device.openWriter({
      onDrained: () => this.#pacer.request(),
      onGone: () => this.#options.hooks.onQuit(),
    })
    this.#jobs = device.jobControl(
      () => void this.#leave(),
      () => this.#enter(),
    )
    this.#stopResize = device.onResize(() => this.#redraw())
    this.#enter(FIRST_BOARD_MS)
  }

  publish(result: CycleResult): void {
    const changed = result.board.generation !== (this.#live?.board.generation ?? 0)
    this.#live = result
    if (changed) this.#lastChangeMs = result.board.builtAtMs
    this.#trends.take(result, this.#options.clock.nowMs())
    this.#today.take(result, momentNow(this.#options.clock))
    this.#pacer.request()
  }

  /** The trends go on from what a followed server remembers. */
  takePast(past: unknown): void {
    this.#trends.fill(past, this.#options.clock.nowMs())
    this.#pacer.request()
  }

  /**
   * Releases the terminal for good and writes the last words. Called on every way out; idempotent. Returns whether the terminal
   * accepted everything; a stalled one does not.
   */
  restore(): boolean {
    if (this.#writer === null) return this.#wroteAll
    const left = this.#leave()
    const words = this.#options.hooks.lastWords?.() ?? ''
    this.#wroteAll = left && (words === '' || this.#writer.writeNow(words, LEAVE_TIMEOUT_MS))
    this.#jobs?.release()
    this.#stopResize?.()
    this.#writer.close()
    this.#writer = null
    return this.#wroteAll
  }

  close(): Promise<void> {
    this.restore()
    return Promise.resolve()
  }

  /** `withinMs`: how long the first frame may wait for a board. */
  #enter(withinMs = 0): void {
    if (this.#writer === null) return
    const { device, settings } = this.#options
    if (!this.#active) {
      this.#active = true
      this.#stopInput = device.startInput({
        onBytes: bytes => this.#keys.push(bytes),
        onEnd: () => this.#options.hooks.onQuit(),
      })
      this.#tick()
    }
    this.#mouse = false
    this.#onScreen = null
    this.#entering = enterScreen(settings.altScreen)
    if (withinMs === 0) this.#pacer.request()
    else this.#cancelFirst = this.#timers.after(withinMs, () => this.#pacer.request())
  }

  #leave(): boolean {
    if (!this.#active) return true
    this.#active = false
    this.#pacer.stop()
    this.#keys.close()
    this.#cancelSecond()
    this.#cancelFirst()
    const { settings } = this.#options
    const rows = this.#onScreen?.size.height ?? 1
    // Without a frame no mode was set.
    const undo = this.#entering === '' ? leaveScreen(settings.altScreen, rows) : ''
    const left = this.#writer?.writeNow(undo, LEAVE_TIMEOUT_MS) ?? true
    this.#stopInput?.()
    this.#stopInput = null
    return left
  }

  /** Redraws the clock of the top bar every second. */
  #tick(): void {
    const { clock } = this.#options
    this.#cancelSecond = this.#timers.after(SECOND_MS - (clock.nowMs() % SECOND_MS), () => {
      this.#pacer.request()
      this.#tick()
    })
  }

  #redraw(): void {
    this.#onScreen = null
    this.#pacer.request()
  }

  #onKeys(keys: readonly Key[]): void {
    for (const key of keys) {
      const before = this.#view
      const { view, effect } = reduceKey(before, key, this.#seen)
      this.#view = view
      if (view.paused !== before.paused) this.#pause(view.paused)
      if (view.theme !== before.theme) {
        this.#looks = looksOf(view.theme, this.#options.capabilities.colors)
        this.#onScreen = null
      }
      if (effect !== null) this.#run(effect)
    }
    if (this.#active) this.#pacer.request()
  }

  #pause(paused: boolean): void {
    const shownAtMs = this.#options.clock.nowMs()
    this.#frozen = paused ? { shown: this.#live, shownAtMs, lastChangeMs: this.#lastChangeMs } : null
  }

  #run(effect: Effect): void {
    const { hooks } = this.#options
    if (effect === 'quit') hooks.onQuit()
    else if (effect === 'write') this.#dump()
    else if (effect === 'suspend') this.#jobs?.suspend()
    else if (effect === 'redraw') this.#redraw()
    else {
      this.#notify('reading the status now')
      hooks.onRead()
    }
  }

  #dump(): void {
    const { device, clock, settings } = this.#options
    const name = dumpName(clock.nowMs(), settings.timezone)
    try {
      device.writeFile(name, screenText(this.#scene(), settings.timezone))
      this.#notify(`the screen's text is in ${name}`)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      this.#notify(`${name} cannot be written: ${code}`)
    }
  }

  #notify(text: string): void {
    this.#notice = { text, untilMs: this.#options.clock.monotonicMs() + NOTICE_MS }
  }

  #scene(): Scene {
    const { device, clock, hooks } = this.#options
    const played = hooks.played?.() ?? null
    // A recording shows its own time.
    const nowMs = played?.now.wallMs ?? clock.nowMs()
    if (this.#notice !== null && this.#notice.untilMs <= clock.monotonicMs()) this.#notice = null
    const live = this.#live
    const body = this.#frozen ?? { shown: live, shownAtMs: nowMs, lastChangeMs: this.#lastChangeMs }
    return {
      ...body,
      size: device.size(),
      nowMs,
      view: this.#view,
      live,
      behind: (live?.board.generation ?? 0) - (body.shown?.board.generation ?? 0),
      notice: this.#notice?.text ?? null,
      thresholds: hooks.thresholds(),
      sourceName: hooks.sourceName(),
      boardTitle: hooks.boardTitle?.() ?? null,
      clients: hooks.clients?.() ?? null,
      needFull: hooks.needFull?.() ?? null,
      trends: this.#trends.at(played === null ? body.shownAtMs : clock.nowMs()),
      played,
      today: this.#today.at(momentNow(clock)),
    }
  }

  #draw(): void {
    const { clock, hooks } = this.#options
    // While a write is not complete nothing is drawn; `onDrained` draws the newest board.
    if (!this.#active || this.#writer === null || this.#writer.blocked) return
    const startMs = clock.monotonicMs()
    try {
      const output = this.#nextOutput()
      this.#writer.write(output)
      hooks.onFrame?.((clock.monotonicMs() - startMs) / 1000, Buffer.byteLength(output))
    } catch (error) {
      this.#onScreen = null
      hooks.onFault?.(error)
    }
  }

  /** The output that turns the screen into the newest frame; empty when nothing changed. */
  #nextOutput(): string {
    const { hooks } = this.#options
    const { frame, seen } = this.#painter.paint(this.#scene())
    const pen = { looks: this.#looks, utf8: this.#options.capabilities.utf8 }
    const before = this.#onScreen
    const same = before !== null && sameSize(before, frame)
    const painted = same ? frameDiff(before, frame, pen) : wholeFrame(frame, pen)
    if (!same && this.#drawnOnce) hooks.onFullRepaint?.()
    const mouse = this.#view.focus !== null
    const modes = this.#entering + (mouse === this.#mouse ? '' : captureMouse(mouse))
    this.#entering = ''
    this.#mouse = mouse
    this.#seen = seen
    this.#onScreen = frame
    this.#drawnOnce = true
    return modes + (painted === '' ? '' : synchronized(painted))
  }
}

function sameSize(a: Frame, b: Frame): boolean {
  return a.size.width === b.size.width && a.size.height === b.size.height
}
