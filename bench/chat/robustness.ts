// What the relay promises in addition to speed: a stalled reader costs one position, a stop reaches the upstream at once, and no
// number of cuts loses or doubles a token.
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startMockUpstream } from '../../src/chat/mock/server.js'
import { createSseParser } from '../../src/sse/parse.js'
import { percentile } from '../stats.js'
import { residentBytesOf, startRelay } from './processes.js'

const PREFIX = '/api/v2/bali-zero/chat-stream'
const MIB = 1024 * 1024

/** Sends a request and reads nothing. */
function stalledReader(url: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.pause()
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, () => resolve(socket))
    })
  })
}

/** The limit of readers on one answer. */
const READERS_PER_ANSWER = 60

/** Readers that read nothing of 1 MB answers: growth of the relay without the answers. */
export async function stalledReaders(count: number) {
  const tokens = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000))
  const upstream = await startMockUpstream({ script: { tokens, firstTokenMs: 4_000 } })
  const relay = await startRelay(upstream.url)
  const sockets: Socket[] = []
  try {
    const beforeBytes = await residentBytesOf(relay.url)
    const texts: Promise<string>[] = []
    while (sockets.length < count) {
      const answer = await fetch(`${relay.url}${PREFIX}?query=bench`)
      const streamId = answer.headers.get('x-stream-id') ?? ''
      texts.push(answer.text())
      const readers = Math.min(READERS_PER_ANSWER, count - sockets.length)
      for (let i = 0; i < readers; i++) sockets.push(await stalledReader(relay.url, `${PREFIX}/${streamId}`))
    }
    const text = (await Promise.all(texts)).join('')
    await wait(500)
    const afterBytes = await residentBytesOf(relay.url)
    const health = (await (await fetch(`${relay.url}${PREFIX}/health`)).json()) as {
      readonly active_readers: number
    }
    return {
      readers: health.active_readers,
      answer_bytes: text.length,
      growth_mib: (afterBytes - beforeBytes - text.length) / MIB,
      target: { growth_mib: 64 },
    }
  } finally {
    for (const socket of sockets) socket.destroy()
    await relay.stop()
    await upstream.close()
  }
}

/** From a stop request to the end of the connection at the upstream. */
export async function stops(count: number) {
  const upstream = await startMockUpstream({ script: { tokens: 2, finish: 'stall' } })
  const relay = await startRelay(upstream.url)
  const tookMs: number[] = []
  try {
    for (let i = 0; i < count; i++) {
      const answer = await fetch(`${relay.url}${PREFIX}?query=bench`)
      const streamId = answer.headers.get('x-stream-id') ?? ''
      const request = upstream.requests[i]
      const startMs = performance.now()
      const stopped = await fetch(`${relay.url}${PREFIX}/${streamId}`, { method: 'DELETE' })
      if (stopped.status !== 202 || request === undefined) throw new Error(`stop answered ${stopped.status}`)
      tookMs.push((await request.closed) - startMs)
      await answer.text()
    }
  } finally {
    await relay.stop()
    await upstream.close()
  }
  return {
    stops: count,
    p50_ms: percentile(tookMs, 0.5),
    p99_ms: percentile(tookMs, 0.99),
    max_ms: Math.max(...tookMs),
    target: { max_ms: 50 },
  }
}

type Numbered = { readonly type: string; readonly data: unknown; readonly sequence?: number }

/** One connection: reads until the stream ends or this many events came, then closes. */
async function readSome(
  url: string,
  events: number,
  take: (event: Numbered) => void,
): Promise<'ended' | 'cut' | 'nothing'> {
  const abort = new AbortController()
  const answer = await fetch(url, { signal: abort.signal })
  if (answer.status === 204 || answer.body === null) return 'nothing'
  let left = events
  let isEnded = false
  const parser = createSseParser({
    onEvent: ({ data }) => {
      const event = JSON.parse(data) as Numbered
      if (event.sequence === undefined || left-- <= 0) return
      take(event)
      isEnded ||= event.type === 'done'
    },
  })
  try {
    for await (const piece of answer.body) {
      parser.push(piece as Uint8Array)
      if (left <= 0 && !isEnded) break
    }
  } finally {
    abort.abort()
  }
  return isEnded ? 'ended' : 'cut'
}

const TOKENS = 200

/** One answer, cut and resumed at random until it ends: how often, and what was wrong. */
async function interrupted(relay: string, random: () => number) {
  const started = await fetch(`${relay}${PREFIX}?query=bench`)
  const streamId = started.headers.get('x-stream-id') ?? ''
  await started.body?.cancel()
  const tokens: string[] = []
  let next = 0
  let gaps = 0
  let resumes = 0
  for (;;) {
    resumes++
    const outcome = await readSome(
      `${relay}${PREFIX}/${streamId}?after=${next - 1}`,
      Math.floor(random() * 12),
      event => {
        if (event.sequence !== next) gaps++
        next = (event.sequence ?? next) + 1
        if (event.type === 'token') tokens.push(String(event.data))
      },
    )
    if (outcome !== 'cut') break
  }
  const wrong = tokens.length === TOKENS && tokens.every((text, i) => text === `word${i} `) ? 0 : 1
  return { resumes, gaps, wrong }
}

/** Streams in parallel until there were this many resumes. */
export async function disconnects(count: number, random: () => number = Math.random) {
  const upstream = await startMockUpstream({ script: { tokens: TOKENS, gapMs: 2 } })
  const relay = await startRelay(upstream.url)
  const total = { resumes: 0, answers: 0, gaps: 0, wrong: 0 }
  try {
    const worker = async (): Promise<void> => {
      while (total.resumes < count) {
        const { resumes, gaps, wrong } = await interrupted(relay.url, random)
        total.resumes += resumes
        total.answers++
        total.gaps += gaps
        total.wrong += wrong
      }
    }
    await Promise.all(Array.from({ length: 16 }, worker))
  } finally {
    await relay.stop()
    await upstream.close()
  }
  return { ...total, target: { gaps: 0, wrong: 0 } }
}
