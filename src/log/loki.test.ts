import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { createLog } from './log.js'
import { createLokiStream, type LokiOptions } from './loki.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

type PushedStream = { readonly stream: object; readonly values: [string, string][] }
type Pushed = {
  readonly streams: readonly PushedStream[]
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly lines: readonly string[]
}

/** A Loki that answers with these statuses in order, and repeats the last one. */
async function loki(...statuses: readonly number[]) {
  const pushes: Pushed[] = []
  const waiting: (() => void)[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { streams } = JSON.parse(body) as { streams: PushedStream[] }
    const lines = streams.flatMap(({ values }) => values.map(([, line]) => line))
    pushes.push({ path: request.url ?? '', headers: request.headers, lines, streams })
    response.writeHead(statuses[Math.min(pushes.length, statuses.length) - 1] ?? 204).end()
    for (const wake of waiting.splice(0)) wake()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushes,
    until: async (count: number) => {
      while (pushes.length < count) await new Promise<void>(resolve => waiting.push(resolve))
    },
  }
}

function pushing(url: string, more: Partial<LokiOptions> = {}) {
  const states: (string | null)[] = []
  const made = createLokiStream({
    url,
    user: null,
    key: null,
    gatherMs: 5,
    onState: why => states.push(why),
    ...more,
  })
  closers.push(made.close)
  const log = createLog({ level: 'debug', format: 'json', destination: new PassThrough(), also: made.stream })
  return { ...made, log, states }
}

const messages = (pushes: readonly Pushed[]): readonly string[] =>
  pushes.flatMap(({ lines }) => lines).map(line => (JSON.parse(line) as { msg: string }).msg)

test('every written line goes to Loki too, in order', async () => {
  const server = await loki(204)
  const { log, close } = pushing(server.url)
  log.trace('not written')
  log.debug('one')
  log.warn({ n: 2 }, 'two')
  await close()
  const lines = server.pushes.flatMap(push => push.lines).map(line => JSON.parse(line) as { msg: string })
  expect(lines.map(({ msg }) => msg)).toEqual(['one', 'two'])
  expect(server.pushes[0]?.path).toBe('/loki/api/v1/push')
})

test('audit records of a fleet have labels of their own, and no other line gets them', async () => {
  const server = await loki(204)
  const { log, close } = pushing(server.url)
  log.info('one')
  log.info({ app: 'g6-audit', instance: 'a:9331', operation: 'stream.start' }, 'audit record')
  log.info({ app: 'g6-audit' }, 'no instance')
  log.info('"app":"g6-audit","instance":"b:9331"')
  log.info({ in: { app: 'g6-audit', instance: 'b:9331' } }, 'within')
  await close()
  const streams = server.pushes.flatMap(push => push.streams)
  const count = (stream: object) =>
    streams.filter(each => isDeepStrictEqual(each.stream, stream)).flatMap(({ values }) => values).length
  expect(count({ job: 'g6-stream', app: 'g6-audit', instance: 'a:9331' })).toBe(1)
  expect(count({ job: 'g6-stream' })).toBe(4)
})

test('an address with a path is used as it is', async () => {
  const server = await loki(204)
  const { log, close } = pushing(`${server.url}/tenant/push`)
  log.info('one')
  await close()
  expect(server.pushes[0]?.path).toBe('/tenant/push')
})

test.each([
  ['user', 'key', `Basic ${Buffer.from('user:key').toString('base64')}`],
  [null, 'key', 'Bearer key'],
  [null, null, undefined],
])('user %s and key %s are sent as %s', async (user, key, authorization) => {
  const server = await loki(204)
  const { log, close } = pushing(server.url, { user, key })
  log.info('one')
  await close()
  expect(server.pushes[0]?.headers.authorization).toBe(authorization)
})

test('a user and a key of the address are sent, though a per cent sign in them is no escape', async () => {
  const server = await loki(204)
  const { log, close } = pushing(server.url.replace('//', '//us%25er:50%@'))
  log.info('one')
  await close()
  expect(server.pushes[0]?.headers.authorization).toBe(`Basic ${Buffer.from('us%er:50%').toString('base64')}`)
})

test('lines that Loki will never accept do not block later ones', async () => {
  const server = await loki(400, 204)
  const { log, states, close } = pushing(server.url)
  log.info('too old')
  await server.until(1)
  log.info('new')
  await server.until(2)
  await close()
  expect(messages(server.pushes.slice(1))).toEqual(['new'])
  expect(states).toEqual(['HTTP 400: 1 lines are dropped'])
})

test('a Loki that never answers does not keep the program from ending', async () => {
  const request: typeof fetch = (_, init) =>
    new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('given up')))
    })
  const { log, states, close } = pushing('http://127.0.0.1:1', { fetch: request })
  log.info('one')
  await close()
  expect(states).toEqual(['given up'])
  // A push may take 10 s otherwise.
}, 6_000)

describe('a Loki that is unavailable', () => {
  test('is reported once, and gets every line when it is back', async () => {
    const server = await loki(500, 500, 204)
    const { log, states, close } = pushing(server.url)
    log.info('one')
    await server.until(2)
    log.info('two')
    await server.until(3)
    await close()
    expect(messages(server.pushes.slice(2))).toEqual(['one', 'two'])
    expect(states).toEqual(['HTTP 500', null])
  })

  test('costs the oldest lines, and blocks nobody', async () => {
    const server = await loki(500, 204)
    const { log, close } = pushing(server.url, { gatherMs: 60_000 })
    for (let n = 0; n < 10_005; n++) log.info({ n }, 'line')
    await close()
    const [first] = server.pushes
    expect(first?.lines).toHaveLength(1_000)
    expect(JSON.parse(first?.lines[0] ?? '')).toMatchObject({ n: 5 })
    expect(server.pushes).toHaveLength(1)
  })
})
