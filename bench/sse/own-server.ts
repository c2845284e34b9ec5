// A server to measure when none is named: the demo in a process of its own, on a free port, with limits out of the way.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const START_TIMEOUT_MS = 15_000

export type OwnServer = { readonly url: string; stop(): Promise<void> }

export async function startOwnServer(clients: number): Promise<OwnServer> {
  const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
  const limits = {
    G6_SSE_MAX_CONNECTIONS: String(clients + 10),
    G6_SSE_IP_CONNECT_RATE: '0',
    G6_OUTPUT_SINKS: 'http',
  }
  const child = spawn(process.execPath, [cli, 'demo', '--port', '0'], {
    env: { ...process.env, ...limits },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /(http:\/\/\S+)\/summary\/events/.exec(line)?.[1]
    if (url === undefined) continue
    clearTimeout(timer)
    child.stdout.resume()
    return { url: `${url}/summary/events`, stop }
  }
  clearTimeout(timer)
  throw new Error('the server to measure did not start')
}
