// An edge: a server that follows another server's board and serves it on unchanged.
import { afterEach, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../client/index.js'
import type { Board } from '../src/board/board.js'
import type { CycleResult } from '../src/engine/cycle.js'
import { FollowedBoards } from '../src/engine/followed-boards.js'
import { Loop } from '../src/engine/loop.js'
import { BoardFollower } from '../src/sources/board.js'
import { type BoardServer, seen, startBoardServer } from './support/board-server.js'
import { textPanel } from './support/boards.js'
import { startFaultProxy } from './support/fault-proxy.js'
import { runFaults } from './support/fault-run.js'
import { reaches } from './support/reaches.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Edge = {
  readonly server: BoardServer
  readonly loop: Loop
  readonly results: CycleResult[]
  /** Resolves when the edge shows this board. */
  reaches(board: Board): Promise<void>
}

/** A follower of `url` in front of a real hub and HTTP server. */
async function startEdge(url: string): Promise<Edge> {
  const server = await startBoardServer('edge', { sseEventsPerSec: 100_000 })
  const results: CycleResult[] = []
  const waiting = new Set<() => void>()
  const refreshMs = () => 50
  const boards = new FollowedBoards({
    source: new BoardFollower({ url, initialDelayMs: 5 }),
    refreshMs,
    limits: () => ({ warnSec: 60, errorSec: 180 }),
    timezone: () => 'UTC',
  })
  const loop = new Loop({
    boards,
    epoch: '',
    outputs: [
      {
        name: 'stream',
        publish(result) {
          results.push(result)
          if (result.board.generation > 0) server.hub.publish(result.board, result.stats.hitRatio)
          for (const look of [...waiting]) look()
        },
        close: () => Promise.resolve(),
      },
    ],
    refreshMs,
    churnWarnRatio: () => 1,
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
  })
  loop.start()
  closers.push(async () => {
    await loop.stop()
    await server.close()
  })
  return {
    server,
    loop,
    results,
    reaches: board =>
      new Promise(resolve => {
        const wanted = JSON.stringify(seen(board))
        const look = (): void => {
          const latest = results.at(-1)
          if (latest === undefined || JSON.stringify(seen(latest.board)) !== wanted) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

function client(url: string, options: Parameters<typeof connect>[1] = {}): Connection {
  const connection = connect(url, { initialDelayMs: 5, ...options })
  closers.push(() => connection.close())
  return connection
}

describe('an edge', () => {
  test('shows the origin’s board, epoch, generation and hashes, blocks included', async () => {
    const origin = await startBoardServer('e7')
    closers.push(() => origin.close())
    origin.publish([textPanel('a', '1'), textPanel('b', '1')])
    const edge = await startEdge(origin.url)
    await edge.reaches(origin.board)
    origin.publish([textPanel('a', '2'), textPanel('c', '1')])
    await edge.reaches(origin.board)
    const ours = edge.loop.latest?.board
    expect(ours).toMatchObject({ epoch: 'e7', generation: 2, changed: ['a', 'c'], removed: ['b'] })
    expect(ours?.panels.get('a')?.blocks).toEqual(origin.board.panels.get('a')?.blocks)
    expect(edge.loop.sourceNow()).toMatchObject({ state: 'fresh', error: null })
  })

  test('accepts a client of the origin, which misses nothing and gets nothing twice', async () => {
    const origin = await startBoardServer('e1')
    closers.push(() => origin.close())
    const proxy = await startFaultProxy(origin.port)
    closers.push(() => proxy.close())
    origin.publish([textPanel('a', '1'), textPanel('b', '1')])
    const edge = await startEdge(origin.url)
    const reader = client(proxy.url)
    await reaches(reader, origin.board)
    await edge.reaches(origin.board)
    // From the origin to the edge, with the changes in between.
    proxy.target = edge.server.port
    proxy.cut()
    origin.publish([textPanel('a', '2'), textPanel('b', '1')])
    await reaches(reader, origin.board)
    // And back.
    proxy.target = origin.port
    proxy.cut()
    origin.publish([textPanel('a', '2')])
    await reaches(reader, origin.board)
    expect(reader.counts).toMatchObject({ snapshots: 1, mismatches: 0, resyncs: 0, reconnects: 2 })
    expect(edge.server.hub.stats().resumed.resumed).toBe(1)
    expect(origin.hub.stats().resumed.resumed).toBe(1)
  })

  test('begins again with the origin’s new epoch, and so do its clients', async () => {
    const one = await startBoardServer('e1')
    const proxy = await startFaultProxy(one.port)
    closers.push(() => proxy.close())
    for (const text of ['1', '2', '3']) one.publish([textPanel('a', text)])
    const edge = await startEdge(proxy.url)
    const reader = client(edge.server.url)
    await reaches(reader, one.board)
    await one.close()
    const two = await startBoardServer('e2')
    closers.push(() => two.close())
    two.publish([textPanel('a', '9')])
    proxy.target = two.port
    await reaches(reader, two.board)
    expect(reader.board).toMatchObject({ epoch: 'e2', generation: 1 })
    expect(reader.counts.reconnects, 'the edge kept the connection').toBe(0)
  })

  test('says that the origin is gone, keeps the last board, and recovers', async () => {
    const origin = await startBoardServer('e1')
    closers.push(() => origin.close())
    const proxy = await startFaultProxy(origin.port)
    closers.push(() => proxy.close())
    origin.publish([textPanel('a', '1')])
    const edge = await startEdge(proxy.url)
    await edge.reaches(origin.board)
    proxy.target = 0
    proxy.cut()
    while (edge.loop.sourceNow().state === 'fresh') await new Promise(resolve => setImmediate(resolve))
    expect(edge.loop.sourceNow()).toMatchObject({ state: 'io', error: expect.any(String) })
    expect(edge.loop.latest?.board.panels.get('a')?.lines).toEqual(['1'])
    proxy.target = origin.port
    origin.publish([textPanel('a', '2')])
    await edge.reaches(origin.board)
    while (edge.loop.sourceNow().state !== 'fresh') await new Promise(resolve => setImmediate(resolve))
  })

  test('is equal again after each of 100 rounds of faults, and so is a structured client behind it', async () => {
    await runFaults({
      rounds: 100,
      seed: 99,
      start: async url => {
        const edge = await startEdge(url)
        const reader = client(edge.server.url, { structured: true })
        return {
          reaches: async board => {
            await edge.reaches(board)
            await reaches(reader, board)
            expect(reader.counts.mismatches).toBe(0)
          },
        }
      },
    })
  })
})
