// The vectors in test/vectors are the contract of every client, in every language.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createSseParser } from '../src/sse/parse.js'
import { createBackoff } from './backoff.js'
import { refusalOf } from './body.js'
import { addresses } from './connect.js'
import { createBoardReader, type Outcome } from './reader.js'
import { sha256Hex } from './sha256.js'
import { usableToken } from './token.js'

type Json = Record<string, unknown>
const vectors = (name: string): Json[] =>
  JSON.parse(readFileSync(new URL(`../test/vectors/${name}.json`, import.meta.url), 'utf8'))

/** An outcome in the notation of the vectors. */
function notation({ change, ask, keepaliveMs, bye, error }: Outcome): Json {
  return JSON.parse(
    JSON.stringify({
      change,
      ask,
      keepalive_ms: keepaliveMs,
      bye: bye && { reason: bye.reason, reconnect_ms: bye.reconnectMs },
      error,
    }),
  )
}

describe('tokens', () => {
  test.each(vectors('tokens'))('$name', ({ given, usable }) => {
    const use = () => usableToken(String(given))
    if (usable !== null) expect(use()).toBe(usable)
    else expect(use).toThrow(/^the token cannot be used/)
  })
})

describe('event streams', () => {
  test.each(vectors('sse'))('$name', vector => {
    const seen = { events: [] as unknown[], comments: [] as string[], retries: [] as number[] }
    const parser = createSseParser(
      {
        onEvent: message => seen.events.push(message),
        onComment: text => seen.comments.push(text),
        onRetry: ms => seen.retries.push(ms),
      },
      { lastEventId: String(vector.last_event_id) },
    )
    for (const hex of vector.chunks_hex as string[]) parser.push(Buffer.from(hex, 'hex'))
    expect({ ...seen, last_event_id: parser.lastEventId }).toEqual(vector.expect)
  })
})

describe('hashes', () => {
  test.each(vectors('hash'))('of $key', ({ key, title, tone, lines, hash }) => {
    expect(sha256Hex(`v1\n${key}\n${title}\n${tone}\n${(lines as string[]).join('\n')}`)).toBe(hash)
  })
})

describe('addresses', () => {
  test.each(vectors('addresses'))('of $url', ({ url, stream, resync, ...options }) => {
    expect(addresses(String(url), options)).toEqual({ stream, resync })
  })
})

describe('the wait before the next connection:', () => {
  test.each(vectors('delays'))('$name', vector => {
    const { initial_delay_ms, max_delay_ms, random } = vector
    const backoff = createBackoff(Number(initial_delay_ms), Number(max_delay_ms), () => Number(random))
    for (const {
      retry_ms,
      settled,
      life_ms,
      least_ms = 0,
      times = 1,
      gives,
    } of vector.connections as Json[]) {
      for (let i = 0; i < Number(times); i++) {
        if (retry_ms !== undefined) backoff.retry(Number(retry_ms))
        if (settled === true) backoff.good()
        expect(backoff.next(Number(life_ms), Number(least_ms))).toBe(gives)
      }
    }
  })
})

describe('refusals', () => {
  test.each(vectors('refusals'))('$name', async ({ status, retry_after, body, fill, expect: wanted }) => {
    const { text = '', times = 0 } = Object(fill)
    const headers = retry_after === null ? {} : { 'Retry-After': String(retry_after) }
    const response = new Response(`${body}${text.repeat(times)}`, { status: Number(status), headers })
    const { message, problem = null, detail = null, retryAfterSec = null } = await refusalOf(response)
    expect({ message, problem, detail, retry_after_sec: retryAfterSec }).toEqual(wanted)
  })
})

describe('boards', () => {
  test.each(vectors('board'))('$name', vector => {
    const reader = createBoardReader()
    reader.acceptTruncated = vector.accept_truncated === true
    for (const step of vector.steps as Json[]) {
      if (step.disconnect) {
        reader.disconnected()
        continue
      }
      const outcome =
        step.resync === undefined
          ? reader.apply(String(step.event), String(step.text ?? JSON.stringify(step.data)))
          : reader.applyResync(JSON.stringify(step.resync))
      expect(notation(outcome)).toEqual(step.gives)
    }
    const { board } = reader
    expect(
      board && { epoch: board.epoch, generation: board.generation, panels: [...board.panels.values()] },
    ).toEqual(vector.board)
    expect(reader.counts).toMatchObject(vector.counts as Json)
  })
})
