// A run of faults between a real server and one client: random boards, cuts, cuts mid-event, resets, stalls, a slow connection,
// split bytes, restarts, token shortage, and extra bytes. After every round the client must show exactly
// the server's board; at the end this process must use no more than early in the run.
import type { Board } from '../../src/board/board.js'
import type { Panel } from '../../src/panels/panel.js'
import { type BoardServer, startBoardServer } from './board-server.js'
import { textPanel } from './boards.js'
import { type FaultProxy, startFaultProxy } from './fault-proxy.js'
import { type Footprint, holdsNoMoreThan, ownFootprint } from './footprint.js'

/** A small seeded generator (mulberry32), to repeat a failing run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const KEYS = ['header', 'cycle', 'indices', 'alerts', 'links', 'long']

function randomPanels(random: () => number): Panel[] {
  const pick = (most: number): number => Math.floor(random() * most)
  return KEYS.filter(() => random() < 0.85).map(key =>
    textPanel(
      key,
      ...Array.from(
        { length: key === 'long' ? 40 + pick(20) : pick(6) },
        (_, i) => `${i}: ${'₹x'.repeat(1 + pick(4))}`,
      ),
    ),
  )
}

export type FaultRunClient = {
  /** Resolves when the client shows this board. */
  reaches(board: Board): Promise<void>
}

export type FaultRun = {
  /** How often each fault happened. */
  readonly rounds: Readonly<Record<string, number>>
  readonly connections: number
}

/** The share of the run after which nothing may grow any more. */
const WARM = 0.3

export async function runFaults(options: {
  readonly rounds: number
  readonly seed: number
  /** Insert bytes too: a client may take some of them for real ones. */
  readonly garbage?: boolean
  readonly start: (url: string) => Promise<FaultRunClient> | FaultRunClient
}): Promise<FaultRun> {
  const random = seeded(options.seed)
  const pick = (most: number): number => Math.floor(random() * most)
  let epochs = 0
  const startServer = (): Promise<BoardServer> =>
    // Small events make groups and cut panels; few tokens make readers fall behind.
    startBoardServer(`e${++epochs}`, {
      sseMaxEventBytes: 1_500,
      sseEventsPerSec: 200,
      sseStructMaxChanges: 20,
    })
  let server = await startServer()
  const proxy: FaultProxy = await startFaultProxy(server.port)
  const done: Record<string, number> = {}
  const publish = (times: number): void => {
    for (let i = 0; i < times; i++) server.publish(randomPanels(random))
  }
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const faults: Record<string, () => Promise<void> | void> = {
    nothing: () => publish(1 + pick(3)),
    cut: async () => {
      publish(1)
      if (random() < 0.5) await turn()
      proxy.cut()
      publish(pick(3))
    },
    cutMidEvent: async () => {
      proxy.cutAfter(1 + pick(3_000))
      for (let i = 0; i < 4; i++) {
        publish(1)
        await turn()
      }
    },
    reset: async () => {
      publish(1)
      if (random() < 0.5) await turn()
      proxy.reset()
      publish(pick(3))
    },
    slow: async () => {
      proxy.shape({ sizeBytes: () => 200, gapMs: 1 })
      for (let i = 0; i < 3; i++) {
        publish(1)
        await turn()
      }
    },
    otherPieces: async () => {
      proxy.shape({ sizeBytes: () => 1 + pick(random() < 0.5 ? 3 : 900), gapMs: 0 })
      for (let i = 0; i < 3; i++) {
        publish(1)
        await turn()
      }
    },
    ...(options.garbage === true && {
      garbage: async () => {
        publish(1)
        await turn()
        proxy.garbage(Buffer.from(Array.from({ length: 1 + pick(60) }, () => pick(256))))
        publish(1 + pick(2))
        await turn()
        // Bytes that look like the server's stay accepted until the connection ends.
        proxy.cut()
      },
    }),
    stall: async () => {
      proxy.stall()
      for (let i = 0; i < 5; i++) {
        publish(2)
        await turn()
      }
      proxy.resume()
    },
    shortage: async () => {
      for (let i = 0; i < 150; i++) {
        publish(1)
        if (i % 10 === 0) await turn()
      }
    },
    restart: async () => {
      publish(1)
      const old = server
      proxy.target = 0
      if (random() < 0.5) proxy.cut()
      await old.close()
      server = await startServer()
      proxy.target = server.port
      publish(1 + pick(3))
    },
  }
  try {
    publish(1)
    const client = await options.start(proxy.url)
    await client.reaches(server.board)
    let warm: Footprint | null = null
    for (let round = 0; round < options.rounds; round++) {
      const names = Object.keys(faults)
      // Each of them once, then at random.
      const name = names[round] ?? names[pick(names.length)] ?? 'nothing'
      done[name] = (done[name] ?? 0) + 1
      await faults[name]?.()
      // Whatever happened to the round's events, there is a state to reach.
      await client.reaches(server.board)
      proxy.shape(null)
      if (round === Math.floor(options.rounds * WARM)) warm = ownFootprint()
    }
    if (warm !== null) await holdsNoMoreThan(warm)
    return { rounds: done, connections: proxy.connections }
  } finally {
    await proxy.close()
    await server.close()
  }
}
