// The full-screen dashboard of this process: takes the terminal, connects it to the program, and restores it at every end of the
// process.
import type { Writable } from 'node:stream'
import { systemClock } from '../clock/clock.js'
import type { Config } from '../config/settings.js'
import type { Output } from '../engine/cycle.js'
import type { TerminalDevice } from '../outputs/terminal/device.js'
import {
  type Capabilities,
  canFillScreen,
  capabilitiesOf,
  type Environment,
} from '../outputs/terminal/rim/capabilities.js'
import { HeldLog } from '../outputs/terminal/rim/held-log.js'
import { processDevice } from '../outputs/terminal/rim/process-device.js'
import type { TerminalSettings } from '../outputs/terminal/settings.js'
import { TerminalOutput } from '../outputs/terminal/terminal.js'
import { wantsSink } from './outputs.js'
import { thresholdsOf } from './panel-context.js'
import type { ProgramParts } from './parts.js'
import type { Program } from './program.js'

/** Whether standard output is a terminal that can be filled. */
export function hasScreen(
  env: Environment = process.env,
  stdout: { isTTY?: boolean } = process.stdout,
): boolean {
  return stdout.isTTY === true && canFillScreen(env)
}

export function terminalSettings(config: Config): TerminalSettings {
  return {
    timezone: config.timezone,
    numberFormat: config.numberFormat,
    clip: config.panelClip,
    minColumnWidth: config.panelMinColW,
    widths: config.panelW,
    heights: config.panelH,
    autoFit: config.panelAutoFit,
    curated: config.summaryCuratedMode,
    hideEmptyBlocks: config.summaryHideEmptyBlocks,
    showNeedFull: config.summaryShowNeedFull,
    altScreen: config.summaryAltScreen,
  }
}

export class Screen {
  /** Where log lines go while the screen is open; undefined when standard error is not this terminal. */
  readonly logDestination: Writable | undefined
  readonly #stderr: { write(text: string): unknown }
  readonly #held: HeldLog | null
  readonly #capabilities: Capabilities
  #output: TerminalOutput | null = null
  #program: Program | null = null
  #restored = false
  readonly #restore = (): void => this.restore()

  constructor(
    stderr: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr,
    env: Environment = process.env,
    readonly device: () => TerminalDevice = processDevice,
  ) {
    this.#stderr = stderr
    this.#held = stderr.isTTY === true ? new HeldLog(stderr) : null
    this.logDestination = this.#held ?? undefined
    this.#capabilities = capabilitiesOf(env)
  }

  /** For `ProgramOptions.outputs`. */
  outputs(parts: ProgramParts): readonly Output[] {
    const { config, metrics, log } = parts
    if (!wantsSink(config.outputSinks, 'terminal')) return []
    this.#output = new TerminalOutput({
      device: this.device(),
      settings: terminalSettings(config),
      capabilities: this.#capabilities,
      clock: systemClock,
      hooks: {
        sourceName: () => this.#program?.sourceName ?? '',
        boardTitle: () => this.#program?.boardTitle ?? null,
        played: () => this.#program?.played() ?? null,
        verdicts: () => this.#program?.verdicts() ?? null,
        needFull: () => this.#program?.needFull ?? null,
        onQuit: () => this.#quit(),
        onRead: () => void this.#program?.loop.refresh(),
        thresholds: () => this.#program?.thresholds ?? thresholdsOf(config),
        clients: () => (this.#program?.serving ? this.#program.streams : null),
        onPanelRender: (panel, seconds) =>
          metrics.g6_summary_panel_render_seconds.observe({ panel }, seconds),
        onFrame: seconds => metrics.g6_unified_render_seconds.observe(seconds),
        onFullRepaint: () => metrics.g6_summary_rich_diff_fallbacks_total.inc(),
        onFault: error => {
          metrics.g6_unified_errors_total.inc({ kind: 'terminal' })
          log.error({ err: error }, 'a frame could not be drawn')
        },
        lastWords: () => this.#held?.take() ?? '',
      },
    })
    return [this.#output]
  }

  /** What the followed server, or one before this one, remembers, for the trends. */
  takePast(past: unknown): void {
    this.#output?.takePast(past)
  }

  /** Takes the terminal. Call before the program starts, so that there is something to see at once. */
  open(program: Program): void {
    this.#program = program
    if (this.#output === null) {
      this.restore()
      return
    }
    // At every end of the process, also by an error that nobody handles, and before Node prints it.
    process.on('exit', this.#restore)
    process.on('uncaughtExceptionMonitor', this.#restore)
    this.#output.open()
  }

  /** Restores the terminal, if it was taken, and prints the kept log lines. Idempotent; call it before every exit. */
  restore(): void {
    if (this.#restored) return
    this.#restored = true
    process.removeListener('exit', this.#restore)
    process.removeListener('uncaughtExceptionMonitor', this.#restore)
    const held = this.#held
    if (held === null) {
      this.#output?.restore()
    } else if (this.#output?.restore() ?? true) {
      held.pass()
      // Lines from before the terminal was taken, or from after the program's end restored it.
      const words = held.take()
      if (words !== '') this.#stderr.write(words)
    } else held.silence()
  }

  /** Frees the terminal at once; the program ends in order, in its own time. */
  #quit(): void {
    this.restore()
    void this.#program?.stop()
  }
}
