// An edge: a server that follows another server's board and serves it on unchanged.
import { afterEach, describe, expect, test } from 'vitest'
import { type ClientVerdict, type Connection, connect } from '../client/index.js'
import type { Board } from '../src/board/board.js'
import type { CycleResult } from '../src/engine/cycle.js'
import { FollowedBoards } from '../src/engine/followed-boards.js'
import { Loop } from '../src/engine/loop.js'
import { BoardFollower } from '../src/sources/board.js'
import { type BoardServer, seen, startBoardServer } from './support/board-server.js'
import { textPanel } from './support/boards.js'
import { eventually } from './support/eventually.js'
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
  test('shows the origin’s board, epoch, generation and hashes, blocks and facts included', async () => {
    const origin = await startBoardServer('e7')
    closers.push(() => origin.close())
    origin.publish([textPanel('a', '1'), textPanel('b', '1')])
    const edge = await startEdge(origin.url)
    await edge.reaches(origin.board)
    const facts = { NIFTY: { ltp: 24_500.5 }, market: 'open', items: [{ message: 'slow' }] }
    origin.publish([{ ...textPanel('a', '2'), facts }, textPanel('c', '1')])
    await edge.reaches(origin.board)
    const reader = client(edge.server.url, { view: 'blocks' })
    await reaches(reader, origin.board)
    expect(reader.board?.panels.get('a')?.facts).toEqual(facts)
    // The cycles after it changed nothing.
    const ours = edge.results.findLast(({ board }) => board.changed.length > 0)?.board
    expect(ours).toMatchObject({ epoch: 'e7', generation: 2, changed: ['a', 'c'], removed: ['b'] })
    expect(ours?.panels.get('a')?.blocks).toEqual(origin.board.panels.get('a')?.blocks)
    expect(edge.loop.sourceNow()).toMatchObject({ state: 'fresh', error: null })
  })

  test('passes the verdict on at once, with its time and its places, and adds what only the edge knows', async () => {
    const origin = await startBoardServer('e1')
    const well = { word: 'healthy', reasons: [], since: 1_000 } as const
    const bad = {
      word: 'failing',
      reasons: ['Provider: down', '2 more'],
      since: 2_000,
      places: [{ panel: 'a', row: 'Provider', label: 'State' }, null],
    } as const
    origin.publish([textPanel('a', '1')], well)
    const edge = await startEdge(origin.url)
    const reader = client(edge.server.url)
    const says = (isSo: (verdict: ClientVerdict) => boolean) =>
      eventually(
        () => isSo(reader.board?.verdict ?? { word: '', reasons: [] }),
        'the verdict reaches the reader of the edge',
      )
    await says(({ word }) => word === 'healthy')
    expect(reader.board?.verdict).toEqual(well)
    const before = reader.counts
    origin.publish([textPanel('a', '1')], bad)
    await says(({ word }) => word === 'failing')
    expect(reader.board?.verdict).toEqual(bad)
    expect(reader.board?.generation).toBe(1)
    expect(reader.counts.updates).toBe(before.updates)
    expect(edge.server.hub.stats().byType).toMatchObject({ verdict: 1 })
    origin.publish([textPanel('a', '1')], well)
    await says(({ word }) => word === 'healthy')
    const lostAtMs = Date.now()
    await origin.close()
    await says(({ word }) => word === 'failing')
    expect(reader.board?.verdict?.reasons[0]).toMatch(/^source /)
    expect(reader.board?.verdict?.since).toBeGreaterThanOrEqual(lostAtMs)
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
