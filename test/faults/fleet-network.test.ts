// A fleet over a network: the link of the publisher goes down without a sign, and the next publisher is stopped by SIGSTOP.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { endAll, g6, type Running } from '../support/g6.js'
import { otherMachine } from '../support/net-namespace.js'
import { startRedis } from '../support/redis-server.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  await endAll()
  for (const close of closers.splice(0).reverse()) await close()
})

type Board = {
  readonly epoch: string
  readonly panels: Readonly<Record<string, { readonly lines: readonly string[] }>>
}

test('a publisher whose cable is pulled, and one that is paused, are each replaced; what wakes up follows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'g6-fleet-network-'))
  closers.push(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'status.json')
  const write = async (n: number): Promise<void> => {
    const status = { timestamp: new Date().toISOString(), cycle: n, indices: { NIFTY: { ltp: n } } }
    await writeFile(`${file}.new`, JSON.stringify(status))
    await rename(`${file}.new`, file)
  }
  await write(1)
  const other = otherMachine()
  closers.push(() => other.remove())
  const port = await freePort()
  // Open to the other end of the cable.
  const network = ['--bind', '127.0.0.1', other.host, '--protected-mode', 'no']
  const redis = await startRedis({ args: ['--port', `${port}`, ...network] })
  closers.push(() => redis.close())
  const start = (host: string, via: readonly string[] = []): Running =>
    g6(
      ['serve', '--port', '0', '--no-write-panels', '--status-file', file],
      { G6_REDIS_URL: `redis://${host}:${port}`, G6_SUMMARY_REFRESH_SEC: '0.5' },
      { via },
    )
  const leads = (running: Running): Promise<unknown> => running.until(/publishes the board of the fleet/)

  // The first one there is leads.
  const far = start(other.host, other.via)
  await leads(far)
  const near = [start('127.0.0.1'), start('127.0.0.1')]
  const urls = await Promise.all(near.map(running => running.url()))
  const boards = (): Promise<Board[]> =>
    Promise.all(urls.map(async url => (await (await fetch(`${url}/summary/resync`)).json()) as Board))
  const agree = (n: number): Promise<unknown> =>
    eventually(async () => {
      const [a, b] = await boards()
      return a?.epoch === b?.epoch && a?.panels.cycle?.lines[0] === `cycle: ${n}`
    }, `both show ${n}`)
  await Promise.all(near.map(running => running.until(/a node of a fleet/)))
  await agree(1)

  other.pullCable()
  const first = await Promise.race(near.map(running => leads(running).then(() => running)))
  const second = near.find(running => running !== first)
  if (second === undefined) throw new Error('one leads')
  // It says so itself, and goes on with its own board.
  await far.until(/Redis does not answer/)
  await far.until(/shows its own board until Redis is back/)
  await write(2)
  await agree(2)

  first.signal('SIGSTOP')
  await leads(second)
  await write(3)
  first.signal('SIGCONT')
  await first.until(/publishes the board of the fleet[\s\S]*follows the board of the fleet/)
  await agree(3)
  expect(far.output().err).not.toMatch(/"level":50/)
})
