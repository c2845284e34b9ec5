// A server that follows another over a faulty connection, by board and by status stream. After each kind of fault it shows what the
// other shows, has closed the old connection and uses no more than before. Its log has one line when the other was lost and
// one when it is back, and none where nothing was lost.
import { afterEach, describe, expect, test } from 'vitest'
import { BoardFollower } from '../../src/sources/board.js'
import { seen, startBoardServer } from '../support/board-server.js'
import { textPanel } from '../support/boards.js'
import { type CapturedLog, capturedLog } from '../support/captured-log.js'
import { eventually } from '../support/eventually.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { follow } from '../support/followed.js'
import { holdsNoMoreThan, ownFootprint } from '../support/footprint.js'
import { startStatusServer } from '../support/status-server.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Side = {
  readonly proxy: FaultProxy
  readonly log: CapturedLog
  /** What the followed server shows from now on. */
  publish(n: number): void
  /** Whether the follower shows it. */
  shows(n: number): boolean
}

/** Comments come every second, so that silence is noticed soon; only for faults that are silence, since a busy machine is silent too. */
const SOON = { keepaliveMs: 1_000, timeoutSec: 2.5 }
type Patience = { readonly keepaliveMs?: number; readonly timeoutSec?: number }

async function byBoard({ keepaliveMs }: Patience): Promise<Side> {
  const settings = { sseEventsPerSec: 100_000 }
  const server = await startBoardServer('e1', settings, {}, keepaliveMs === undefined ? {} : { keepaliveMs })
  const proxy = await startFaultProxy(server.port)
  const log = capturedLog()
  const follower = new BoardFollower({ url: proxy.url, initialDelayMs: 5, log: log.log })
  closers.push(
    () => server.close(),
    () => proxy.close(),
    () => follower.close(),
  )
  const publish = (n: number) =>
    void server.publish([textPanel('a', `${n}`), textPanel('long', 'x'.repeat(3_000))])
  publish(0)
  follower.start(() => {})
  const shows = (): boolean => {
    const { board, fault } = follower.news
    if (board === null || fault !== null) return false
    const panels = new Map(board.panels.map(panel => [panel.key, panel]))
    return JSON.stringify(seen({ ...board, panels })) === JSON.stringify(seen(server.board))
  }
  return { proxy, log, publish, shows }
}

async function byStatus({ timeoutSec }: Patience): Promise<Side> {
  const statusOf = (n: number) => ({ n, filler: 'x'.repeat(3_000) })
  const server = await startStatusServer(statusOf(0))
  const proxy = await startFaultProxy(server.port)
  const log = capturedLog()
  const followed = follow(`${proxy.url}/events`, {
    forceFullRetrySec: 0.01,
    log: log.log,
    ...(timeoutSec === undefined ? {} : { timeoutSec }),
  })
  closers.push(
    () => server.close(),
    () => proxy.close(),
    () => followed.close(),
  )
  return {
    proxy,
    log,
    publish: n => server.hub.publishStatus(statusOf(n)),
    shows: n =>
      followed.readings.at(-1)?.ok === true &&
      JSON.stringify(followed.ingestor.state.baseline) === JSON.stringify(statusOf(n)),
  }
}

type Fault = {
  make(proxy: FaultProxy): void
  /** Nothing comes through until this is done. */
  letThrough?(proxy: FaultProxy): void
  /** The connection does not survive it. */
  readonly breaks: boolean
  readonly patience?: Patience
  readonly rounds?: number
}

const FAULTS: Readonly<Record<string, Fault>> = {
  cut: { make: proxy => proxy.cut(), breaks: true },
  'cut in the middle of an event': { make: proxy => proxy.cutAfter(20), breaks: true },
  reset: { make: proxy => proxy.reset(), breaks: true },
  // Between two chunks, at the place of the next chunk's size.
  'garbage in between': { make: proxy => proxy.garbage(Buffer.from('\xff\0 no size\r\n')), breaks: true },
  'gone silently': { make: proxy => proxy.lose('server'), breaks: true, patience: SOON, rounds: 2 },
  stalled: { make: proxy => proxy.stall(), letThrough: proxy => proxy.resume(), breaks: false },
  slow: { make: proxy => proxy.shape({ sizeBytes: () => 60, gapMs: 2 }), breaks: false },
  'split differently': { make: proxy => proxy.shape({ sizeBytes: () => 3, gapMs: 0 }), breaks: false },
}
/** More rounds than the tolerance of a footprint: a leak per fault would show. */
const ROUNDS = 12

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const LOST = /^the (followed server|stream) is lost; connecting again$/
const BACK = /^the (followed server|stream) is back$/

describe.each([
  { what: 'by its board', start: byBoard },
  { what: 'by its status stream', start: byStatus },
])('a server followed $what', ({ start }) => {
  test.each(Object.entries(FAULTS))('%s: equal again, nothing left behind, and logged', async (_, fault) => {
    const { make, letThrough, breaks, patience, rounds = ROUNDS } = fault
    const { proxy, log, publish, shows } = await start(patience ?? {})
    await eventually(() => shows(0), 'the first state')
    const linesLike = (pattern: RegExp) => log.lines().filter(({ msg }) => pattern.test(String(msg)))
    let n = 0
    const once = async (): Promise<void> => {
      const connections = proxy.connections
      make(proxy)
      publish(++n)
      publish(++n)
      if (letThrough !== undefined) {
        for (let i = 0; i < 50; i++) await turn()
        expect(shows(n)).toBe(false)
        letThrough(proxy)
      }
      await eventually(
        () => shows(n) && proxy.open === 1 && (!breaks || proxy.connections > connections),
        () => `state ${n}; ${proxy.open} connections are open, ${proxy.connections} were made`,
      )
    }
    await once()
    const before = ownFootprint()
    for (let round = 1; round < rounds; round++) await once()
    await holdsNoMoreThan(before)
    const outages = breaks ? rounds : 0
    await eventually(
      () => linesLike(BACK).length >= outages,
      () => `${outages} returns are logged: ${JSON.stringify(log.lines())}`,
    )
    // An impatient follower may take a busy machine for a fault.
    expect(linesLike(BACK).length).toBeLessThanOrEqual(patience === undefined ? outages : 3 * outages)
    // An outage may have several causes; each is logged once.
    expect(linesLike(LOST).length).toBeGreaterThanOrEqual(linesLike(BACK).length)
    expect(linesLike(LOST).length).toBeLessThanOrEqual(2 * linesLike(BACK).length)
    for (const { level, source, problem } of linesLike(LOST)) {
      expect(level).toBe(40)
      expect(String(source)).toContain(proxy.url)
      expect(String(problem)).not.toBe('')
    }
    expect(log.lines()).toHaveLength(linesLike(LOST).length + linesLike(BACK).length)
  })
})
