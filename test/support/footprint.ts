// What a process uses: sockets, timers, files, memory. Measured early and late in a run of faults, the two must be
// alike: anything a fault leaves behind is a leak.
import { readdirSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { eventually } from './eventually.js'

export type Footprint = {
  /** Open TCP handles, listening or connected. */
  readonly sockets: number
  readonly timers: number
  readonly heapBytes: number
}

let collect: (() => void) | null = null

/** Frees everything unreachable. */
export function collectGarbage(): void {
  if (collect === null) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}

/** The heap that is in use after everything unreachable was collected. */
function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

function count(kinds: RegExp): number {
  return process.getActiveResourcesInfo().filter(kind => kinds.test(kind)).length
}

/** Of this process, right now. */
export function ownFootprint(): Footprint {
  return { sockets: count(/^TCP/), timers: count(/^(Timeout|Immediate)$/), heapBytes: heapBytes() }
}

/** Tolerance for equal states: a connection that is being closed, a heap that varies. */
const SOCKETS_MAY_DIFFER = 4
const TIMERS_MAY_DIFFER = 8
const HEAP_MAY_GROW_BYTES = 12 * 1024 * 1024

/** Resolves when this process uses no more than before; rejects with both when it goes on using more. */
export async function holdsNoMoreThan(before: Footprint): Promise<void> {
  let now = before
  await eventually(
    () => {
      now = ownFootprint()
      return (
        now.sockets <= before.sockets + SOCKETS_MAY_DIFFER &&
        now.timers <= before.timers + TIMERS_MAY_DIFFER &&
        now.heapBytes <= before.heapBytes + HEAP_MAY_GROW_BYTES
      )
    },
    () => `no more than ${JSON.stringify(before)}; it holds ${JSON.stringify(now)}`,
  )
}

/** File descriptors that another process has open. */
export function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Memory of another process, KB. */
export function residentKbOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
