// Our hub, metrics and HTTP server as the program has them, with one panel that changes with every event.
//
// The marks the client looks for (`"s":` and `"t":` within the first 256 bytes) are members of the panel's block, so
// readers use `view=blocks`. Each event is written at once: the hub could join the events of one tick into one write, which is
// faster, and not what is compared here.
import { hubObserver, readHub } from '../../../src/app/bind-metrics.js'
import { createMetrics } from '../../../src/metrics/metrics.js'
import type { Block, Panel } from '../../../src/panels/panel.js'
import { createHubServer } from '../../hub-server.js'
import { paddingFor } from '../payload.js'
import { eventSizeBytes, nowNs, serveControl } from './control.js'

/** The id, the event name, the members of update, panel and block, and the blank line. */
const OVERHEAD_BYTES = 291

/**
 * Texts in turn: with gzip an event may refer to the few before it, and the same text each time would be unlike a board. Here
 * every number of every row changes each time; a board keeps most of them.
 */
const TEXTS = 32
const paddings = Array.from({ length: TEXTS }, (_, i) => paddingFor(eventSizeBytes(), OVERHEAD_BYTES, i + 7))
const paddingAt = (seq: number): string => paddings[seq % TEXTS] ?? ''
const NO_LINES: readonly string[] = []

function panelOf(title: string, block: Block): Panel {
  return { key: 'p', title, tone: 'ok', lines: NO_LINES, blocks: [block] }
}

const metrics = createMetrics({
  extended: true,
  processDefaults: true,
  version: 'bench',
  node: process.version,
})
const server = createHubServer({
  observer: hubObserver(metrics),
  metrics: accept => metrics.text(accept),
  health: () => ({ ok: true }),
})
readHub(metrics, server.connections, server.hub, null)
// The first snapshot of a reader has no mark: it is not an event of the run.
server.hub.publish(server.next([panelOf('', { kind: 'text', text: paddingAt(0) })]), null)

await serveControl({
  port: Number(new URL(await server.listen()).port),
  path: '/summary/events?view=blocks',
  publish(seq) {
    const block = { s: seq, t: 0, kind: 'text' as const, text: paddingAt(seq) }
    const board = server.next([panelOf(String(seq), block)])
    block.t = nowNs() // from the finished board to the byte at the client
    server.hub.publishNow(board, null)
  },
})
