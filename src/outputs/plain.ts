// The board as plain text: `[Title]`, its lines, a blank line. For pipes, logs and terminals without a screen.
import { hash } from 'node:crypto'
import type { CycleResult, Output } from '../engine/cycle.js'
import { momentText, timeOfDay } from '../panels/format.js'
import type { Panel } from '../panels/panel.js'
import { cleanText, clipText } from '../panels/text.js'
import type { Verdict } from '../protocol/events.js'
import { NewestWriter, type TextStream } from './newest-writer.js'

/** When the stream has no width. */
const DEFAULT_COLUMNS = 160

/** The width of a frame. Terminals of serial lines and some containers have a width of 0. */
export function frameColumns(stream: { readonly columns?: number }): number {
  return stream.columns === undefined || stream.columns === 0 ? DEFAULT_COLUMNS : stream.columns
}

export type PlainOptions = {
  readonly stream: TextStream
  /** IANA name, for the time since when the status is bad. */
  readonly timezone: string
  /** `G6_SUMMARY_PLAIN_DIFF`: a frame equal to the last one is not printed again. */
  readonly diff: boolean
  /** Time to draw a frame, seconds. */
  readonly onFrame?: (seconds: number) => void
}

/** `failing: Provider: down (since 10:02)` */
function verdictLine({ word, reasons, since }: Verdict, nowMs: number, timezone: string): string {
  const summary = [word, reasons.join('; ')].filter(text => text !== '').join(': ')
  return since === undefined ? summary : `${summary} (since ${momentText(since, nowMs, timezone)})`
}

/** The verdict and the state of the source. It gives the time since when, not an age, which would change every frame. */
function statusLines({ board, source }: CycleResult, timezone: string): readonly string[] {
  const { verdict, builtAtMs } = board
  const { state, error, changedAtMs } = source
  const lines = verdict === null ? [] : [verdictLine(verdict, builtAtMs, timezone)]
  if (state !== 'fresh' && state !== 'closed') {
    const since = changedAtMs === null ? '' : `, last good at ${timeOfDay(changedAtMs, timezone)}`
    lines.push(`${state}${error === null ? '' : `: ${error}`}${since}`)
  }
  return lines.length === 0 ? [] : ['[Status]', ...lines.map(cleanText), '']
}

/** The text of a panel that has not changed is not clipped again. */
const clipped = new WeakMap<Panel, { readonly columns: number; readonly text: string }>()

function clippedText(lines: readonly string[], columns: number): string {
  return lines.map(line => `${clipText(line, columns)}\n`).join('')
}

function panelText(panel: Panel, columns: number): string {
  const known = clipped.get(panel)
  if (known?.columns === columns) return known.text
  const text = clippedText([`[${panel.title}]`, ...panel.lines, ''], columns)
  clipped.set(panel, { columns, text })
  return text
}

/** One frame; every line fits `columns`. */
export function plainFrame(result: CycleResult, columns: number, timezone: string): string {
  let frame = clippedText(statusLines(result, timezone), columns)
  for (const panel of result.board.panels.values()) frame += panelText(panel, columns)
  return frame
}

function hasSameFrame(a: CycleResult, b: CycleResult): boolean {
  const isSameBoard = a.board.epoch === b.board.epoch && a.board.generation === b.board.generation
  const isSameVerdict = a.board.verdict === b.board.verdict
  return (
    isSameBoard && isSameVerdict && a.source.state === b.source.state && a.source.error === b.source.error
  )
}

export function createPlainOutput(options: PlainOptions): Output {
  const { stream, timezone, diff, onFrame } = options
  const writer = new NewestWriter(stream)
  let lastHash: string | null = null
  let last: { readonly result: CycleResult; readonly columns: number } | null = null
  return {
    name: 'plain',
    publish(result) {
      const columns = frameColumns(stream)
      if (diff && last !== null && last.columns === columns && hasSameFrame(last.result, result)) return
      last = { result, columns }
      const startMs = performance.now()
      const frame = plainFrame(result, columns, timezone)
      onFrame?.((performance.now() - startMs) / 1000)
      if (frame === '') return
      const frameHash = hash('sha256', frame)
      if (diff && frameHash === lastHash) return
      lastHash = frameHash
      writer.write(frame)
    },
    close: () => writer.close(),
  }
}
