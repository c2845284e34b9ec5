// Sockets that are open before the server starts, as systemd passes them: which listener gets which, what its children see, and a
// restart during which no connection is refused.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endAll, g6, type Running } from './support/g6.js'
import { SummaryClient } from './support/summary-client.js'

/**
 * Opens a socket for each word of its first argument (`host:port`, or a path), prints the port of each, and runs the rest of its
 * arguments, as often as its second argument says, with the sockets as descriptors from 3 on.
 */
const OPENER = `
import ctypes, os, signal, socket, sys
for where in sys.argv[1].split(','):
    if where.startswith('/'):
        s = socket.socket(socket.AF_UNIX)
        s.bind(where)
    else:
        s = socket.socket()
        host, port = where.split(':')
        s.bind((host, int(port)))
    s.listen(64)
    if not where.startswith('/'):
        print('port', s.getsockname()[1], flush=True)
    os.set_inheritable(s.detach(), True)
child = 0
opener = os.getpid()
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
for run in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(1, 9) # ends with its parent, also one that has just ended
        if os.getppid() != opener:
            os._exit(1)
        os.environ['LISTEN_PID'] = str(os.getpid())
        os.execvp(sys.argv[3], sys.argv[3:])
    print('child', child, flush=True)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print('ended', run, status, flush=True)
sys.exit(status)
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-activated-'))
})
afterEach(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

type Options = {
  readonly names?: string
  readonly env?: Readonly<Record<string, string>>
  readonly runs?: number
}

function start(wheres: readonly string[], { names = '', env = {}, runs = 1 }: Options = {}): Running {
  const passed = { LISTEN_FDS: String(wheres.length), LISTEN_FDNAMES: names }
  return g6(
    ['serve', '--status-file', 'test/fixtures/status-full.json'],
    // A port that this user could not open: it must not be tried.
    {
      G6_PANELS_DIR: join(folder, 'panels'),
      G6_HTTP_HOST: '192.0.2.1',
      G6_SHUTDOWN_GRACE_MS: '1500',
      ...passed,
      ...env,
    },
    { via: ['python3', '-c', OPENER, wheres.join(','), String(runs)] },
  )
}

const ask = (where: http.RequestOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = http.get({ agent: false, headers: { Host: 'localhost' }, ...where }, response => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', reject)
  })

test('by its name each listener gets its sockets, the first one all others; no port is opened', async () => {
  const path = join(folder, 'g6.sock')
  const server = start(['127.0.0.1:0', path, '127.0.0.1:0'], {
    names: 'g6-stream.socket:unified:metrics',
    env: { G6_SUMMARY_METRICS_HTTP: '1' },
  })
  const ports = (await server.until(/port (\d+)\nport (\d+)\n/)).slice(1).map(Number)
  await server.until(/"name":"metrics","url":"http:\/\/127\.0\.0\.1:\d+"/)
  const printed = server.output().err
  expect(printed.match(/"name":"\w+","url":"[^"]+"/g)).toEqual([
    `"name":"unified","url":"http://127.0.0.1:${ports[0]}"`,
    `"name":"unified","url":"unix:fd 4"`,
    `"name":"metrics","url":"http://127.0.0.1:${ports[1]}"`,
  ])
  expect(await ask({ port: ports[0], path: '/summary/health' })).toBe(200)
  expect(await ask({ socketPath: path, path: '/summary/health' })).toBe(200)
  expect(await ask({ port: ports[1], path: '/metrics' })).toBe(200)
  expect(await ask({ port: ports[1], path: '/summary/health' })).toBe(404)
  // Closed in every child (FD_CLOEXEC), and named in the environment of none.
  const child = Number((await server.until(/child (\d+)/))[1])
  for (const fd of [3, 4, 5]) {
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/${child}/fdinfo/${fd}`, 'utf8'))?.[1]
    expect(Number.parseInt(flags ?? '', 8) & 0o2000000, `descriptor ${fd}`).toBe(0o2000000)
  }
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  // The file of the socket is its opener's.
  expect(statSync(path).isSocket()).toBe(true)
})

test('a restart refuses no connection, and readers resume', async () => {
  const server = start(['127.0.0.1:0'], { runs: 2 })
  const port = (await server.until(/port (\d+)/))[1]
  const url = `http://127.0.0.1:${port}/summary/events`
  const before = new SummaryClient(url)
  await before.event('full_snapshot')
  server.signal('SIGTERM')
  await before.event('bye')
  await server.until(/ended 0 0/)
  // The second server is not ready yet: the connection waits for it.
  const after = new SummaryClient(url)
  await after.event('full_snapshot')
  server.signal('SIGTERM')
  await after.ended()
  expect(await server.exit).toBe(0)
})

test('a socket that other machines reach needs a token', async () => {
  const refused = start(['0.0.0.0:0'])
  expect(await refused.exit).toBe(1)
  expect(refused.output().err).toMatch(
    /the inherited socket http:\/\/0\.0\.0\.0:\d+ can be reached from other machines and no token is set/,
  )
  const served = start(['0.0.0.0:0'], { env: { G6_SSE_API_TOKEN: 'token-of-this-test-0123456789' } })
  const port = Number((await served.until(/port (\d+)/))[1])
  await served.until(/"url":"http/)
  // Any Host: the token protects.
  expect(await ask({ port, path: '/summary/health', headers: { Host: 'board.example' } })).toBe(401)
})

test('a descriptor that is no listening socket is an error that says what is allowed', async () => {
  const server = start(['127.0.0.1:0'], { env: { LISTEN_FDS: '2' } })
  expect(await server.exit).toBe(1)
  expect(server.output().err).toMatch(
    /cannot listen on the inherited socket 4 \(LISTEN_FDS\): E\w+; allowed: stream sockets that listen/,
  )
})
