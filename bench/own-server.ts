// Servers to measure, each in a process of its own on a free port.
import { fileURLToPath } from 'node:url'
import { Child } from './child.js'

const START_MS = 60_000

/** The built command. */
export const CLI = fileURLToPath(new URL('../program/g6.js', import.meta.url))

export type OwnServer = {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Resolves when the child prints where it listens. */
export async function listening(child: Child): Promise<OwnServer> {
  const deadlineMs = performance.now() + START_MS
  try {
    for (;;) {
      const line = await child.line(Math.max(1, deadlineMs - performance.now()))
      const url = /"(?:url|listening)":"(http:[^"]+)"/.exec(line)?.[1]
      if (url !== undefined) return { url, pid: child.pid, stop: () => child.stop() }
    }
  } catch (error) {
    child.kill()
    throw error
  }
}

/** Runs `g6` with these arguments, its limits raised. */
export function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Promise<OwnServer> {
  const limits = { G6_SSE_MAX_CONNECTIONS: '20000', G6_SSE_IP_CONNECT_RATE: '0', G6_LOG_FORMAT: 'json' }
  const command = [process.execPath, CLI, ...args, '--port', '0']
  return listening(new Child('the server', command, { lines: 'stderr', env: { ...limits, ...env }, cwd }))
}

/** The simulator and the server of the demo, without a screen. */
export function startDemoServer(): Promise<OwnServer> {
  return startServer(['demo'], { G6_OUTPUT_SINKS: 'http' })
}
