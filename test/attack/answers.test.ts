// A server that we ask gives answers without end: as they are, packed (a megabyte from a kilobyte), and read without end. The
// reader stops at a limit that counts what is unpacked, and in time.
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createChatClient } from '../../client/chat/index.js'
import { connect } from '../../client/index.js'
import { createIdentity } from '../../src/chat/identity.js'
import { CHECKS } from '../../src/conformance/checks.js'
import { silentLog } from '../../src/log/log.js'
import { outgoingFetch } from '../../src/outgoing/fetch.js'
import { BoardFollower } from '../../src/sources/board.js'
import { until } from '../support/chat-rig.js'

const PIECE = Buffer.alloc(2 ** 20, '[')
const PACKED = gzipSync(PIECE)
/** The largest limit of a body is 32 MiB of text; what is over is garbage not yet collected. */
const MOST_BYTES = 160 * 2 ** 20

const KINDS = ['endless', 'packed'] as const
type Kind = (typeof KINDS)[number]

let server: Server
let url: string
let kind: Kind
/** The status of the endless answers. */
let status: number
let paths: string[]
/** Counts the answers that the other side has ended. */
let ended: number
let closers: (() => unknown)[]

function endless(response: ServerResponse): void {
  const piece = kind === 'packed' ? PACKED : PIECE
  const more = (): void => {
    while (!response.destroyed && response.write(piece)) {}
  }
  response
    .writeHead(status, kind === 'packed' ? { 'Content-Encoding': 'gzip' } : {})
    .on('drain', more)
    .on('close', () => ended++)
  more()
}

beforeEach(async () => {
  status = 200
  paths = []
  ended = 0
  closers = []
  server = createServer((request, response) => {
    paths.push(request.url ?? '')
    if (!request.url?.startsWith('/summary/events')) return endless(response)
    const panels = { a: { title: 'a', tone: 'ok', lines: ['x'], hash: 'wrong' } }
    const at = { epoch: 'e', generation: 1, cycle: 1, ts: 1 }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(`event: hello\ndata: ${JSON.stringify({ ...at, keepalive_ms: 15_000, panels: [] })}\n\n`)
    response.write(`event: full_snapshot\ndata: ${JSON.stringify({ ...at, panels })}\n\n`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const close of closers) await close()
  server.closeAllConnections()
  server.close()
})

/** Runs `work` and checks that memory stays within its limit meanwhile, and that no connection is left. */
async function staysSmall(work: () => Promise<unknown>): Promise<void> {
  const before = process.memoryUsage().rss
  let most = before
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 10)
  try {
    await work()
    const asked = paths.filter(path => !path.startsWith('/summary/events')).length
    await until(() => ended === asked, 'every endless answer is ended')
  } finally {
    clearInterval(sampling)
  }
  expect(most - before).toBeLessThan(MOST_BYTES)
}

describe.each(KINDS)('an answer that is %s', given => {
  beforeEach(() => {
    kind = given
  })

  test.each([200, 503])('to /summary/resync (%i) makes a client start afresh', code => {
    status = code
    return staysSmall(async () => {
      const connection = connect(url, { initialDelayMs: 60_000 })
      closers.push(() => connection.close())
      const message = await new Promise<string>(resolve => {
        connection.on('error', error => {
          connection.close()
          resolve(error.message)
        })
      })
      expect(message).toContain(code === 200 ? 'over 33554432 bytes' : 'HTTP 503')
    })
  })

  test('to /summary/resync makes an edge start afresh', () =>
    staysSmall(async () => {
      const edge = new BoardFollower({ url, initialDelayMs: 60_000 })
      edge.start(() => {})
      await until(() => ended > 0, 'an endless answer is ended')
      await edge.close()
    }))

  test.each(['GET', 'POST'] as const)('to a question (%s) is a refusal without words', method => {
    status = 429
    return staysSmall(async () => {
      const answer = createChatClient({ baseUrl: url, method, maxReconnectAttempts: 0 }).stream('why?')
      await expect(answer[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'status',
        message: 'HTTP 429',
      })
    })
  })

  test('as the keys that verify tokens verifies none', () =>
    staysSmall(async () => {
      const settings = {
        chatJwksUrl: `${url}/keys`,
        chatJwtSecret: null,
        chatJwtIssuer: null,
        chatJwtAudience: null,
      }
      const identity = createIdentity({ settings: () => settings, log: silentLog })
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
      const bearer = `${part({ alg: 'ES256', kid: '1' })}.${part({ sub: 'a', exp: 2 ** 40 })}.AAAA`
      expect(await identity.verify(bearer)).toBeNull()
      expect(paths).toEqual(['/keys'])
    }))

  test('to a conformance check fails it', () =>
    staysSmall(async () => {
      const check = CHECKS.find(({ name }) => name === 'resync')
      const target = { url, token: null, timeoutMs: 60_000, keepalive: false }
      await expect(check?.run(target)).rejects.toThrow('over 33554432 bytes')
    }))
})

test('a request to another server is made by the library in the lock file', async () => {
  kind = 'endless'
  const response = await outgoingFetch(url)
  expect(response).not.toBeInstanceOf(Response)
  await response.body?.cancel()
  await until(() => ended === 1, 'the answer is ended')
})
