// `g6 fleet demo` as a person uses it: a key kills a server, the address stays right, and nothing is left behind.
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from './support/eventually.js'
import { endAll, g6 } from './support/g6.js'
import { installRedis } from './support/redis-server.js'

let folder = ''
afterEach(async () => {
  await endAll()
  if (folder !== '') await rm(folder, { recursive: true, force: true })
  folder = ''
})

type Board = { readonly epoch: string }

test('the demo of a fleet goes on without one of its servers, and ends with everything it started', async () => {
  installRedis()
  folder = await mkdtemp(join(tmpdir(), 'g6-demo-test-'))
  const demo = g6(['fleet', 'demo', '--nodes', '2'], { TMPDIR: folder }, { input: 'pipe' })
  const [, base = ''] = await demo.until(/page {5}(http:\S+)\//)
  const pids = [...demo.output().out.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid))
  expect(pids).toHaveLength(3)
  // One that follows: without its publisher a fleet waits for the lease to end (test/fleet.test.ts).
  const [, leader] = await demo.until(/server (\d) is leading/)
  const killed = leader === '1' ? '2' : '1'
  const board = async (): Promise<Board> => (await (await fetch(`${base}/summary/resync`)).json()) as Board
  const { epoch } = await board()

  demo.child.stdin?.write(killed)
  await demo.until(new RegExp(`server ${killed} ended \\(SIGKILL\\)`))
  for (let i = 0; i < 3; i++) expect((await board()).epoch).toBe(epoch)
  demo.child.stdin?.write(killed)
  await demo.until(new RegExp(`server ${killed} ended[^]*server ${killed} is following`))

  demo.signal('SIGINT')
  expect(await demo.exit).toBe(0)
  expect(pids.filter(pid => existsSync(`/proc/${pid}`))).toEqual([])
  expect(await readdir(folder)).toEqual([])
}, 60_000)

test('a demo that is killed leaves nothing behind', async () => {
  installRedis()
  folder = await mkdtemp(join(tmpdir(), 'g6-demo-test-'))
  const demo = g6(['fleet', 'demo', '--nodes', '1'], { TMPDIR: folder }, { input: 'pipe' })
  await demo.until(/redis .*process \d+/)
  const pids = [...demo.output().out.matchAll(/process (\d+)/g)].map(([, pid]) => pid)
  expect(pids).toHaveLength(2)
  demo.signal('SIGKILL')
  await eventually(() => pids.every(pid => !existsSync(`/proc/${pid}`)), 'all have ended')
  await eventually(async () => (await readdir(folder)).length === 0, 'its folder is removed')
}, 60_000)

test('without a Redis on this machine the demo says what to install', async () => {
  const demo = g6(['fleet', 'demo'], { PATH: '/nowhere' })
  expect(await demo.exit).toBe(1)
  expect(demo.output().err).toContain('apt-get install redis-server')
})
