// The full-screen dashboard as an output of the loop. It keeps the newest result and draws when the pace and the terminal
// allow; a terminal that takes nothing costs one frame of memory and no time. Everything that decides how it looks is in
// draw/, layout/ and curated/, what keys do is in keys/; here they meet the terminal.
import type { Clock } from '../../clock/clock.js'
import { systemTimers, type Timers } from '../../clock/timers.js'
import type { CycleResult, Output } from '../../engine/cycle.js'
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
import type { Capabilities } from './rim/capabilities.js'
import { Pacer } from './rim/pacer.js'
import type { TerminalWriter } from './rim/tty-writer.js'
import type { TerminalSettings } from './settings.js'
import { frameDiff, wholeFrame } from './write/frame-diff.js'
import { enterScreen, leaveScreen, synchronized, wantMouse } from './write/modes.js'
import { type Looks, looksOf } from './write/sgr.js'

/** What the dashboard asks and tells the program. */
export type TerminalHooks = {
  /** Where the boards come from. */
  sourceName(): string
  onQuit(): void
  /** Read the status now. */
  onRead(): void
  thresholds(): Thresholds
  /** Connected stream clients; null where there is no server. */
  clients?(): number | null
  /** Why an ingest source waits for a baseline; null when it does not. */
  needFull?(): string | null
  onPanelRender?(panel: string, seconds: number): void
  /** Painting and writing one frame; 0 bytes when nothing was different. */
  onFrame?(seconds: number, bytes: number): void
  /** Everything was drawn again, for want of a frame to compare with. */
  onFullRepaint?(): void
  /** Drawing threw: a fault of ours. The next frame is drawn whole. */
  onFault?(error: unknown): void
  /** What is written on the terminal once it is given back. */
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

/** How long a notice stands. */
const NOTICE_MS = 5_000
/** How long leaving waits for a slow terminal to take its settings back. */
const LEAVE_PATIENCE_MS = 1_000
const SECOND_MS = 1_000
/** The first frame waits so long for the first board, so that it need not be drawn twice. */
const FIRST_BOARD_MS = 250

export class TerminalOutput implements Output {
  readonly name = 'terminal'
  readonly #options: TerminalOptions
  readonly #painter: Painter
  readonly #pacer: Pacer
  readonly #timers: Timers
  readonly #keys: KeyReader
  #writer: TerminalWriter | null = null
  #stopInput: (() => void) | null = null
  #jobs: ReturnType<TerminalDevice['jobControl']> | null = null
  #stopResize: (() => void) | null = null
  /** The terminal is ours now: not before `open`, not while suspended, not after `close`. */
  #active = false
  /** Whether the terminal took what it was given when it was given back. */
  #tookAll = true
  #view: View
  #looks: Looks
  #live: CycleResult | null = null
  #lastChangeMs: number | null = null
  /** What was shown when the screen was paused. */
  #frozen: Pick<Scene, 'shown' | 'shownAtMs' | 'lastChangeMs'> | null = null
  #onScreen: Frame | null = null
  /** What takes the screen; goes out with the next frame. */
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
      clockMs: clock.monotonicMs,
      onPanelRender: (panel, seconds) => hooks.onPanelRender?.(panel, seconds),
    })
    this.#pacer = new Pacer(() => this.#draw(), clock.monotonicMs, timers)
    this.#keys = new KeyReader(keys => this.#onKeys(keys), timers)
  }

  /** Takes the terminal and draws. Call once. */
  open(): void {
    const { device } = this.#options
    this.#writer = device.openWriter({
      onDrained: () => this.#pacer.want(),
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
    this.#pacer.want()
  }

  /**
   * Gives the terminal back at once, for good, and writes the last words on it. For every way out; idempotent. Returns
   * whether the terminal took it all; one that nobody reads does not.
   */
  restore(): boolean {
    if (this.#writer === null) return this.#tookAll
    const left = this.#leave()
    const words = this.#options.hooks.lastWords?.() ?? ''
    this.#tookAll = left && (words === '' || this.#writer.writeNow(words, LEAVE_PATIENCE_MS))
    this.#jobs?.release()
    this.#stopResize?.()
    this.#writer.close()
    this.#writer = null
    return this.#tookAll
  }

  close(): Promise<void> {
    this.restore()
    return Promise.resolve()
  }

  /** `withinMs`: how long the first frame may wait for something to show. */
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
    if (withinMs === 0) this.#pacer.want()
    else this.#cancelFirst = this.#timers.after(withinMs, () => this.#pacer.want())
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
    // Nothing was switched on when nothing was drawn.
    const undo = this.#entering === '' ? leaveScreen(settings.altScreen, rows) : ''
    const left = this.#writer?.writeNow(undo, LEAVE_PATIENCE_MS) ?? true
    this.#stopInput?.()
    this.#stopInput = null
    return left
  }

  /** The clock of the top bar, on the second. */
  #tick(): void {
    const { clock } = this.#options
    this.#cancelSecond = this.#timers.after(SECOND_MS - (clock.nowMs() % SECOND_MS), () => {
      this.#pacer.want()
      this.#tick()
    })
  }

  #redraw(): void {
    this.#onScreen = null
    this.#pacer.want()
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
    if (this.#active) this.#pacer.want()
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
      this.#say('reading the status now')
      hooks.onRead()
    }
  }

  #dump(): void {
    const { device, clock, settings } = this.#options
    const name = dumpName(clock.nowMs(), settings.timezone)
    try {
      device.writeFile(name, screenText(this.#scene(), settings.timezone))
      this.#say(`the screen's text is in ${name}`)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      this.#say(`${name} cannot be written: ${code}`)
    }
  }

  #say(text: string): void {
    this.#notice = { text, untilMs: this.#options.clock.monotonicMs() + NOTICE_MS }
  }

  #scene(): Scene {
    const { device, clock, hooks } = this.#options
    const nowMs = clock.nowMs()
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
      clients: hooks.clients?.() ?? null,
      needFull: hooks.needFull?.() ?? null,
    }
  }

  #draw(): void {
    const { clock, hooks } = this.#options
    // While something is on its way nothing new is drawn; `onDrained` draws the newest then.
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

  /** What turns the screen into the newest frame; empty when it is that already. */
  #nextOutput(): string {
    const { hooks } = this.#options
    const { frame, seen } = this.#painter.paint(this.#scene())
    const pen = { looks: this.#looks, utf8: this.#options.capabilities.utf8 }
    const before = this.#onScreen
    const same = before !== null && sameSize(before, frame)
    const painted = same ? frameDiff(before, frame, pen) : wholeFrame(frame, pen)
    if (!same && this.#drawnOnce) hooks.onFullRepaint?.()
    const mouse = this.#view.focus !== null
    const modes = this.#entering + (mouse === this.#mouse ? '' : wantMouse(mouse))
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
