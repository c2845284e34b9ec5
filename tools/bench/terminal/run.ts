// What the dashboard promises, measured: frames, start, memory.
import { benchFrames, type FrameFigures } from './frames.js'
import { benchProcess, type ProcessFigures } from './process.js'

export type TerminalReport = {
  readonly frame: FrameFigures
  /** Null where there is no pty to be had. */
  readonly process: ProcessFigures | null
}

const QUICK = { frames: 100, warmup: 30, runs: 3, updates: 40 }
const WHOLE = { frames: 1_000, warmup: 100, runs: 10, updates: 400 }

export async function benchTerminal(quick: boolean): Promise<TerminalReport> {
  const { frames, warmup, runs, updates } = quick ? QUICK : WHOLE
  return { frame: benchFrames(frames, warmup), process: await benchProcess(runs, updates) }
}

const BOUNDS = { frameMs: 2, frameBytes: 2_048, firstFrameMs: 400, overMb: 20 }

/** What is over its bound or could not be measured, for a person. */
export function complaints({ frame, process }: TerminalReport): readonly string[] {
  const found: readonly (readonly [string, number, number, string])[] = [
    ['the p95 of a frame', frame.p95_ms, BOUNDS.frameMs, 'ms'],
    ['the p95 of a frame', frame.p95_bytes, BOUNDS.frameBytes, 'bytes'],
    ['an idle frame', frame.idle_bytes, 1, 'bytes'],
    ...(process === null
      ? []
      : ([
          ['the first frame', process.start_to_first_frame_ms.median, BOUNDS.firstFrameMs, 'ms'],
          ['memory over plain text', process.resident_mb.over, BOUNDS.overMb, 'MB'],
        ] as const)),
  ]
  const unmeasured =
    process === null
      ? [
          'start and memory were not measured: there is no pty here (@lydell/node-pty, from `npm ci` in a checkout)',
        ]
      : []
  const over = found
    .filter(([, value, bound]) => value >= bound)
    .map(
      ([what, value, bound, unit]) =>
        `${what} is ${Number(value.toFixed(2))} ${unit}, it should be under ${bound}`,
    )
  return [...unmeasured, ...over]
}
