// Frames of the real dashboard in this process: one panel after the other changes, and each frame is painted, compared and
// written (to /dev/null, with real system calls), without the pace of ten frames a second.
import { closeSync, openSync, writeSync } from 'node:fs'
import { benchDocuments } from '../../../bench/documents.js'
import { median, percentile } from '../../../bench/stats.js'
import { emptyBoard, nextBoard } from '../../../src/board/board.js'
import type { Timers } from '../../../src/clock/timers.js'
import type { CycleResult } from '../../../src/engine/cycle.js'
import { createPanelBuilder } from '../../../src/engine/panel-builder.js'
import { Statistics } from '../../../src/engine/statistics.js'
import type { TerminalDevice } from '../../../src/outputs/terminal/device.js'
import type { Size } from '../../../src/outputs/terminal/layout/layout.js'
import { TtyWriter } from '../../../src/outputs/terminal/rim/tty-writer.js'
import { TerminalOutput } from '../../../src/outputs/terminal/terminal.js'
import type { Panel } from '../../../src/panels/panel.js'
import { DEFAULT_THRESHOLDS } from '../../../src/panels/thresholds.js'
import { derive } from '../../../src/snapshot/derive.js'
import type { Status } from '../../../src/snapshot/reading.js'

const SIZE: Size = { width: 200, height: 60 }
const TIMEZONE = 'Asia/Kolkata'
const INDICES = 4

type Frame = { readonly ms: number; readonly bytes: number }

/** Timers that run when `fire` is called. */
class HandTimers implements Timers {
  #waiting = new Set<() => void>()
  after(_ms: number, run: () => void): () => void {
    this.#waiting.add(run)
    return () => this.#waiting.delete(run)
  }
  fire(): void {
    const due = [...this.#waiting]
    this.#waiting.clear()
    for (const run of due) run()
  }
}

function nullDevice(size: Size, resized: { listener: () => void }): TerminalDevice {
  return {
    size: () => size,
    openWriter(events) {
      const fd = openSync('/dev/null', 'w')
      return new TtyWriter(events, {
        write: bytes => writeSync(fd, bytes),
        close: () => closeSync(fd),
        sleepMs: () => {},
        timers: new HandTimers(),
      })
    },
    startInput: () => () => {},
    onResize(listener) {
      resized.listener = listener
      return () => {}
    },
    writeFile: () => {},
    jobControl: () => ({ suspend: () => {}, release: () => {} }),
  }
}

/** Results that each differ from the one before in exactly one panel. */
function* results(count: number, nowMs: number): Generator<CycleResult> {
  const documents = benchDocuments({ indices: INDICES, churnPct: 70, seed: 1 })
  const links = { source: 'status.json', metricsUrl: null, streamUrl: null, pageUrl: null }
  const panelsOf = (status: Status): readonly Panel[] =>
    createPanelBuilder().build({
      snapshot: derive(status),
      thresholds: DEFAULT_THRESHOLDS,
      timezone: TIMEZONE,
      links,
      nowMs,
    })
  const statistics = new Statistics(nowMs)
  let status = documents.next() as Status
  let panels = panelsOf(status)
  let board = nextBoard(emptyBoard('bench'), panels, 1, nowMs)
  const result = (): CycleResult => ({
    board,
    snapshot: derive(status),
    reading: null,
    source: { state: 'fresh', ageSec: 0, changedAtMs: nowMs, error: null, tooOld: false },
    stats: statistics.snapshot(0),
  })
  yield result()
  for (let n = 0, made = 0; made < count && n < count * 20; n++) {
    status = documents.next() as Status
    const newer = panelsOf(status)
    const key = panels[n % panels.length]?.key
    panels = panels.map(panel =>
      panel.key === key ? (newer.find(other => other.key === key) ?? panel) : panel,
    )
    const next = nextBoard(board, panels, board.cycle + 1, nowMs)
    if (next.changed.length !== 1) continue
    board = next
    made++
    yield result()
  }
}

export function benchFrames(frames: number, warmup: number) {
  const nowMs = Date.now()
  const timers = new HandTimers()
  const resized = { listener: () => {} }
  const drawn: Frame[] = []
  const output = new TerminalOutput({
    device: nullDevice(SIZE, resized),
    settings: {
      timezone: TIMEZONE,
      clip: 60,
      minColumnWidth: null,
      widths: {},
      heights: {},
      autoFit: true,
      curated: false,
      hideEmptyBlocks: false,
      showNeedFull: true,
      numberFormat: 'plain',
      altScreen: true,
    },
    capabilities: { colors: 24, utf8: true, theme: 'dark' },
    // The clock of the top bar does not move: it is not measured.
    clock: { nowMs: () => nowMs, monotonicMs: () => performance.now() },
    timers,
    hooks: {
      sourceName: () => 'data/runtime_status.json',
      onQuit: () => {},
      onRead: () => {},
      thresholds: () => DEFAULT_THRESHOLDS,
      onFrame: (seconds, bytes) => drawn.push({ ms: seconds * 1000, bytes }),
      onFault: error => {
        throw error
      },
    },
  })
  const draw = (): Frame => {
    timers.fire()
    const frame = drawn.at(-1)
    if (frame === undefined) throw new Error('no frame was drawn')
    return frame
  }
  const changed: Frame[] = []
  /** The first board and the warm-up frames are not counted. */
  const isWarm = () => changed.length > 1 + warmup
  const idle: Frame[] = []
  const whole: Frame[] = []
  output.open()
  for (const result of results(frames + warmup, nowMs)) {
    output.publish(result)
    changed.push(draw())
    output.publish(result)
    const same = draw()
    if (isWarm()) idle.push(same)
    if (changed.length % 10 === 0) {
      resized.listener()
      const repainted = draw()
      if (isWarm()) whole.push(repainted)
    }
  }
  output.restore()
  const counted = changed.slice(1 + warmup)
  const ms = counted.map(frame => frame.ms)
  const bytes = counted.map(frame => frame.bytes)
  return {
    size: `${SIZE.width}x${SIZE.height}`,
    frames: counted.length,
    median_ms: median(ms),
    p95_ms: percentile(ms, 0.95),
    max_ms: Math.max(...ms),
    median_bytes: median(bytes),
    p95_bytes: percentile(bytes, 0.95),
    max_bytes: Math.max(...bytes),
    /** A frame in which nothing changed. */
    idle_bytes: Math.max(...idle.map(frame => frame.bytes)),
    idle_median_ms: median(idle.map(frame => frame.ms)),
    full_repaint_median_ms: median(whole.map(frame => frame.ms)),
    full_repaint_bytes: median(whole.map(frame => frame.bytes)),
  }
}
