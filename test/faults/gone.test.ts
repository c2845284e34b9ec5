// Readers that are gone while the board is idle: the link goes down, or the program stops reading. The system takes the few bytes
// of an idle stream, so no write fails; yet their places are free again soon. Real processes, and a network namespace for another
// machine. The stall time is 3 s here; with the default of 30 s everything takes ten times as long.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { endAll, g6 } from '../support/g6.js'
import { otherMachine } from '../support/net-namespace.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await endAll()
})

/** Opens a stream for each path, says so when the first bytes of all have come, and reads on. */
const READER = `
import select, socket, sys
host, port, paths = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
links = []
for path in paths:
    link = socket.create_connection((host, port))
    link.sendall(f"GET {path} HTTP/1.1\\r\\nHost: {host}\\r\\nAccept-Encoding: {'gzip' if 'gzip' in path else 'identity'}\\r\\n\\r\\n".encode())
    assert b" 200 " in link.recv(65536)
    links.append(link)
print("open", flush=True)
while True:
    for link in select.select(links, [], [])[0]:
        assert link.recv(65536)
`
/** Each starts several programs: time for a busy machine. */
const BUSY = { timeout: 120_000 }
/** A reader of each stream, plain and compressed. */
const PATHS = ['/summary/events', '/summary/events?gzip', '/events', '/events?gzip']

/** `places`: by default a full house with the readers of one process and the one of the test. */
async function idleServer(places = PATHS.length + 1) {
  const folder = mkdtempSync(join(tmpdir(), 'g6-gone-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const status = join(folder, 'status.json')
  writeFileSync(status, JSON.stringify({ cycle: 1, interval: 1, indices: {} }))
  const server = g6(
    [
      'serve',
      '--port',
      '0',
      '--host',
      '0.0.0.0',
      '--allow-open',
      '--status-file',
      status,
      '--no-write-panels',
    ],
    {
      G6_SSE_MAX_CONNECTIONS: String(places),
      G6_SSE_IP_CONNECT_RATE: '0',
      G6_SSE_STALL_TIMEOUT_MS: '3000',
      // Few bytes, as often as ten times a stall time has.
      G6_SSE_HEARTBEAT_CYCLES: '1',
      G6_SUMMARY_REFRESH_SEC: '0.5',
      G6_EVENTS_SSE_HEARTBEAT: '1',
    },
  )
  const { port } = new URL(await server.url())
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the first board')
  const clients = async (): Promise<number> => {
    const health = (await (await fetch(`${url}/summary/health`)).json()) as { sse: { clients: number } }
    return health.sse.clients
  }
  /** One that reads, on this machine. */
  const live = spawn('python3', ['-c', READER, '127.0.0.1', port, '/summary/events'], { stdio: 'pipe' })
  closers.push(() => live.kill('SIGKILL'))
  await opened(live)
  return { port, url, clients, live }
}

async function opened(child: ChildProcess): Promise<void> {
  let printed = ''
  for (const out of [child.stdout, child.stderr]) {
    out?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  await eventually(
    () => printed.includes('open'),
    () => `all streams are open: ${printed}`,
  )
}

async function readersOn(port: string, host: string, via: readonly string[] = []): Promise<ChildProcess> {
  const [command = '', ...words] = [...via, 'python3', '-c', READER, host, port, ...PATHS]
  const child = spawn(command, words, { stdio: 'pipe' })
  closers.push(() => child.kill('SIGKILL'))
  await opened(child)
  return child
}

async function onlyTheLiveOneIsLeft({
  clients,
  live,
}: Awaited<ReturnType<typeof idleServer>>): Promise<void> {
  await eventually(async () => (await clients()) === 1, 'only the reader that reads is left')
  expect(live.exitCode).toBe(null)
}

test('after the link went down, the places of its readers are free', BUSY, async () => {
  const server = await idleServer(50)
  const machine = otherMachine()
  closers.push(() => machine.remove())
  await readersOn(server.port, machine.host, machine.via)
  expect(await server.clients()).toBe(PATHS.length + 1)
  machine.pullCable()
  await onlyTheLiveOneIsLeft(server)
})

test(
  'readers on another machine that stop reading lose their places when one more finds none',
  BUSY,
  async () => {
    const server = await idleServer()
    const machine = otherMachine()
    closers.push(() => machine.remove())
    const stopped = await readersOn(server.port, machine.host, machine.via)
    stopped.kill('SIGSTOP')
    expect((await fetch(`${server.url}/summary/events`)).status).toBe(429)
    await onlyTheLiveOneIsLeft(server)
  },
)

test('readers on this machine that stop reading lose their places', BUSY, async () => {
  const server = await idleServer(50)
  const stopped = await readersOn(server.port, '127.0.0.1')
  stopped.kill('SIGSTOP')
  await onlyTheLiveOneIsLeft(server)
})
