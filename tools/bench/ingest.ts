// What following a status stream costs: to apply one difference to a status of 1 MB, and the time of a difference from the
// producer's socket through a real server, in a process of its own, to the first byte at a reader.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startServer } from '../../bench/own-server.js'
import { median, percentile } from '../../bench/stats.js'
import { parseStatusEvent } from '../../src/ingest/parse.js'
import { EMPTY_STATE, reduce } from '../../src/ingest/store.js'
import { ByteClock } from './byte-clock.js'

const GAP_MS = 40

function statusOf(names: number, members: number) {
  const index = (n: number) =>
    Object.fromEntries(Array.from({ length: members }, (_, i) => [`m${i}`, n * i + 0.5]))
  return {
    cycle: 0,
    indices: Object.fromEntries(Array.from({ length: names }, (_, n) => [`INDEX${n}`, index(n)])),
  }
}

function event(id: number, type: string, payload: object): string {
  return JSON.stringify({ id, sequence: id, type, timestamp: 1, generation: 1, stream_id: 's', payload })
}

function diffOf(cycle: number, name: string) {
  const inner = { added: {}, removed: [], changed: { m1: { old: 0, new: cycle } } }
  return {
    added: {},
    removed: [],
    changed: { cycle: { old: cycle - 1, new: cycle } },
    nested: { indices: { added: {}, removed: [], changed: {}, nested: { [name]: inner } } },
  }
}

/** From the text of an event to the new baseline. */
function measureApply(count: number) {
  const status = statusOf(1_000, 80)
  const full = event(1, 'panel_full', { status })
  let state = reduce(EMPTY_STATE, parseStatusEvent('panel_full', full), 0)
  const samples: number[] = []
  for (let n = 1; n <= count; n++) {
    const text = event(n + 1, 'panel_diff', { diff: diffOf(n, `INDEX${n % 1_000}`) })
    const startMs = performance.now()
    state = reduce(state, parseStatusEvent('panel_diff', text), n)
    samples.push(performance.now() - startMs)
  }
  if (state.panelDiffApplied !== count) throw new Error(`applied ${state.panelDiffApplied} of ${count}`)
  return {
    status_bytes: full.length,
    p50_ms: median(samples),
    p95_ms: percentile(samples, 0.95),
    target: { p95_ms: 2 },
  }
}

async function startProducer() {
  const readers = new Set<ServerResponse>()
  let id = 1
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(
      `data: ${event(1, 'panel_full', { status: statusOf(4, 3) })}\nid: 1\nevent: panel_full\n\n`,
    )
    readers.add(response)
    response.on('close', () => readers.delete(response))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    send() {
      id++
      const data = event(id, 'panel_diff', { diff: diffOf(id, 'INDEX1') })
      for (const reader of readers) reader.write(`id: ${id}\nevent: panel_diff\ndata: ${data}\n\n`)
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function measureLatency(changes: number) {
  const producer = await startProducer()
  // No ticks and no heartbeats: every byte answers a difference.
  const server = await startServer(['serve', '--source', producer.url, '--refresh', '3600'], {
    G6_NO_WRITE_PANELS: '1',
    G6_SSE_HEARTBEAT_CYCLES: '100000',
  })
  const client = new ByteClock(server.url)
  try {
    await wait(1_000)
    const samples: number[] = []
    for (let i = 0; i < changes; i++) {
      const arrival = client.next()
      const startMs = performance.now()
      producer.send()
      samples.push((await arrival) - startMs)
      await wait(GAP_MS)
    }
    return { changes, p50_ms: median(samples), p99_ms: percentile(samples, 0.99), target: { p99_ms: 15 } }
  } finally {
    client.close()
    await server.stop()
    producer.close()
  }
}

export async function benchIngest(changes: number) {
  const apply = measureApply(5_000)
  return { bench: 'ingest', apply, ingest_to_reader: await measureLatency(changes) }
}
