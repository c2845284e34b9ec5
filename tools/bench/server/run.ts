// The smaller promises of the stream, on the real server in a process of its own: connect storms, resync, idle connections,
// unread answers; and the cost of a line diff, in this process.
import { setTimeout as wait } from 'node:timers/promises'
import { storm } from '../../../bench/fanout/visitor.js'
import { startDemoServer } from '../../../bench/own-server.js'
import { keptAlive, residentBytes, timedGet } from '../../../bench/requests.js'
import { median, percentile } from '../../../bench/stats.js'
import { applyLinesDiff, diffLines } from '../../../src/board/diff.js'
import { MAX_UNANSWERED } from '../../../src/http/request-turns.js'
import { unreadPerSocket } from './unread.js'

const SETTLE_MS = 1_000

async function resync(url: string) {
  const agent = keptAlive()
  const samples: number[] = []
  for (let i = 0; i < 550; i++) samples.push(await timedGet(`${url}/summary/resync`, agent))
  agent.destroy()
  const counted = samples.slice(50)
  return {
    requests: counted.length,
    p50_ms: median(counted),
    p99_ms: percentile(counted, 0.99),
    target: { p99_ms: 5 },
  }
}

const boardOf = (url: string) => ({
  port: Number(new URL(url).port),
  path: '/summary/events',
  mark: 'event: full_snapshot',
})

/** `count` clients within `overMs`: when the last of them had its whole board. */
async function connectStorm(url: string, count: number, overMs: number, limitMs: number) {
  const { allMs, servedMs, sockets } = await storm(boardOf(url), count, overMs)
  for (const socket of sockets) socket.destroy()
  await wait(SETTLE_MS)
  return {
    clients: count,
    all_ms: allMs,
    median_client_ms: median(servedMs),
    slowest_client_ms: Math.max(...servedMs),
    target: { all_ms: limitMs },
  }
}

async function idle(url: string, count: number) {
  const resident = async (): Promise<number> =>
    median([await residentBytes(url), await residentBytes(url), await residentBytes(url)])
  const before = await resident()
  const { sockets } = await storm(boardOf(url), count, 0)
  await wait(SETTLE_MS * 3)
  const growth_mb = ((await resident()) - before) / 1_048_576
  for (const socket of sockets) socket.destroy()
  return { clients: count, growth_mb, target: { growth_mb: 0.5 } }
}

function lineDiff() {
  const before = Array.from({ length: 1_000 }, (_, i) => `row ${i}: ${'x'.repeat(40)}`)
  const after = before.map((line, i) => (i % 25 === 0 ? `${line}!` : line))
  const samples: number[] = []
  for (let i = 0; i < 2_000; i++) {
    const startMs = performance.now()
    const diff = diffLines(before, after)
    samples.push(performance.now() - startMs)
    if (applyLinesDiff(before, diff)?.length !== after.length) throw new Error('the diff does not apply')
  }
  const counted = samples.slice(500)
  return { lines: 1_000, p50_ms: median(counted), p95_ms: percentile(counted, 0.95), target: { p95_ms: 0.1 } }
}

export async function benchServer() {
  const structured_diff = lineDiff()
  const { url, stop } = await startDemoServer()
  const unread = async (requests: number) => ({
    ...(await unreadPerSocket(url, 1_000, requests)),
    target: { kb_per_socket: 150 },
  })
  try {
    await wait(SETTLE_MS)
    return {
      structured_diff,
      resync: await resync(url),
      connect_50_at_once: await connectStorm(url, 50, 0, 100),
      connect_1000_in_a_second: await connectStorm(url, 1_000, 1_000, 2_000),
      idle_20: await idle(url, 20),
      unread_answers: await unread(MAX_UNANSWERED),
      unread_packets: await unread(950),
    }
  } finally {
    await stop()
  }
}
