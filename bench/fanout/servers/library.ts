// The library as docs/library.md shows it: node:http, a hub, a board with one panel.
//
// The members that the client looks for (`"s":` and `"t":`) are in the block; a table without rows has no lines, so the text
// is on the wire once, as it is for the others.
import http from 'node:http'
import { createBoard, createHub } from '../../../src/index.js'
import { paddingFor } from '../payload.js'
import { eventSizeBytes, listen, nowNs, serveControl } from './control.js'

/** Id, event name, the members of update, panel and block, and the blank line. */
const OVERHEAD_BYTES = 380

const padding = paddingFor(eventSizeBytes(), OVERHEAD_BYTES)
const hub = createHub({ maxClients: 20_000, eventsPerSec: 100_000 })
const board = createBoard(hub)
board.set('p', { title: 'p', blocks: [] })

await serveControl({
  port: await listen(http.createServer(hub.handler)),
  path: '/summary/events?view=blocks',
  publish(seq) {
    const block = { s: seq, t: nowNs(), kind: 'table' as const, columns: [], rows: [], p: padding }
    board.set('p', { title: String(seq), blocks: [block] })
    // What is set in one tick is one update, and here each event is one.
    return new Promise(resolve => setImmediate(resolve))
  },
})
