// Several `g6 serve` with one Redis, as operators run them: one board, whatever ends.
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { fleetMetrics } from '../src/metrics/families/fleet.js'
import { fleetDocument, publishersOf } from '../src/protocol/fleet.js'
import { ChatReader } from './support/chat-reader.js'
import { eventually } from './support/eventually.js'
import { endAll, g6, type Running } from './support/g6.js'
import { startHandUpstream } from './support/hand-upstream.js'
import { type RedisServer, startRedis } from './support/redis-server.js'
import { SummaryClient } from './support/summary-client.js'

let folder = ''
let redis: RedisServer | null = null
const clients: SummaryClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await endAll()
  await redis?.close()
  redis = null
  if (folder !== '') await rm(folder, { recursive: true, force: true })
  folder = ''
})

/** Those that such a run moves; the others have a test where they are counted. */
const FLEET_METRICS = Object.keys(fleetMetrics).filter(name => !/fenced|unshared|g6_chat_/.test(name))

/** A collector's file: whole, by rename. */
async function write(n: number): Promise<void> {
  const file = join(folder, 'status.json')
  const status = { timestamp: new Date().toISOString(), cycle: n, indices: { NIFTY: { ltp: n } } }
  await writeFile(`${file}.new`, JSON.stringify(status))
  await rename(`${file}.new`, file)
}

type Board = {
  readonly epoch: string
  readonly generation: number
  readonly panels: Readonly<Record<string, { readonly hash: string; readonly lines: readonly string[] }>>
}
type Health = {
  readonly fleet: { readonly seat: string; readonly term: number | null; readonly nodes: number }
  readonly degraded: readonly string[]
}

class Node {
  isReady = false

  private constructor(
    readonly running: Running,
    readonly url: string,
  ) {}

  /** Without `file` it has no source of its own. */
  static async start({ file = true, env = {} } = {}): Promise<Node> {
    const source = file ? ['--status-file', join(folder, 'status.json')] : []
    const running = g6(['serve', '--port', '0', '--no-write-panels', ...source], {
      G6_REDIS_URL: redis?.url ?? '',
      G6_SUMMARY_REFRESH_SEC: '0.5',
      ...env,
    })
    return new Node(running, await running.url())
  }

  async board(path = ''): Promise<Board> {
    return (await (await fetch(`${this.url}${path}/summary/resync`)).json()) as Board
  }

  async health(): Promise<Health> {
    return (await (await fetch(`${this.url}/summary/health`)).json()) as Health
  }

  async metrics(): Promise<string> {
    return await (await fetch(`${this.url}/metrics`)).text()
  }

  /** Ready once, it stays so: the engine alone never changes that. */
  async checkReady(): Promise<boolean> {
    const { ok } = await fetch(`${this.url}/readyz`)
    if (this.isReady && !ok) throw new Error(`${this.url} is not ready any more`)
    this.isReady ||= ok
    return ok
  }

  /** `path`: of another board. */
  read(lastEventId?: string, path = ''): SummaryClient {
    const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
    const client = new SummaryClient(`${this.url}${path}/summary/events`, headers)
    clients.push(client)
    return client
  }

  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.running.signal(signal)
    return this.running.exit
  }
}

/** Resolves with the publisher when all show its board, and that is the file with `n`. */
async function agree(nodes: readonly Node[], n: number): Promise<Node> {
  let why = ''
  return await eventually(
    async () => {
      for (const node of nodes) if (!(await node.checkReady())) return null
      const boards = await Promise.all(nodes.map(node => node.board()))
      const healths = await Promise.all(nodes.map(node => node.health()))
      why = JSON.stringify([healths, boards.map(({ epoch, generation }) => `${epoch}-${generation}`)])
      const shown = boards.map(({ epoch, generation, panels }) =>
        JSON.stringify([epoch, generation, Object.entries(panels).map(([key, { hash }]) => [key, hash])]),
      )
      const isFile = boards[0]?.panels.cycle?.lines[0] === `cycle: ${n}`
      const leading = nodes.filter((_, i) => healths[i]?.fleet.seat === 'leading')
      const isWell = healths.every(({ degraded }) => degraded.length === 0)
      return isFile && isWell && new Set(shown).size === 1 && leading.length === 1
        ? (leading[0] ?? null)
        : null
    },
    () => `all agree on ${n}: ${why}`,
  )
}

/** Resolves with the board of the servers when all show the same one, with such a publisher. */
async function agreeOnServers(nodes: readonly Node[], publisher: RegExp): Promise<Board> {
  let why = ''
  return await eventually(
    async () => {
      const boards = await Promise.all(nodes.map(node => node.board('/fleet')))
      const [first] = boards
      why = JSON.stringify(boards)
      const isSame = new Set(boards.map(({ epoch, generation }) => `${epoch}-${generation}`)).size === 1
      return isSame && publisher.test(first?.panels.publisher?.lines[1] ?? '') ? (first ?? null) : null
    },
    () => `all show one board of the servers: ${why}`,
  )
}

const others = (nodes: readonly Node[], node: Node): Node[] => nodes.filter(each => each !== node)

test('four servers show one board, resume each other’s readers, and go on without any of them, and without Redis', {
  timeout: 180_000,
}, async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-fleet-'))
  redis = await startRedis()
  await write(1)
  // One has no source of its own.
  const starts = [Node.start(), Node.start(), Node.start(), Node.start({ file: false })] as const
  const [one, two, three, follower] = await Promise.all(starts)
  let nodes: readonly Node[] = [one, two, three, follower]
  const first = await agree(nodes, 1)

  // Each knows all, when all have beaten since one publishes.
  const roles = async ({ url }: Node): Promise<string> => {
    const { nodes: known } = fleetDocument.parse(await (await fetch(`${url}/fleet`)).json())
    return known
      .map(({ role }) => role)
      .sort()
      .join()
  }
  for (const node of [first, follower])
    await eventually(
      async () => (await roles(node)) === 'following,following,following,leading',
      'all are known, and who publishes',
    )
  // A server whose tokens nobody here knows is of another fleet.
  const stranger = g6(['serve', '--port', '0', '--no-write-panels'], {
    G6_REDIS_URL: redis.url,
    G6_SSE_API_TOKEN: 'a-token-of-another-fleet',
  })
  const asking = g6(['fleet', follower.url])
  expect(await Promise.all([asking.exit, stranger.exit])).toEqual([0, 1])
  expect(asking.output().out).toMatch(/^fleet g6: 4 servers, .* publishes\n/)
  expect(stranger.output().err).toContain('G6_FLEET')

  // The board of the servers is one board too, with a page and a stream that resumes at any of them.
  const servers = await eventually(async () => {
    const shown = await agreeOnServers(nodes, /^publisher: /)
    return shown.panels.nodes?.lines.length === 1 + nodes.length && shown
  }, 'it lists all of them')
  const page = await fetch(`${first.url}/fleet/`)
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  const health = (await (await fetch(`${follower.url}/fleet/summary/health`)).json()) as {
    readonly display: { readonly title: string }
  }
  expect(health.display.title).toBe('fleet g6')
  const there = follower.read(`${servers.epoch}-${servers.generation}`, '/fleet')
  const { data: hello } = await there.event('hello')
  expect(hello).toMatchObject({ resumed: true })

  // A reader that moves is resumed with what it lacks, and nothing else.
  const moving = first.read()
  const snapshot = await moving.event('full_snapshot')
  moving.close()
  await write(2)
  await agree(nodes, 2)
  const arrived = follower.read(snapshot.id ?? '')
  await arrived.event('panel_update')
  expect(arrived.reader.events.map(({ event }) => event)).not.toContain('full_snapshot')

  // Nothing per reader touches Redis: of those that come back none asks for a reading.
  const readings = async () =>
    /^g6_fleet_pulls_total\{why="reader"\} (\d+)$/m.exec(await follower.metrics())?.[1]
  const before = await readings()
  const storm = Array.from({ length: 20 }, () => follower.read(arrived.reader.lastId ?? ''))
  for (const reader of storm) expect((await reader.event('hello')).data).toMatchObject({ resumed: true })
  expect(await readings()).toBe(before)

  // The publisher stops: it hands over before it ends its readers.
  const leaving = first.read()
  await leaving.event('full_snapshot')
  nodes = others(nodes, first)
  const [code, next] = await Promise.all([first.end('SIGTERM'), agree(nodes, 2)])
  expect(code).toBe(0)
  await leaving.ended()
  expect(leaving.reader.events.at(-1)?.event).toBe('bye')
  await write(3)
  expect(await agree(nodes, 3)).toBe(next)

  // The publisher is killed: its lease ends, and the only other one with a source takes it.
  const watching = follower.read()
  await watching.event('full_snapshot')
  await next.end('SIGKILL')
  nodes = others(nodes, next)
  await write(4)
  const last = await agree(nodes, 4)
  expect(last).not.toBe(follower)
  // The one that was killed counts as a node for 15 s, and not as the publisher.
  await eventually(async () => {
    const document = fleetDocument.parse(await (await fetch(`${last.url}/fleet`)).json())
    return (
      publishersOf(document.nodes)
        .map(({ node }) => node)
        .join() === document.node
    )
  }, 'the new one alone is the publisher')

  // Redis is gone: nobody is cut, all are ready, and say so.
  await redis.kill()
  await eventually(
    async () => {
      for (const node of nodes) await node.checkReady()
      const healths = await Promise.all(nodes.map(node => node.health()))
      return healths.map(({ fleet }) => fleet.seat).join() === nodes.map(seatOf).join()
    },
    () => 'one is alone, the other adrift',
  )
  function seatOf(node: Node): string {
    return node === last ? 'alone' : 'adrift'
  }
  for (const node of nodes) expect((await node.health()).degraded).toEqual(['engine'])
  for (const node of nodes) {
    const { panels } = await eventually(async () => {
      const board = await node.board('/fleet')
      return board.panels.engine?.lines[0] === 'state: gone !!' && board
    }, 'each shows itself')
    expect(panels.nodes?.lines).toHaveLength(2)
  }
  const metrics = await follower.metrics()
  expect(metrics).toMatch(/^g6_fleet_engine_up 0$/m)
  expect(metrics).toMatch(/^g6_fleet_seat\{seat="adrift"\} 1$/m)
  await write(5)
  await redis.start()
  await agree(nodes, 5)
  expect(watching.closed).toBe(false)
  const moved = [await follower.metrics(), await last.metrics()].join('\n')
  for (const name of FLEET_METRICS)
    expect(moved).toMatch(new RegExp(`^${name}(_count)?(\\{.*\\})? [1-9]`, 'm'))
  // One line for each change, however often a busy machine keeps Redis from answering in time.
  for (const { running } of nodes) {
    const lines = running.output().err.match(/Redis does not answer|Redis answers again/g) ?? []
    expect(lines.length).toBeGreaterThanOrEqual(2)
    lines.forEach((line, i) => {
      expect(line).toBe(i % 2 === 0 ? 'Redis does not answer' : 'Redis answers again')
    })
  }
})

test('an answer of the relay is resumed, joined and stopped at another server, also after its own one has ended', {
  timeout: 60_000,
}, async () => {
  redis = await startRedis()
  const upstream = await startHandUpstream()
  try {
    const env = {
      RAG_BACKEND_URL: upstream.url,
      ENABLE_SSE_STREAMING: 'true',
      ENABLE_AUDIT_TRAIL: 'false',
      G6_CHAT_RATE: '2/60',
      G6_SHUTDOWN_GRACE_MS: '2000',
    }
    const [here, there] = await Promise.all([1, 2].map(() => Node.start({ file: false, env })))
    if (here === undefined || there === undefined) throw new Error('two servers')
    const prefix = '/api/v2/bali-zero/chat-stream'
    const ask = (node: Node, key: string) =>
      new ChatReader(`${node.url}${prefix}`, {
        method: 'POST',
        body: { query: 'q' },
        headers: { 'idempotency-key': key },
      })
    const has = (count: number) => (reader: ChatReader) => reader.ofType('token').length >= count
    const first = ask(here, 'k')
    await upstream.say('a', 'b')
    await first.until(has(2))
    const second = await new ChatReader(`${there.url}${prefix}/${first.streamId}?after=1`).until(has(1))
    const third = await ask(there, 'k').until(has(2))
    expect([second.answer, third.answer, upstream.asked()]).toEqual(['b', 'ab', 1])
    // Two starts were counted, whichever server they came to.
    expect((await ask(here, 'l').end()).status).toBe(429)
    expect(await here.end('SIGTERM')).toBe(0)
    for (const reader of [first, second, third]) {
      await reader.end()
      expect(reader.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'shutdown' } }])
    }
    const again = await new ChatReader(`${there.url}${prefix}/${first.streamId}`).end()
    expect(again.numbered).toEqual(first.numbered)
    expect(await there.metrics()).toMatch(/^g6_chat_shared_lag_events 0$/m)
    await redis.kill()
    // Decided without Redis, by its share of the limit.
    const alone = await ask(there, 'm').until(({ status }) => status !== 0)
    expect(await there.metrics()).toMatch(/^g6_chat_limits_local_total [1-9]/m)
    alone.cut()
    const unknown = await new ChatReader(`${there.url}${prefix}/AAAAAAAAAAAAAAAAAAAAAA`).end()
    expect(unknown.status).toBe(503)
    expect(there.running.output().err).not.toContain('answers cannot be shared')
  } finally {
    await upstream.close()
  }
})

/** Of ioredis, of a script of the fleet, and of the shared answers. */
const OF_A_FLEET = ['ClusterAllFailedError', 'holderInfo', 'the shared log has']

test('a server by itself loads nothing of the fleet', async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-alone-'))
  await write(1)
  const coverage = join(folder, 'coverage')
  const loaded = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const running = g6(
      ['serve', '--port', '0', '--no-write-panels', '--status-file', join(folder, 'status.json')],
      {
        NODE_V8_COVERAGE: coverage,
        ...env,
      },
    )
    await running.url()
    running.signal('SIGTERM')
    expect(await running.exit).toBe(0)
    const texts = await Promise.all(
      (await readdir(coverage)).map(file => readFile(join(coverage, file), 'utf8')),
    )
    await rm(coverage, { recursive: true })
    const files = new Set(texts.join('\n').match(/file:[^"]*\/program\/[^"]*\.js/g))
    const sources = await Promise.all([...files].map(file => readFile(new URL(file), 'utf8')))
    return OF_A_FLEET.filter(word => sources.some(source => source.includes(word)))
  }
  redis = await startRedis()
  expect(await loaded({ G6_REDIS_URL: redis.url })).toEqual(OF_A_FLEET)
  expect(await loaded({})).toEqual([])
})
