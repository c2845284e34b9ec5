// The contract of every client for event streams, as tests that drive a service over HTTP (README.md). What a stream holds comes
// from test/vectors/event-stream.json.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, type Harness, type Opened, startHarness } from './harness.js'
import type { Report, StreamRequest } from './typescript/service.js'

type Vector = {
  readonly name: string
  readonly pieces: readonly string[]
  /** Instead of line feeds. */
  readonly line_ends?: readonly string[]
  /** The stream in pieces of so many bytes; 0: as `pieces` says. */
  readonly cuts?: readonly number[]
  readonly expect: readonly (
    | { readonly event: { readonly type: string; readonly data: string; readonly id: string } }
    | { readonly comment: string }
  )[]
}

const VECTORS: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../vectors/event-stream.json', import.meta.url), 'utf8'),
)

function cut(pieces: readonly string[], every: number): readonly Uint8Array[] {
  if (every === 0) return pieces.map(piece => Buffer.from(piece))
  const bytes = Buffer.from(pieces.join(''))
  return Array.from({ length: Math.ceil(bytes.length / every) }, (_, i) =>
    bytes.subarray(i * every, (i + 1) * every),
  )
}

const CASES = VECTORS.flatMap(({ name, pieces, line_ends = ['\n'], cuts = [0], expect: wanted }) =>
  line_ends.flatMap(end =>
    cuts.map(every => ({
      name: `${name} (${JSON.stringify(end)}, ${every === 0 ? 'in its pieces' : `${every} bytes each`})`,
      pieces: cut(
        pieces.map(piece => piece.replaceAll('\n', end)),
        every,
      ),
      wanted,
    })),
  ),
)

const event = (data: string, id = ''): Report => ({ kind: 'event', event: { type: 'message', data, id } })
const JSON_BODY = {
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: '{"hello":"world"}',
}

/** `start` starts the service of one client. */
export function contractTests(start: () => Promise<{ readonly url: string; close(): void }>): void {
  let service: Awaited<ReturnType<typeof start>>
  let harness: Harness
  beforeAll(async () => {
    service = await start()
    harness = await startHarness(service.url)
  })
  afterAll(async () => {
    await harness.close()
    service.close()
  })

  async function open(options?: Partial<StreamRequest>): Promise<{ client: Client; connection: Opened }> {
    const client = await harness.client(options)
    return { client, connection: await client.opened() }
  }
  async function next(client: Client, ...wanted: readonly Report[]): Promise<void> {
    for (const one of wanted) expect(await client.report()).toEqual(one)
  }
  /** The next event; a client may report the end of a connection as an error before it. */
  async function nextEvent(client: Client, wanted: Report): Promise<void> {
    const first = await client.report()
    expect(first.kind === 'error' ? await client.report() : first).toEqual(wanted)
  }

  describe('content', () => {
    test.each(CASES)('$name', async ({ pieces, wanted }) => {
      const { client, connection } = await open()
      await connection.send(...pieces)
      for (const one of wanted) {
        const kind = 'event' in one ? 'event' : 'comment'
        expect(await client.report()).toEqual({ kind, ...one })
      }
    })

    test.each([1, 2])('5 MB in %i pieces', async count => {
      const { client, connection } = await open()
      const text = 'abcdefgh'.repeat(5 * 2 ** 17)
      const part = text.length / count
      await connection.send(`data: ${text.slice(0, part)}`, `${text.slice(part)}\n\n`)
      const report = await client.report()
      expect(report.kind === 'event' && report.event.data === text).toBe(true)
    })
  })

  describe('requests', () => {
    test('ask for an event stream that no cache may answer, without an id', async () => {
      const { method, headers } = (await open()).connection
      expect(method).toBe('GET')
      expect(headers).toMatchObject({ accept: 'text/event-stream', 'cache-control': 'no-cache' })
      expect(headers).not.toHaveProperty('last-event-id')
    })

    test('carry the headers and the id they are given', async () => {
      const { connection } = await open({ headers: { 'x-own': '1', 'x-other': '2' }, lastEventId: 'abc' })
      expect(connection.headers).toMatchObject({ 'x-own': '1', 'x-other': '2', 'last-event-id': 'abc' })
    })

    test.each(['POST', 'REPORT'])(
      'may be a %s with a body, which every reconnection sends again',
      async method => {
        const { client, connection } = await open({ ...JSON_BODY, method })
        connection.cut()
        for (const one of [connection, await client.opened()]) {
          expect(one).toMatchObject({ method, body: JSON_BODY.body })
          expect(one.headers['content-type']).toBe(JSON_BODY.headers['content-type'])
        }
      },
    )
  })

  describe('answers', () => {
    test('204 ends it: nothing is asked again, nothing is reported', async () => {
      const streamUrl = harness.stream(response => response.writeHead(204).end())
      const client = await harness.client({ streamUrl })
      await client.restart()
      // Another stream of the same service has come and gone meanwhile.
      const other = await open()
      await other.connection.send('data: x\n\n')
      await next(other.client, event('x'))
      expect(harness.asked(streamUrl)).toBe(1)
    })

    test.each([301, 302, 303, 307, 308])('%i is followed', async status => {
      const target = harness.stream()
      const client = await harness.client({ streamUrl: target })
      await client.opened()
      const through = harness.stream(response => response.writeHead(status, { Location: target }).end())
      const redirected = await harness.client({ streamUrl: through })
      await (await client.opened()).send('data: hello\n\n')
      await next(redirected, event('hello'))
    })

    test.each([
      [301, { Location: '' }],
      [301, {}],
      [307, { Location: '' }],
      [307, {}],
    ])('%i with %o is reported as an error', async (status, headers) => {
      const streamUrl = harness.stream(response => response.writeHead(status, headers).end())
      const client = await harness.client({ streamUrl, initialDelayMs: 60_000 })
      expect((await client.report()).kind).toBe('error')
    })
  })

  describe('reconnecting', () => {
    test.each([
      ['the last id', 'id: abc\ndata: a\n\n', [event('a', 'abc')], 'abc'],
      ['an id of before', 'id: abc\ndata: a\n\ndata: b\n\n', [event('a', 'abc'), event('b', 'abc')], 'abc'],
      [
        'none after an empty one',
        'id: abc\ndata: a\n\nid: \ndata: b\n\n',
        [event('a', 'abc'), event('b')],
        undefined,
      ],
      [
        'not the id of an unfinished event',
        'id: abc\ndata: a\n\nid: def\ndata: b',
        [event('a', 'abc')],
        'abc',
      ],
    ])('sends %s', async (_, text, wanted, id) => {
      const { client, connection } = await open()
      await connection.send(text)
      await next(client, ...wanted)
      connection.cut()
      const second = await client.opened()
      expect(second.headers['last-event-id']).toBe(id)
      await second.send('data: again\n\n')
      await nextEvent(client, event('again', id))
    })

    test('when told to', async () => {
      const { client, connection } = await open()
      await connection.send('data: Hello\n\n')
      await next(client, event('Hello'))
      await client.restart()
      await (await client.opened()).send('data: Thanks\n\n')
      await nextEvent(client, event('Thanks'))
    })

    test('after the read timeout, with an error', async () => {
      const { client, connection } = await open({ readTimeoutMs: 500 })
      await connection.send('data: Hello\n\n')
      await next(client, event('Hello'))
      expect((await client.report()).kind).toBe('error')
      await client.opened()
    })
  })
}
