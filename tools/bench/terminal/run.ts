// What the dashboard promises, measured: frames, start, memory.
import { complaintsOf } from '../../../bench/output.js'
import { benchFrames } from './frames.js'
import { benchProcess } from './process.js'

type TerminalReport = Awaited<ReturnType<typeof benchTerminal>>

const QUICK = { frames: 100, warmup: 30, runs: 3, updates: 40 }
const WHOLE = { frames: 1_000, warmup: 100, runs: 10, updates: 400 }

export async function benchTerminal(quick: boolean) {
  const { frames, warmup, runs, updates } = quick ? QUICK : WHOLE
  return { frame: benchFrames(frames, warmup), process: await benchProcess(runs, updates) }
}

/** A sentence for each figure that is over its limit or was not measured. */
export function complaints({ frame, process }: TerminalReport): readonly string[] {
  const ofFrames = complaintsOf([
    { name: 'p95 of a frame', value: frame.p95_ms, limit: 2, unit: 'ms' },
    { name: 'p95 of a frame', value: frame.p95_bytes, limit: 2_048, unit: 'bytes' },
    { name: 'an idle frame', value: frame.idle_bytes, limit: 0, unit: 'bytes' },
  ])
  if (process === null)
    return [...ofFrames, 'start and memory were not measured: no pty (@lydell/node-pty comes with npm ci)']
  const { start_to_first_frame_ms: start, resident_mb: resident } = process
  return [
    ...ofFrames,
    ...complaintsOf([
      { name: 'first frame after start', value: start.median, limit: 400, unit: 'ms' },
      { name: 'memory over plain text', value: resident.over, limit: 20, unit: 'MB' },
    ]),
  ]
}
