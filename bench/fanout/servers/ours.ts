// Our hub, metrics and HTTP server as a program has them, fed with one panel that changes with every event.
//
// The marks the client looks for (`"s":` and `"t":` within the first 256 bytes) are members of the panel's block, so
// readers ask for `view=blocks`. Each event goes out at once: what is published in one tick could be joined into
// one write, which is faster, and not what is compared here.
import { hubObserver, readHub } from '../../../src/app/bind-metrics.js'
import { type Board, emptyBoard, nextBoard } from '../../../src/board/board.js'
import { systemClock } from '../../../src/clock/clock.js'
import { loadConfig } from '../../../src/config/load.js'
import type { Config } from '../../../src/config/settings.js'
import { Connections } from '../../../src/connection/connections.js'
import { createHttpServer } from '../../../src/http/server.js'
import { Hub } from '../../../src/hub/hub.js'
import { silentLog } from '../../../src/log/log.js'
import { createMetrics } from '../../../src/metrics/metrics.js'
import type { Block, Panel } from '../../../src/panels/panel.js'
import { paddingFor } from '../payload.js'
import { eventSizeBytes, nowNs, serveControl } from './control.js'

/** Id, event name, the members of update, panel and block, and the blank line. */
const OVERHEAD_BYTES = 291

/** Everything as it comes, but for the limits that a load from one address runs into. */
function benchConfig(): Config {
  const loaded = loadConfig({
    env: {
      G6_SSE_MAX_CONNECTIONS: '20000',
      G6_SSE_IP_CONNECT_RATE: '0',
      // A closed loop publishes as fast as it goes; tokens are reckoned as always, but never run out.
      G6_SSE_EVENTS_PER_SEC: '100000',
      // Overload is what is measured here, not what is answered with shedding.
      G6_SHED_LAG_MS: '0',
    },
  })
  if (loaded.ok) return loaded.config
  throw new Error(loaded.errors.map(({ message }) => message).join('; '))
}

const config = benchConfig()
/**
 * Texts that take turns: with gzip an event may refer to the few before it, and one text for all would be no board. Here every
 * number of every row is another one each time, where a board keeps most.
 */
const TEXTS = 32
const paddings = Array.from({ length: TEXTS }, (_, i) => paddingFor(eventSizeBytes(), OVERHEAD_BYTES, i + 7))
const paddingAt = (seq: number): string => paddings[seq % TEXTS] ?? ''
const NO_LINES: readonly string[] = []
const metrics = createMetrics({
  extended: config.sseMetricsExtended,
  processDefaults: true,
  version: 'bench',
  node: process.version,
})
const connections = new Connections()
const hub = new Hub({ settings: () => config, version: 'bench', observer: hubObserver(metrics), connections })
readHub(metrics, connections, hub, null)
let board: Board = emptyBoard('b')

function panelOf(title: string, block: Block): Panel {
  return { key: 'p', title, tone: 'ok', lines: NO_LINES, blocks: [block] }
}

function publish(seq: number): void {
  const block = { s: seq, t: 0, kind: 'text' as const, text: paddingAt(seq) }
  board = nextBoard(board, [panelOf(String(seq), block)], seq + 1, Math.round(performance.now()))
  block.t = nowNs() // from the board built to the byte at the client
  hub.publishNow(board, null)
}

async function listen(): Promise<number> {
  const server = createHttpServer({
    config: () => config,
    listeners: [
      {
        name: 'unified',
        port: 0,
        setting: 'G6_UNIFIED_HTTP_PORT',
        surfaces: ['stream', 'resync', 'metrics', 'other'],
      },
    ],
    hub,
    connections,
    panelKeys: () => new Set(board.panels.keys()),
    health: () => ({ ok: true }),
    ready: () => ({ ok: true, reason: '' }),
    metrics: accept => metrics.text(accept),
    log: silentLog,
    clock: systemClock,
    version: 'bench',
  })
  const [listening] = await server.listen()
  if (listening === undefined) throw new Error('the server listens nowhere')
  return Number(new URL(listening.url).port)
}

// What greets a reader carries no mark: it is no event of the run.
board = nextBoard(board, [panelOf('', { kind: 'text', text: paddingAt(0) })], 1, 0)
hub.publish(board, null)
await serveControl({ port: await listen(), path: '/summary/events?view=blocks', publish })
