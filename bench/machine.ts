// The machine of a measurement; printed with every result, since numbers without it mean little.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'

export function describeMachine() {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryMb: Math.round(os.totalmem() / 1_048_576),
    node: process.version as string,
    kernel: `${os.type()} ${os.release()}`,
    /** Load average of the last minute when the measurement began: over 0.5 or so other programs were running. */
    load1: os.loadavg()[0] ?? 0,
  }
}

export type Machine = ReturnType<typeof describeMachine>

/** Whether processes can be pinned to cores here: there are two cores, and `taskset` works. */
export function canPin(): boolean {
  if (os.cpus().length < 2) return false
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore', timeout: 5_000 })
    return true
  } catch {
    return false // not installed or not allowed: the report says that nothing was pinned
  }
}

/** How many files a child may open: the hard limit, to which Node raises its own at start. Infinity when unknown. */
export function openFilesLimit(limitsFile = '/proc/self/limits'): number {
  let text: string
  try {
    text = readFileSync(limitsFile, 'utf8')
  } catch {
    return Number.POSITIVE_INFINITY // no such file outside Linux; connecting fails there instead
  }
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1]
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}
