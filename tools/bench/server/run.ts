// The smaller promises of the stream, on the real server in a process of its own: connect storms, resync, idle connections,
// unread answers; and the cost of a line diff, in this process.
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { storm } from '../../../bench/fanout/visitor.js'
import { startDemoServer } from '../../../bench/own-server.js'
import { median, percentile } from '../../../bench/stats.js'
import { applyLinesDiff, diffLines } from '../../../src/board/diff.js'
import { MAX_UNANSWERED } from '../../../src/http/request-turns.js'
import { residentKb, unreadPerSocket } from './unread.js'

const SETTLE_MS = 1_000

function resyncMs(url: string, agent: http.Agent): Promise<number> {
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const request = http.get(`${url}/summary/resync`, { agent }, response => {
      response.resume()
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startMs)
        else reject(new Error(`resync answered ${response.statusCode}`))
      })
    })
    request.on('error', reject)
  })
}

async function resync(url: string) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const samples: number[] = []
  for (let i = 0; i < 550; i++) samples.push(await resyncMs(url, agent))
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
async function connectStorm(url: string, count: number, overMs: number) {
  const { allMs, servedMs, sockets } = await storm(boardOf(url), count, overMs)
  for (const socket of sockets) socket.destroy()
  return {
    clients: count,
    all_ms: allMs,
    median_client_ms: median(servedMs),
    slowest_client_ms: Math.max(...servedMs),
  }
}

async function idle(url: string, count: number) {
  const residentMb = async (): Promise<number> => (await residentKb(url)) / 1024
  const beforeMb = median([await residentMb(), await residentMb(), await residentMb()])
  const { sockets } = await storm(boardOf(url), count, 0)
  await wait(SETTLE_MS * 3)
  const afterMb = median([await residentMb(), await residentMb(), await residentMb()])
  for (const socket of sockets) socket.destroy()
  return { clients: count, growth_mb: afterMb - beforeMb, target: { growth_mb: 0.5 } }
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
  const diff = lineDiff()
  const server = await startDemoServer()
  try {
    await wait(SETTLE_MS)
    const resyncs = await resync(server.url)
    const fifty = await connectStorm(server.url, 50, 0)
    await wait(SETTLE_MS)
    const thousand = await connectStorm(server.url, 1_000, 1_000)
    await wait(SETTLE_MS)
    const idling = await idle(server.url, 20)
    const few = await unreadPerSocket(server.url, 1_000, MAX_UNANSWERED)
    const many = await unreadPerSocket(server.url, 1_000, 950)
    const target = { kb_per_socket: 150 }
    return {
      structured_diff: diff,
      resync: resyncs,
      connect_50_at_once: { ...fifty, target: { all_ms: 100 } },
      connect_1000_in_a_second: { ...thousand, target: { all_ms: 2_000 } },
      idle_20: idling,
      unread_answers: { ...few, target },
      unread_packets: { ...many, target },
    }
  } finally {
    await server.stop()
  }
}
