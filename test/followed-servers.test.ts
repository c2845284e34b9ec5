// `g6 serve` behind `g6 serve`, as processes: by status stream and by board; killed, restarted with a lower cycle, paused.
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Connection, connect } from '../client/index.js'
import { eventually } from './support/eventually.js'
import { freePort } from './support/free-port.js'
import { endAll, g6, type Running } from './support/g6.js'

let folder = ''
const connections: Connection[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-chain-'))
})
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close()
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

async function write(cycle: number, ltp: number): Promise<void> {
  const file = join(folder, 'status.json')
  await writeFile(
    `${file}.tmp`,
    JSON.stringify({ cycle, interval: 1, indices: { NIFTY: { ltp, status: 'ok' } } }),
  )
  await rename(`${file}.tmp`, file)
}

async function serve(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Running & { at: string }> {
  const running = g6(
    ['serve', '--panels-dir', join(folder, `panels-${args.join('')}`.replace(/\W/g, '')), ...args],
    {
      G6_EVENTS_SSE_HEARTBEAT: '1',
      ...env,
    },
  )
  return { ...running, at: await running.url() }
}

/** Resolves when the server's board says so. */
function says(connection: Connection, cycle: number, ltp: number): Promise<void> {
  const there = (): boolean => {
    const lines = (key: string): string => connection.board?.panels.get(key)?.lines.join('\n') ?? ''
    return lines('cycle').includes(`cycle: ${cycle}\n`) && lines('indices').includes(ltp.toFixed(2))
  }
  return new Promise(resolve => {
    const end = connection.on('update', () => look())
    const look = (): void => {
      if (!there()) return
      end()
      resolve()
    }
    look()
  })
}

async function stateOf(url: string): Promise<{ state: string; error?: string }> {
  const health = (await (await fetch(`${url}/summary/health`)).json()) as { status_file: { state: string } }
  return health.status_file
}

async function untilState(url: string, wanted: RegExp): Promise<void> {
  await eventually(async () => wanted.test((await stateOf(url)).state), `${url} is ${wanted}`)
}

test('both kinds of followers are equal to their server again after a kill, a restart and a pause', async () => {
  await write(90, 100)
  const file = ['--status-file', join(folder, 'status.json')]
  // Followers come back as soon as they may; the clients' own tests cover their waits.
  const soon = { G6_SSE_RETRY_MS: '100', G6_EVENTS_SSE_RETRY_MS: '100' }
  const port = String(await freePort())
  const origin = await serve(['--port', port, ...file], soon)
  const byStatus = await serve(['--port', '0', '--source', `${origin.at}/events`], {
    G6_PANELS_SSE_TIMEOUT: '2.5',
  })
  const byBoard = await serve(['--port', '0', '--source', origin.at])
  const followers = [byStatus, byBoard].map(({ at }) => {
    const connection = connect(at)
    connections.push(connection)
    return connection
  })
  const all = (cycle: number, ltp: number) => Promise.all(followers.map(each => says(each, cycle, ltp)))
  await all(90, 100)
  await write(91, 101)
  await all(91, 101)

  // Killed: both report it, and keep the last content.
  origin.signal('SIGKILL')
  await origin.exit
  await Promise.all([byStatus, byBoard].map(({ at }) => untilState(at, /^io$/)))
  await all(91, 101)

  // Restarted, with a lower cycle.
  await write(1, 102)
  const again = await serve(['--port', port, ...file], soon)
  await all(1, 102)
  await Promise.all([byStatus, byBoard].map(({ at }) => untilState(at, /^fresh$/)))
  await byBoard.until(/is lost[\s\S]*the followed server is back/)

  // Paused: the silence shows it; nothing is lost when it goes on.
  again.signal('SIGSTOP')
  await untilState(byStatus.at, /^timeout$/)
  await write(2, 103)
  again.signal('SIGCONT')
  await all(2, 103)
  await untilState(byStatus.at, /^fresh$/)

  const health = (await (await fetch(`${byStatus.at}/summary/health`)).json()) as Record<string, object>
  expect(health.panel_push_meta).toMatchObject({
    panel_generation: expect.any(Number),
    need_full: false,
    sse_heartbeat: { health: expect.stringMatching(/ok|warn/) },
  })
  const versionAt = async (url: string): Promise<string> => {
    const board = (await (await fetch(`${url}/summary/resync`)).json()) as Record<string, unknown>
    return `${board.epoch}-${board.generation}`
  }
  await eventually(
    async () => (await versionAt(byBoard.at)) === (await versionAt(again.at)),
    'epoch and generation are the same at both',
  )
})

test('followers read a new token on SIGHUP and reconnect with it when the old one ends', async () => {
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, 'first-token')
  await write(1, 100)
  const origin = await serve(['--port', '0', '--status-file', join(folder, 'status.json')], {
    G6_SSE_API_TOKEN_FILE: tokenFile,
    G6_SSE_RECONNECT_SPREAD_MS: '100',
    G6_EVENTS_SSE_RETRY_MS: '100',
  })
  const env = { G6_PANELS_SSE_TOKEN_FILE: tokenFile }
  const followers = [
    await serve(['--port', '0', '--source', `${origin.at}/events`], env),
    await serve(['--port', '0', '--source', origin.at], env),
  ]
  const clients = followers.map(({ at }) => connect(at))
  connections.push(...clients)
  await Promise.all(clients.map(client => says(client, 1, 100)))
  await writeFile(tokenFile, 'second-token')
  for (const server of [...followers, origin]) {
    server.signal('SIGHUP')
    await server.until(/settings read again/)
  }
  await write(2, 101)
  await Promise.all(clients.map(client => says(client, 2, 101)))
})

test('g6 dashboard URL shows another server’s board', async () => {
  await write(7, 55)
  const origin = await serve(['--port', '0', '--status-file', join(folder, 'status.json')])
  const shown = g6(['dashboard', origin.at, '--no-rich', '--cycles', '1'])
  expect(await shown.exit).toBe(0)
  expect(shown.output().out).toContain('cycle: 7')
  expect(shown.output().out).toMatch(/NIFTY.*55\.00/)
  const one = g6(['snapshot', '--source', origin.at])
  expect(await one.exit).toBe(0)
  expect(one.output().out).toContain('[Cycle]')
})

test('an invalid source is an error that names it', async () => {
  for (const [args, text] of [
    [['serve', '--source', 'ftp://h'], /"ftp:\/\/h" is not a URL/],
    [['serve', '--source', 'http://h', '--source', 'f.json'], /only source/],
  ] as const) {
    const failing = g6(args)
    expect(await failing.exit).toBe(1)
    expect(failing.output().err).toMatch(text)
  }
})

test('the dossier of each kind of follower has the panel_push_meta of its health, with every stream it follows', async () => {
  await write(1, 100)
  const origins = await Promise.all(
    ['a', 'b'].map(name =>
      serve([
        '--port',
        '0',
        '--panels-dir',
        join(folder, name),
        '--status-file',
        join(folder, 'status.json'),
      ]),
    ),
  )
  const streams = origins.map(({ at }) => `${at}/events`)
  const follower = async (name: string, sources: readonly string[]) => {
    const path = join(folder, `${name}.json`)
    const env = { G6_SUMMARY_DOSSIER_PATH: path, G6_SUMMARY_DOSSIER_INTERVAL_SEC: '0.02' }
    const { at } = await serve(['--port', '0', ...sources.flatMap(source => ['--source', source])], env)
    return { at, path }
  }
  const byStatus = await follower('by-status', streams)
  const byBoard = await follower('by-board', [origins[0]?.at ?? ''])
  const agreed = ({ at, path }: { readonly at: string; readonly path: string }) =>
    eventually(async () => {
      const health = (await (await fetch(`${at}/summary/health`)).json()) as Meta
      const dossier = JSON.parse(await readFile(path, 'utf8').catch(() => '{}')) as Partial<Meta>
      const [theirs, ours] = [health.panel_push_meta, dossier.panel_push_meta ?? {}]
      const isWhole = Object.keys(theirs.shared_hashes ?? {}).length > 0
      const isSame =
        JSON.stringify(Object.keys(theirs)) === JSON.stringify(Object.keys(ours)) &&
        JSON.stringify(theirs.shared_hashes) === JSON.stringify(ours.shared_hashes)
      return isWhole && isSame && ours
    }, `the dossier ${path} agrees with health`)
  const { sources } = await agreed(byStatus)
  expect(sources?.map(({ source }) => source)).toEqual(streams)
  expect(await agreed(byBoard)).toMatchObject({ diff_stats: {}, timing: {}, sse_publisher: {} })
})

type Meta = {
  readonly panel_push_meta: {
    readonly shared_hashes?: Readonly<Record<string, string>>
    readonly sources?: readonly { readonly source: string }[]
  }
}
