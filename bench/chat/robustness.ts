// What the relay promises in addition to speed: a stalled reader costs one position, a stop reaches the upstream at once, and no
// number of cuts loses or doubles a token.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { MockScript } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { createSseParser } from '../../src/sse/parse.js'
import { residentBytes, send } from '../requests.js'
import { percentile } from '../stats.js'
import { startRelay } from './processes.js'

const MIB = 1024 * 1024

/** Sends a request and reads nothing. */
async function stalledReader(url: string): Promise<Socket> {
  const socket = send(url)
  socket.pause()
  await once(socket, 'connect')
  return socket
}

/** A mock upstream and a relay for `work`. */
async function withRelay<T>(
  script: Partial<MockScript>,
  work: (url: string, upstream: MockUpstream) => Promise<T>,
): Promise<T> {
  const upstream = await startMockUpstream({ script })
  const relay = await startRelay(upstream.url)
  try {
    return await work(`${relay.url}/api/v2/bali-zero/chat-stream`, upstream)
  } finally {
    await relay.stop()
    await upstream.close()
  }
}

async function ask(url: string): Promise<readonly [answer: Response, stream: string]> {
  const answer = await fetch(`${url}?query=bench`)
  return [answer, `${url}/${answer.headers.get('x-stream-id') ?? ''}`]
}

/** The limit of readers on one answer. */
const READERS_PER_ANSWER = 60

/** Readers that read nothing of 1 MB answers: growth of the relay without the answers. */
export function stalledReaders(count: number) {
  const tokens = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000))
  return withRelay({ tokens, firstTokenMs: 4_000 }, async url => {
    const { origin } = new URL(url)
    const sockets: Socket[] = []
    try {
      const beforeBytes = await residentBytes(origin)
      const texts: Promise<string>[] = []
      while (sockets.length < count) {
        const [answer, stream] = await ask(url)
        texts.push(answer.text())
        const readers = Math.min(READERS_PER_ANSWER, count - sockets.length)
        for (let i = 0; i < readers; i++) sockets.push(await stalledReader(stream))
      }
      const text = (await Promise.all(texts)).join('')
      await wait(500)
      const afterBytes = await residentBytes(origin)
      const health = (await (await fetch(`${url}/health`)).json()) as { readonly active_readers: number }
      return {
        readers: health.active_readers,
        answer_bytes: text.length,
        growth_mib: (afterBytes - beforeBytes - text.length) / MIB,
        target: { growth_mib: 64 },
      }
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })
}

/** From a stop request to the end of the connection at the upstream. */
export async function stops(count: number) {
  const tookMs: number[] = []
  await withRelay({ tokens: 2, finish: 'stall' }, async (url, upstream) => {
    for (let i = 0; i < count; i++) {
      const [answer, stream] = await ask(url)
      const request = upstream.requests[i]
      const startMs = performance.now()
      const { status } = await fetch(stream, { method: 'DELETE' })
      if (status !== 202 || request === undefined) throw new Error(`stop answered ${status}`)
      tookMs.push((await request.closed) - startMs)
      await answer.text()
    }
  })
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
async function interrupted(url: string) {
  const [started, stream] = await ask(url)
  await started.body?.cancel()
  const tokens: string[] = []
  let next = 0
  let gaps = 0
  let resumes = 0
  for (let outcome = 'cut'; outcome === 'cut'; resumes++) {
    const events = Math.floor(Math.random() * 12)
    outcome = await readSome(`${stream}?after=${next - 1}`, events, event => {
      if (event.sequence !== next) gaps++
      next = (event.sequence ?? next) + 1
      if (event.type === 'token') tokens.push(String(event.data))
    })
  }
  const wrong = tokens.length === TOKENS && tokens.every((text, i) => text === `word${i} `) ? 0 : 1
  return { resumes, gaps, wrong }
}

/** Streams in parallel until there were this many resumes. */
export async function disconnects(count: number) {
  const total = { resumes: 0, answers: 0, gaps: 0, wrong: 0 }
  await withRelay({ tokens: TOKENS, gapMs: 2 }, async url => {
    const worker = async (): Promise<void> => {
      while (total.resumes < count) {
        const { resumes, gaps, wrong } = await interrupted(url)
        total.resumes += resumes
        total.answers++
        total.gaps += gaps
        total.wrong += wrong
      }
    }
    await Promise.all(Array.from({ length: 16 }, worker))
  })
  return { ...total, target: { gaps: 0, wrong: 0 } }
}
