// Memory without a token: many connections request everything at once and read nothing. The server is another process.
import { afterEach, expect, test } from 'vitest'
import { REQUESTS, unreadPerSocket } from '../../bench/server/unread.js'
import { MAX_UNANSWERED } from '../../src/http/request-turns.js'
import { endAll, g6 } from '../support/g6.js'

afterEach(endAll)

const SOCKETS = 1_000
const MOST_KB = 150
/** Bounds the heap, so that uncollected garbage does not count as used memory; real use does not fit. */
const SMALL_HEAP = '--max-old-space-size=160 --max-semi-space-size=4'
/** For a busy machine. */
const TIMEOUT_MS = 180_000

test.each([
  ['as many requests as may wait', MAX_UNANSWERED],
  ['a packet full of requests', 950],
])(
  `a thousand connections with %s of ${Object.keys(REQUESTS).length} kinds, unread, cost less than ${MOST_KB} KB each`,
  async (_, requests) => {
    const server = g6(['demo', '--port', '0'], {
      G6_OUTPUT_SINKS: 'http',
      ENABLE_SSE_STREAMING: '1',
      NODE_OPTIONS: SMALL_HEAP,
    })
    const url = await server.url()
    const { kb_per_socket } = await unreadPerSocket(url, SOCKETS, requests)
    expect(kb_per_socket).toBeLessThan(MOST_KB)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    server.signal('SIGTERM')
    expect(await server.exit).toBe(0)
  },
  TIMEOUT_MS,
)
