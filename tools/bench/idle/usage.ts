// What a process uses while nobody asks for anything, read from /proc (Linux): all threads together.
import { readdirSync, readFileSync } from 'node:fs'

export type Usage = {
  readonly residentMiB: number
  /** So far: how often a thread went to sleep, and so how often one was woken. */
  readonly wakeUps: number
  /** So far. */
  readonly cpuMs: number
}

function numberIn(text: string, pattern: RegExp, what: string): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`no ${what} in /proc: this needs Linux`)
  return Number(found)
}

/** `status`: of the process; `threads`: `status` and `schedstat` of each. */
export function usageOf(status: string, threads: readonly (readonly [string, string])[]): Usage {
  const sum = (of: (status: string, schedstat: string) => number): number =>
    threads.reduce((all, [each, schedstat]) => all + of(each, schedstat), 0)
  return {
    residentMiB: numberIn(status, /^VmRSS:\s+(\d+) kB/m, 'VmRSS') / 1024,
    wakeUps: sum(each => numberIn(each, /^voluntary_ctxt_switches:\s+(\d+)/m, 'context switches')),
    // Nanoseconds on a processor come first.
    cpuMs: sum((_, schedstat) => numberIn(schedstat, /^(\d+) /, 'schedstat') / 1e6),
  }
}

export function readUsage(pid: number): Usage {
  const read = (path: string): string => readFileSync(`/proc/${pid}/${path}`, 'utf8')
  const threads = readdirSync(`/proc/${pid}/task`).map(
    id => [read(`task/${id}/status`), read(`task/${id}/schedstat`)] as const,
  )
  return usageOf(read('status'), threads)
}
