// How much memory of the server a client without a token can fill: many connections, many requests in one packet, no answer
// read.
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { residentBytes } from '../../../bench/requests.js'

/** One request for each kind of answer: files, documents, refusals, an old protocol, bodies. */
export const REQUESTS: Readonly<Record<string, string>> = {
  file: request('GET /client.js'),
  page: request('GET /'),
  board: request('GET /summary/resync'),
  readers: request('GET /summary/readers'),
  metrics: request('GET /metrics'),
  health: request('GET /summary/health'),
  ticket: request('POST /summary/ticket', 'Content-Length: 0'),
  question: `${request('POST /api/v2/bali-zero/chat', 'Content-Type: application/json', 'Content-Length: 13')}{"query":"a"}`,
  'unknown path': request('GET /nothing'),
  'wrong method': request('PROPFIND /livez'),
  'HTTP/1.0': 'GET /client.js HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
}

function request(line: string, ...headers: readonly string[]): string {
  return `${[`${line} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`
}

const BURST = 50
const BURST_EVERY_MS = 20

/** `count` connections that send `packetOf(i)` and read nothing. */
export async function openUnread(
  port: number,
  count: number,
  packetOf: (i: number) => string,
): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.pause()
    socket.on('error', () => socket.destroy())
    socket.write(packetOf(i))
    sockets.push(socket)
    if (i % BURST === BURST - 1) await wait(BURST_EVERY_MS)
  }
  return sockets
}

const LOOKS = 10
const LOOK_EVERY_MS = 200

/** The highest growth of the server's memory while the connections are open, for each of them. */
export async function unreadPerSocket(url: string, count: number, requests: number) {
  const before = await residentBytes(url)
  const kinds = Object.values(REQUESTS)
  const packetOf = (i: number): string => (kinds[i % kinds.length] ?? '').repeat(requests)
  const sockets = await openUnread(Number(new URL(url).port), count, packetOf)
  let worst = before
  for (let i = 0; i < LOOKS; i++) {
    await wait(LOOK_EVERY_MS)
    worst = Math.max(worst, await residentBytes(url))
  }
  for (const socket of sockets) socket.destroy()
  return { sockets: count, requests, kb_per_socket: (worst - before) / 1024 / count }
}
