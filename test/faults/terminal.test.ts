// The dashboard of another server over a faulty connection, in a real terminal: it keeps the last board and says since when,
// shows the server's board as soon as it can, and keeps log lines off the screen until it ends.
import { afterEach, expect, test } from 'vitest'
import { type BoardServer, startBoardServer } from '../support/board-server.js'
import { textPanel } from '../support/boards.js'
import { eventually } from '../support/eventually.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { openFilesOf } from '../support/footprint.js'
import { endAllScreens, g6Screen } from '../terminal/support/pty.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  await endAllScreens()
  for (const close of closers.splice(0).reverse()) await close()
})

const HUB = { sseEventsPerSec: 10_000 }
const words = (n: number) => [textPanel('alerts', `message number ${n}`), textPanel('links', `link ${n}`)]

test('a dashboard shows the server’s board after every fault, and says when it cannot', async () => {
  let server: BoardServer = await startBoardServer('e1', HUB)
  closers.push(() => server.close())
  const proxy = await startFaultProxy(server.port)
  closers.push(() => proxy.close())
  server.publish(words(1))
  const screen = g6Screen(['dashboard', proxy.url, '--no-write-panels'], { env: { G6_LOG_FORMAT: 'json' } })
  await screen.shows('message number 1')
  const before = openFilesOf(screen.pid)

  const faults: (() => void | Promise<void>)[] = [
    () => proxy.cut(),
    () => proxy.cutAfter(60),
    () => proxy.reset(),
    () => proxy.shape({ sizeBytes: () => 5, gapMs: 0 }),
    async () => {
      proxy.target = 0
      await server.close()
      server = await startBoardServer('e2', HUB)
      server.publish(words(0))
      proxy.target = server.port
    },
  ]
  let n = 1
  for (const fault of faults) {
    await fault()
    server.publish(words(++n))
    await screen.shows(`message number ${n}`)
    await screen.shows(`link ${n}`)
  }

  // No server: the last content stays, and the top bar says so.
  proxy.target = 0
  proxy.cut()
  await screen.until(text => /\bio\b/.test(text.split('\n')[0] ?? ''), 'the top bar says io')
  await screen.shows(`message number ${n}`)
  proxy.target = server.port
  server.publish(words(++n))
  await screen.shows(`message number ${n}`)
  await screen.until(text => !/\bio\b/.test(text.split('\n')[0] ?? ''), 'the top bar no longer says io')
  await eventually(() => openFilesOf(screen.pid) <= before + 2, 'no file left open')
  expect(screen.text, 'no log line in the picture').not.toContain('followed server')

  screen.type('q')
  expect(await screen.exit).toBe(0)
  const lost = screen.raw.match(/the followed server is lost/g)?.length ?? 0
  const again = screen.raw.match(/the followed server is back/g)?.length ?? 0
  // Cut, cut, reset, gone: each is an outage with an end. A server that says bye and is back in time is none.
  expect([4, 5]).toContain(again)
  expect(lost).toBeGreaterThanOrEqual(again)
  expect(lost, 'a line for each kind of fault, not for each attempt').toBeLessThanOrEqual(2 * again)
})
