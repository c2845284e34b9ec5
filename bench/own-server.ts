// A server to measure, in a process of its own, on a free port, with limits out of the way.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const START_TIMEOUT_MS = 60_000

export type OwnServer = {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  stop(): Promise<void>
}

/** Runs `g6` with these arguments; resolves when it says where it listens. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  folder = process.cwd(),
): Promise<OwnServer> {
  const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
  const limits = { G6_SSE_MAX_CONNECTIONS: '20000', G6_SSE_IP_CONNECT_RATE: '0', G6_LOG_FORMAT: 'json' }
  const child = spawn(process.execPath, [cli, ...args, '--port', '0'], {
    env: { ...process.env, ...limits, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line)
    const url = /"url":"(http:[^"]+)"/.exec(line)?.[1]
    if (url === undefined) continue
    clearTimeout(timer)
    child.stderr.resume()
    return { url, stop }
  }
  clearTimeout(timer)
  throw new Error(`the server to measure did not start: ${lines.join(' ')}`)
}

/** The demo's simulator and server, without a screen. */
export function startDemoServer(): Promise<OwnServer> {
  return startServer(['demo'], { G6_OUTPUT_SINKS: 'http' })
}
