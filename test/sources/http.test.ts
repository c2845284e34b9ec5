// Documents over HTTP, from real servers: what is asked, what is made of each answer, and what people may see of it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import type { LineLog } from '../../src/log/silent.js'
import { HTTP_DEFAULTS, type HttpSpec } from '../../src/sources/declared.js'
import { createHttpSource, type HttpSourceOptions } from '../../src/sources/http.js'
import { createDocumentReader } from '../../src/sources/large-documents.js'
import { type DocumentServer, documentServer } from '../support/document-server.js'
import { eventually } from '../support/eventually.js'
import { Readings } from '../support/readings.js'

const cleaning: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function serverWith(answer: Handler, tls?: { key: string; cert: string }): Promise<DocumentServer> {
  const server = await documentServer(answer, tls)
  cleaning.push(() => server.close())
  return server
}

/** Asks every 50 ms at most, so that a test need not wait. */
function asked(
  url: string,
  spec: Partial<HttpSpec> = {},
  options: Partial<HttpSourceOptions> = {},
): Readings {
  const source = createHttpSource(
    { kind: 'http', method: 'GET', ...HTTP_DEFAULTS, url, everyMs: 1, ...spec },
    { maxBytes: 1_000_000, userAgent: 'g6-stream/test', random: () => 0.5, ...options },
  )
  cleaning.push(() => source.close())
  return new Readings(source)
}

const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value))
}

describe('a document', () => {
  test('is read, and an equal answer confirms it with the same object', async () => {
    const server = await serverWith((_, response) => json(response, { status: 'green' }))
    const readings = asked(`${server.url}/_cluster/health?secret=x`)
    const first = await readings.good()
    const second = await readings.good()
    expect(first.status).toEqual({ status: 'green' })
    expect(second.status).toBe(first.status)
    expect(second.readAtMs).toBeGreaterThan(first.readAtMs)
    expect(second.modifiedAtMs).toBe(second.readAtMs)
    expect(readings.source.name).toBe(server.url)
    expect(server.requests[0]?.headers).toMatchObject({ 'user-agent': 'g6-stream/test' })
  })

  test('with an ETag is asked for again only if it changed, and 304 confirms it', async () => {
    let tag = '"a"'
    const server = await serverWith((request, response) => {
      if (request.headers['if-none-match'] === tag) response.writeHead(304, { ETag: tag }).end()
      else json(response, { tag }, { ETag: tag, 'Last-Modified': 'Mon, 30 Nov 2026 04:00:00 GMT' })
    })
    const readings = asked(server.url)
    const first = await readings.good()
    expect((await readings.good()).status).toBe(first.status)
    expect(server.requests[1]?.headers).toMatchObject({
      'if-none-match': '"a"',
      'if-modified-since': 'Mon, 30 Nov 2026 04:00:00 GMT',
    })
    tag = '"b"'
    await eventually(() => readings.all.some(each => each.ok && each.status.tag === '"b"'), 'the new one')
  })

  test('a 304 never confirms an answer that was not read', async () => {
    const server = await serverWith((request, response) => {
      if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end()
      else response.writeHead(200, { ETag: '"a"', 'Content-Type': 'application/json' }).end('{"a":')
    })
    const readings = asked(server.url)
    expect(await readings.bad()).toMatchObject({ error: 'not_json' })
    await eventually(() => server.requests.length > 2, 'more questions')
    expect(readings.all.every(each => !each.ok)).toBe(true)
  })

  test('is unpacked; one over 256 KiB is read by the thread for large documents', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ name: `row ${i}`, status: 'ok' }))
    const server = await serverWith((_, response) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
        .end(gzipSync(JSON.stringify({ rows }))),
    )
    const documents = createDocumentReader({ zone: () => null, wantsPatch: () => false })
    const readings = asked(server.url, {}, { documents })
    const first = await readings.good()
    expect(first.sizeBytes).toBeGreaterThan(256 * 1024)
    expect(first.large?.json.length).toBeGreaterThan(256 * 1024)
    expect((await readings.good()).large).toBe(first.large)
  })

  test('credentials come from environment and file, and a new file is used at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'g6-http-'))
    cleaning.push(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'authorization')
    writeFileSync(file, 'Bearer one\n')
    const server = await serverWith((request, response) => {
      if (request.headers.authorization === 'Bearer two') json(response, { ok: true })
      else response.writeHead(401).end()
    })
    const readings = asked(
      server.url,
      { headers: { Authorization: { file }, 'X-Key': { env: 'KEY' }, 'X-Fixed': 'f' } },
      { env: { KEY: 'k' } },
    )
    expect(await readings.bad()).toMatchObject({
      error: 'forbidden',
      message: expect.stringContaining('401'),
    })
    writeFileSync(file, 'Bearer two\n')
    await readings.good()
    expect(server.requests.at(-1)?.headers).toMatchObject({ 'x-key': 'k', 'x-fixed': 'f' })
  })

  test('HTTP Basic', async () => {
    const server = await serverWith((request, response) =>
      json(response, { got: request.headers.authorization }),
    )
    const readings = asked(
      server.url,
      { basic: { user: 'me', password: { env: 'P' } } },
      { env: { P: 'pass word' } },
    )
    expect((await readings.good()).status.got).toBe(`Basic ${Buffer.from('me:pass word').toString('base64')}`)
  })

  test('a POST sends its body', async () => {
    const server = await serverWith((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', text => (body += text))
      request.on('end', () => json(response, { body, method: request.method }))
    })
    const readings = asked(server.url, { method: 'POST', body: '{"q":1}' })
    expect((await readings.good()).status).toEqual({ body: '{"q":1}', method: 'POST' })
  })

  test('answers of the statuses that the source names are documents', async () => {
    const server = await serverWith((_, response) => response.writeHead(503).end('{"status":"DOWN"}'))
    const readings = asked(server.url, { statuses: [503] })
    expect((await readings.good()).status).toEqual({ status: 'DOWN' })
  })

  test('a redirect on the same server is followed', async () => {
    const server = await serverWith((request, response) => {
      if (request.url === '/a') response.writeHead(302, { Location: '/b' }).end()
      else json(response, { at: request.url })
    })
    expect((await asked(`${server.url}/a`).good()).status).toEqual({ at: '/b' })
  })
})

describe('a fault is a reading in words, and the document comes back', () => {
  const html: Handler = (_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>secret</p>')
  const loop: Handler = (_, response) => response.writeHead(302, { Location: '/a' }).end()
  test.each<readonly [string, Handler, string, RegExp]>([
    ['status', (_, response) => response.writeHead(503).end('{}'), 'io', /^it answered 503$/],
    ['absent', (_, response) => response.writeHead(404).end(), 'missing', /404/],
    ['no content', (_, response) => response.writeHead(204).end(), 'missing', /204, without a document/],
    ['not allowed', (_, response) => response.writeHead(403).end(), 'forbidden', /403/],
    ['a page for people', html, 'not_json', /text\/html, not with JSON/],
    ['cut JSON', (_, response) => response.end('{"a":\n [1,'), 'not_json', /ends in the middle/],
    ['wrong JSON', (_, response) => response.end('{"a":\n nope}'), 'not_json', /line 2/],
    [
      'half a character',
      (_, response) => response.end(Buffer.from([0x7b, 0xc3])),
      'not_json',
      /middle of a character/,
    ],
    ['no document', (_, response) => response.end('12'), 'not_object', /number/],
    ['a loop', loop, 'io', /redirects more than 5 times/],
    ['304 unasked', (_, response) => response.writeHead(304).end(), 'io', /304/],
    [
      'another server',
      (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/x?secret' }).end(),
      'io',
      /redirects to http:\/\/127\.0\.0\.1:1, which is not followed/,
    ],
    [
      'broken gzip',
      (_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('{"not":"gzip"}'),
      'io',
      /cannot be unpacked/,
    ],
    [
      'cut gzip',
      (_, response) =>
        response
          .writeHead(200, { 'Content-Encoding': 'gzip' })
          .end(gzipSync('{"a":"bcdefgh"}').subarray(0, 20)),
      'not_json',
      /ends in the middle/,
    ],
    [
      'a cut answer',
      (_, response) => {
        response.writeHead(200, { 'Content-Length': '100' }).write('{"a"')
        setImmediate(() => response.destroy())
      },
      'io',
      /closed before the answer was whole|was reset/,
    ],
  ])('%s', async (_, answer, error, message) => {
    let isWell = false
    const server = await serverWith((request, response) =>
      isWell ? json(response, { ok: true }) : answer(request, response),
    )
    const readings = asked(`${server.url}/a?secret=1`)
    const bad = await readings.bad()
    expect(bad.error).toBe(error)
    expect(bad.message).toMatch(message)
    expect(bad.message).not.toContain('secret')
    isWell = true
    expect((await readings.good()).status).toEqual({ ok: true })
  })

  test('nobody listens, and then somebody does not speak HTTP', async () => {
    const tcp = createTcpServer(socket => socket.resume().end('hello\r\n'))
    await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve))
    const address = tcp.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await asked(`http://127.0.0.1:${port}`).bad()).toMatchObject({
      error: 'io',
      message: expect.stringMatching(/HTTP/),
    })
    await new Promise(resolve => tcp.close(resolve))
    const refused = await asked(`http://127.0.0.1:${port}`).bad()
    expect(refused).toMatchObject({ error: 'io', message: 'connection refused' })
  })

  test('an answer that trickles is given up in time, and its connection is closed', async () => {
    const timers = new Set<NodeJS.Timeout>()
    cleaning.push(() => timers.forEach(clearInterval))
    const server = await serverWith((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"a":[')
      timers.add(setInterval(() => response.write('1,'), 10))
    })
    const readings = asked(server.url, { timeoutMs: 150, everyMs: 60_000 })
    expect(await readings.bad()).toMatchObject({
      error: 'timeout',
      message: 'it has not answered within 150 ms',
    })
    await eventually(() => server.sockets.size === 0, 'no connection')
  })

  test('a small answer that unpacks to 1 GB is left at the limit', async () => {
    const server = await serverWith((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' })
      const pack = createGzip({ level: 1 })
      pack.pipe(response)
      const piece = Buffer.alloc(1024 * 1024, ' ')
      let left = 1024
      const more = (): void => {
        while (left-- > 0) if (!pack.write(piece)) return void pack.once('drain', more)
        pack.end()
      }
      response.once('close', () => pack.destroy())
      more()
    })
    const before = process.memoryUsage().rss
    const readings = asked(server.url, { everyMs: 60_000, maxBytes: 100_000 })
    expect(await readings.bad()).toMatchObject({
      error: 'too_large',
      message: expect.stringMatching(/100000 bytes/),
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
  })

  test('a name that leads to a link-local address is not asked', async () => {
    const server = await serverWith((_, response) => json(response, {}))
    const { port } = new URL(server.url)
    const to = (address: string) =>
      asked(
        `http://inner.test:${port}`,
        {},
        {
          resolve: (_, answer) => answer(null, [{ address, family: address.includes(':') ? 6 : 4 }]),
        },
      )
    expect(await to('169.254.169.254').bad()).toMatchObject({
      error: 'io',
      message: expect.stringMatching(/link-local/),
    })
    expect(await to('fe80::1').bad()).toMatchObject({ message: expect.stringMatching(/link-local/) })
    await to('127.0.0.1').good()
  })

  test('a certificate that nobody signed, and ca_file that trusts it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'g6-tls-'))
    cleaning.push(() => rmSync(folder, { recursive: true }))
    const [keyFile, caFile] = [join(folder, 'key.pem'), join(folder, 'ca.pem')]
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=a -addext subjectAltName=IP:127.0.0.1 -keyout ${keyFile} -out ${caFile}`
    execFileSync('openssl', words.split(' '), { stdio: 'ignore' })
    const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(caFile, 'utf8') }
    const server = await serverWith((_, response) => json(response, { safe: true }), tls)
    expect(await asked(server.url).bad()).toMatchObject({
      error: 'io',
      message: expect.stringMatching(/SELF_SIGNED.*ca_file/),
    })
    expect((await asked(server.url, { caFile }).good()).status).toEqual({ safe: true })
    expect(await asked(server.url, { caFile: join(folder, 'none') }).bad()).toMatchObject({
      message: expect.stringMatching(/ENOENT/),
    })
  })

  test.each([
    [
      { headers: { Authorization: { env: 'NONE' } } },
      /header Authorization: the environment variable NONE is not set/,
    ],
    [{ headers: { Authorization: { file: '/nowhere' } } }, /its file cannot be read \(ENOENT\)/],
    [{ basic: { user: 'a', password: { env: 'BAD' } } }, /cannot carry/],
  ] as const)('a secret that is not there: %j', async (spec, message) => {
    const server = await serverWith((_, response) => json(response, {}))
    const bad = await asked(server.url, spec, { env: { BAD: 'sec\nret' } }).bad()
    expect(bad).toMatchObject({ error: 'forbidden', message: expect.stringMatching(message) })
    expect(bad.message).not.toContain('ret"')
    expect(server.requests).toHaveLength(0)
  })
})

describe('the pace', () => {
  test('is one question at a time, at most 10 % off, and Retry-After is waited for', async () => {
    const waits: number[] = []
    const timers = {
      after: (ms: number, run: () => void) => {
        waits.push(ms)
        const timer = setTimeout(run, ms === 30_000 ? ms : 20)
        return () => clearTimeout(timer)
      },
    }
    let at = 0
    const server = await serverWith((_, response) => {
      if (at++ === 0) json(response, {})
      else response.writeHead(429, { 'Retry-After': '120' }).end()
    })
    const readings = asked(server.url, { everyMs: 60_000, timeoutMs: 30_000 }, { timers, random: () => 1 })
    await readings.good()
    expect((await readings.bad()).message).toMatch(/asked too often/)
    await eventually(() => waits.length >= 4, 'the next question')
    expect(waits[0]).toBe(30_000)
    expect(waits[1]).toBeGreaterThan(60_000)
    expect(waits[1]).toBeLessThanOrEqual(66_000)
    expect(waits[3]).toBe(120_000)
  })

  test('is slower while another server publishes, and what is read then counts as fresh for as long', async () => {
    const waits: number[] = []
    let slower = 10
    const timers = {
      after: (ms: number, run: () => void) => {
        waits.push(ms)
        const timer = setTimeout(run, 30_000)
        return () => clearTimeout(timer)
      },
    }
    const server = await serverWith((_, response) => json(response, {}))
    const options = { timers, random: () => 0.5, slower: () => slower }
    const readings = asked(server.url, { everyMs: 60_000, timeoutMs: 30_000 }, options)
    expect((await readings.good()).everyMs).toBe(600_000)
    slower = 1
    await readings.source.refresh()
    expect((await readings.good()).everyMs).toBe(60_000)
    const [, first = 0, , second = 0] = waits
    expect(first).toBeGreaterThan(540_000)
    expect(second).toBeLessThanOrEqual(60_000)
  })

  test('after close there are no connections, timers and readings', async () => {
    const server = await serverWith(() => {})
    const log: string[] = []
    const record = (_: unknown, text?: string): void => void log.push(text ?? '')
    const lines = { debug: record, info: record, warn: record, error: record } as unknown as LineLog
    const readings = asked(server.url, {}, { log: lines })
    await eventually(() => server.requests.length === 1, 'a question')
    await readings.source.close()
    await readings.source.close()
    await eventually(() => server.sockets.size === 0, 'no connection')
    expect(readings.all).toEqual([])
    expect(log).toEqual([])
  })

  test('an outage is two lines of the log', async () => {
    let isWell = true
    const server = await serverWith((_, response) =>
      isWell ? json(response, {}) : response.writeHead(500).end(),
    )
    const log: string[] = []
    const record = (_: unknown, text?: string): void => void log.push(text ?? '')
    const readings = asked(
      `${server.url}/secret`,
      {},
      {
        log: { debug: record, info: record, warn: record, error: record } as unknown as LineLog,
      },
    )
    await readings.good()
    isWell = false
    await eventually(() => readings.all.at(-1)?.ok === false, 'the fault')
    const asked1 = server.requests.length
    await eventually(() => server.requests.length > asked1 + 2, 'more of it')
    isWell = true
    await eventually(() => readings.all.at(-1)?.ok === true, 'the end')
    expect(log).toEqual(['the source cannot be read: it answered 500', 'the source can be read again'])
    expect(readings.all.filter(each => !each.ok)).toHaveLength(1)
  })
})
