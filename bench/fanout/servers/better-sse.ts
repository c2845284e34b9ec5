// better-sse as its documentation shows it: node:http, a session for each request, one channel that broadcasts.
import http from 'node:http'
import { createChannel, createSession } from 'better-sse'
import { paddingFor } from '../payload.js'
import { eventSizeBytes, listen, nowNs, serveControl } from './control.js'

/** The event and id lines (a UUID), `data: `, the members' names and numbers, and the blank line. */
const OVERHEAD_BYTES = 112

const padding = paddingFor(eventSizeBytes(), OVERHEAD_BYTES)
const channel = createChannel()

const server = http.createServer(async (request, response) => {
  channel.register(await createSession(request, response))
})

await serveControl({
  port: await listen(server),
  path: '/events',
  publish(seq) {
    channel.broadcast({ s: seq, t: nowNs(), p: padding })
  },
})
