// The full-screen dashboard in this process: its settings from the settings, its words from the program, its timings into
// the metrics, and the terminal given back on every way out.
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
import { thresholdsOf } from './panel-context.js'
import type { Program, ProgramParts } from './program.js'
import { wantsSink } from './sinks.js'

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
  /** Where log lines go while the screen is taken; undefined when standard error goes elsewhere and disturbs nothing. */
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

  /** Takes the terminal; before the program starts, so that there is something to see at once. */
  open(program: Program): void {
    this.#program = program
    if (this.#output === null) {
      this.restore()
      return
    }
    // Whatever ends the process, even what nobody handles, and before Node prints about it.
    process.on('exit', this.#restore)
    process.on('uncaughtExceptionMonitor', this.#restore)
    this.#output.open()
  }

  /** Gives the terminal back, if it was taken, and the log lines out. Idempotent; to be called on every way out. */
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
      // What came where the terminal was never taken, or since the program's end gave it back.
      const words = held.take()
      if (words !== '') this.#stderr.write(words)
    } else held.silence()
  }

  /** The terminal is free at once; the program takes the time it needs to end in order. */
  #quit(): void {
    this.restore()
    void this.#program?.stop()
  }
}
