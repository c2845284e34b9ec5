// The relay in the real command: off by default, switched on by its flag, ended in order, and its record verified.
import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { ChatReader } from '../support/chat-reader.js'
import { PREFIX, until } from '../support/chat-rig.js'
import { endAll, g6, type Running } from '../support/g6.js'
import { startHandUpstream } from '../support/hand-upstream.js'

let folder = ''
let mock: MockUpstream
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g6-chat-'))
  mock = await startMockUpstream({ script: { tokens: 3, finish: 'stall' } })
})
afterEach(async () => {
  await endAll()
  await mock.close()
  await rm(folder, { recursive: true, force: true })
})

function serve(env: Readonly<Record<string, string>>, flags: readonly string[] = []): Running {
  const places = { G6_AUDIT_DB: join(folder, 'audit.db'), RAG_BACKEND_URL: mock.url }
  return g6(['serve', '--port', '0', '--status-file', join(folder, 'status.json'), ...flags], {
    ...places,
    ...env,
  })
}
const asked = (url: string) =>
  new ChatReader(`${url}${PREFIX}/chat-stream`, { method: 'POST', body: { query: 'a' } })

type LokiPush = { readonly streams: { readonly values: [at: string, line: string][] }[] }

type Health = { readonly flag: { readonly enabled: boolean } }

const ROUTES = [
  ['POST', '/chat-stream'],
  ['GET', '/chat-stream?query=a'],
  ['GET', '/chat-stream/AAAAAAAAAAAAAAAAAAAAAA'],
  ['DELETE', '/chat-stream/AAAAAAAAAAAAAAAAAAAAAA'],
] as const

/** How the server answers at each of its other addresses, as far as it does not differ from one asking to the next. */
async function othersAt(url: string): Promise<readonly string[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> }
  const others = Object.keys(paths).filter(path => !path.startsWith(PREFIX) && !path.startsWith('/chat'))
  expect(others.length).toBeGreaterThan(10)
  const answers = [...others, '/', '/nowhere'].map(async path => {
    const abort = new AbortController()
    const { status, headers } = await fetch(url + path, { signal: abort.signal })
    abort.abort()
    return `${path} ${status} ${headers.get('content-type')} ${[...headers.keys()].join(',')}`
  })
  return Promise.all(answers)
}

test('by default the routes say that it is off, nothing of it is opened, and everything else is the same', async () => {
  const server = serve({ RAG_BACKEND_URL: '' })
  const url = await server.url()
  for (const [method, path] of ROUTES) {
    const body = method === 'POST' ? { body: { query: 'a' } } : {}
    const reader = await new ChatReader(`${url}${PREFIX}${path}`, { method, ...body }).end()
    expect([path, reader.status, reader.headers['content-type']]).toEqual([
      path,
      403,
      'application/problem+json',
    ])
    expect(reader.json).toMatchObject({
      ok: false,
      code: 'feature_flag_disabled',
      flag: 'ENABLE_SSE_STREAMING',
    })
  }
  const whole = await new ChatReader(`${url}${PREFIX}/chat`, { method: 'POST', body: { query: 'a' } }).end()
  expect([whole.status, whole.json.code]).toEqual([503, 'no_backend'])
  expect((await fetch(`${url}/chat`)).status).toBe(404)
  const other = serve({ ENABLE_SSE_STREAMING: 'true' })
  expect(await othersAt(url)).toEqual(await othersAt(await other.url()))
  other.signal('SIGTERM')
  await other.exit
  for (const name of await readdir(folder)) await rm(join(folder, name))
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  expect(mock.requests).toHaveLength(0)
  expect(await readdir(folder)).toEqual([])
})

test.each([
  ['off', {}],
  ['on for 0 %', { ENABLE_SSE_STREAMING: 'true', ENABLE_SSE_STREAMING_PERCENTAGE: '0' }],
])(
  'with the flag %s, /chat answers where a backend is set: recorded, with its page, and after a reload',
  async (_, env) => {
    const server = serve(env)
    const url = await server.url()
    const whole = () =>
      new ChatReader(`${url}${PREFIX}/chat`, {
        method: 'POST',
        body: { query: 'mock:{"finish":"done"}' },
      }).end()
    expect((await asked(url).end()).json.code).toBe('feature_flag_disabled')
    const reader = await whole()
    expect([reader.status, reader.json.success]).toEqual([200, true])
    expect((await fetch(`${url}/chat`)).status).toBe(200)
    server.signal('SIGHUP')
    await server.until(/settings read again/)
    expect((await whole()).status).toBe(200)
    server.signal('SIGTERM')
    expect(await server.exit).toBe(0)
    const warnings = server.output().err.match(/no key for people's tokens/g)
    expect(warnings).toHaveLength(1)
    const tail = g6(['audit', 'tail'], { G6_AUDIT_DB: join(folder, 'audit.db') })
    expect(await tail.exit).toBe(0)
    expect(tail.output().out.match(/stream\.end/g)).toHaveLength(2)
  },
)

test('a stopping server lets its answers finish, and be resumed; it takes no new questions', async () => {
  const hand = await startHandUpstream()
  try {
    const grace = { G6_SHUTDOWN_GRACE_MS: '60000' }
    const server = serve({ ENABLE_SSE_STREAMING: 'true', RAG_BACKEND_URL: hand.url, ...grace })
    const url = await server.url()
    const reader = asked(url)
    await hand.say('a')
    await reader.until(({ answer }) => answer === 'a')
    server.signal('SIGTERM')
    await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'it begins to stop')
    expect((await asked(url).end()).status).toBe(503)
    reader.cut()
    const again = new ChatReader(`${url}${PREFIX}/chat-stream/${reader.streamId}`)
    await again.until(({ answer }) => answer === 'a')
    await hand.say('b')
    await again.until(({ answer }) => answer === 'ab')
    await hand.done()
    await again.end()
    expect(again.terminals).toMatchObject([{ type: 'done', data: { reason: 'complete' } }])
    expect(await server.exit).toBe(0)
  } finally {
    await hand.close()
  }
})

test('a stopping server ends answers with shutdown; event, metric and a verified record agree', async () => {
  // So short that running answers have no time to finish.
  const server = serve({ ENABLE_SSE_STREAMING: 'true', G6_SHUTDOWN_GRACE_MS: '1500' })
  const url = await server.url()
  const whole = new ChatReader(
    `${url}${PREFIX}/chat-stream?query=${encodeURIComponent('mock:{"finish":"done"}')}`,
  )
  expect((await whole.end()).terminals).toMatchObject([{ type: 'done', data: { reason: 'complete' } }])
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toMatch(/^g6_chat_streams_total\{reason="complete"\} 1$/m)
  expect(metrics).toMatch(/^g6_chat_tokens_total 3$/m)
  const reader = await asked(url).until(
    ({ events }) => events.filter(({ type }) => type === 'token').length === 3,
  )
  server.signal('SIGTERM')
  await reader.end()
  expect(reader.terminals).toMatchObject([{ type: 'aborted', data: { reason: 'shutdown' } }])
  expect(reader.isComplete).toBe(true)
  expect(await server.exit).toBe(0)

  const places = { G6_AUDIT_DB: join(folder, 'audit.db') }
  const verify = g6(['audit', 'verify'], places)
  expect(await verify.exit).toBe(0)
  const tail = g6(['audit', 'tail'], places)
  expect(await tail.exit).toBe(0)
  const { out } = tail.output()
  expect(out.match(/stream\.start/g)).toHaveLength(2)
  expect(out.match(/stream\.end/g)).toHaveLength(2)
  expect(out).toContain('shutdown')
})

test('switched on and off again by the settings file and SIGHUP, while a running answer continues to its end', async () => {
  const file = join(folder, 'g6.toml')
  const say = (isOn: boolean) => writeFile(file, `enable_sse_streaming = ${isOn}\n`)
  const hand = await startHandUpstream()
  try {
    await say(false)
    const server = serve({ RAG_BACKEND_URL: hand.url }, ['--config', file])
    const url = await server.url()
    const become = (isOn: boolean) =>
      until(
        async () => {
          const { flag } = (await (await fetch(`${url}${PREFIX}/chat-stream/health`)).json()) as Health
          return flag.enabled === isOn
        },
        `switched ${isOn ? 'on' : 'off'}`,
      )
    expect((await asked(url).end()).status).toBe(403)
    await say(true)
    server.signal('SIGHUP')
    await become(true)
    const underWay = asked(url)
    await hand.say('a')
    await underWay.until(({ answer }) => answer === 'a')
    await say(false)
    server.signal('SIGHUP')
    await become(false)
    expect((await asked(url).end()).status).toBe(403)
    await hand.say('b')
    await hand.done()
    await underWay.end()
    expect(underWay.answer).toBe('ab')
    expect(underWay.terminals).toMatchObject([{ type: 'done' }])
    server.signal('SIGTERM')
    expect(await server.exit).toBe(0)
  } finally {
    await hand.close()
  }
})

test('switched on by SIGHUP with an unusable audit trail, the server runs on, logs it, and retries', async () => {
  const file = join(folder, 'g6.toml')
  const database = join(folder, 'audit.db')
  // A folder where the database should be.
  await mkdir(database)
  await writeFile(file, 'enable_sse_streaming = false\naudit_required = true\n')
  const server = serve({ G6_CHAT_RATE: '0' }, ['--config', file])
  const url = await server.url()
  await writeFile(file, 'enable_sse_streaming = true\naudit_required = true\n')
  server.signal('SIGHUP')
  await server.until(/settings read again/)
  await server.until(/the audit store is unavailable/)
  expect((await asked(url).end()).json).toMatchObject({ status: 503, code: 'audit_unavailable' })
  server.signal('SIGHUP')
  await rmdir(database)
  await server.until(/the audit store is available again/)
  const reader = await asked(url).until(({ answer }) => answer !== '')
  reader.cut()
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
})

test('an audit database deleted under the server: no question is taken unrecorded, and the new chain has a mark', async () => {
  const database = join(folder, 'audit.db')
  const server = serve({ ENABLE_SSE_STREAMING: 'true', G6_AUDIT_REQUIRED: 'true', G6_CHAT_RATE: '0' })
  const url = await server.url()
  const first = await asked(url).until(({ answer }) => answer !== '')
  first.cut()
  const metrics = async () => (await fetch(`${url}/metrics`)).text()
  await until(async () => /operation="stream.start"} 1/.test(await metrics()), 'its start is committed')
  for (const end of ['', '-wal', '-shm']) await rm(database + end, { force: true })
  // It cannot be made again yet.
  await mkdir(database)
  await server.until(/"code":"vanished"/)
  expect((await asked(url).end()).json).toMatchObject({ status: 503, code: 'audit_unavailable' })
  expect(await metrics()).toMatch(/^g6_audit_failures_total [1-9]/m)
  await rmdir(database)
  await server.until(/the audit store is available again/)
  const second = await asked(url).until(({ answer }) => answer !== '')
  second.cut()
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  expect(server.output().err.match(/"code":"vanished"/g)).toHaveLength(1)
  const verify = g6(['audit', 'verify'], { G6_AUDIT_DB: database })
  expect(await verify.exit).toBe(1)
  expect(verify.output().out).toMatch(/NOT whole, .* the database vanished while a server wrote it/)
})

test('of a flood of refusals only the limit has records, the rest is counted, and every stream has its own', async () => {
  const server = serve({ ENABLE_SSE_STREAMING: 'true' })
  const url = await server.url()
  const refused = () =>
    new ChatReader(`${url}${PREFIX}/chat-stream?query=a`, {
      headers: { origin: 'https://evil.example' },
    }).end()
  for (let i = 0; i < 32; i++) {
    for (const { status } of await Promise.all(Array.from({ length: 10 }, refused))) expect(status).toBe(403)
  }
  const script = encodeURIComponent('mock:{"finish":"done"}')
  const whole = await new ChatReader(`${url}${PREFIX}/chat-stream?query=${script}`).end()
  expect(whole.terminals).toMatchObject([{ type: 'done' }])
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  const places = { G6_AUDIT_DB: join(folder, 'audit.db') }
  const tail = g6(['audit', 'tail', '--json', '-n', '999'], places)
  expect(await tail.exit).toBe(0)
  const records = tail
    .output()
    .out.trim()
    .split('\n')
    .map(line => JSON.parse(line) as { readonly operation: string; readonly details: unknown })
  const count = (operation: string) => records.filter(each => each.operation === operation).length
  expect(['security.forbidden', 'stream.start', 'stream.end'].map(count)).toEqual([300, 1, 1])
  expect(records.at(-1)).toMatchObject({ operation: 'audit.left_out', details: { 'security.forbidden': 20 } })
  expect(await g6(['audit', 'verify'], places).exit).toBe(0)
})

describe('settings take effect', () => {
  test('G6_CHAT_ON_DISCONNECT: an answer without a reader is cancelled at once', async () => {
    const server = serve({
      ENABLE_SSE_STREAMING: 'true',
      G6_CHAT_ON_DISCONNECT: 'cancel',
      // The default would wait so long for somebody to come back.
      G6_CHAT_DISCONNECT_GRACE_MS: '3600000',
    })
    const reader = await asked(await server.url()).until(({ answer }) => answer !== '')
    reader.cut()
    await mock.requests[0]?.closed
    expect(mock.requests[0]?.wasCancelled()).toBe(true)
  })
  test('G6_CHAT_ON_DISCONNECT=finish without G6_CHAT_ALLOW_FINISH is grace, and the log says so', async () => {
    const server = serve({ ENABLE_SSE_STREAMING: 'true', G6_CHAT_ON_DISCONNECT: 'finish' })
    await server.until(/G6_CHAT_ON_DISCONNECT=finish requires G6_CHAT_ALLOW_FINISH/)
    const other = serve({
      ENABLE_SSE_STREAMING: 'true',
      G6_CHAT_ON_DISCONNECT: 'finish',
      G6_CHAT_ALLOW_FINISH: 'true',
    })
    await other.url()
    expect(other.output().err).not.toContain('G6_CHAT_ON_DISCONNECT')
  })
  test('G6_CHAT_MAX_QUERY_BYTES: a longer question is 400', async () => {
    const server = serve({ ENABLE_SSE_STREAMING: 'true', G6_CHAT_MAX_QUERY_BYTES: '5' })
    const url = `${await server.url()}${PREFIX}/chat-stream`
    const refused = await new ChatReader(url, { method: 'POST', body: { query: 'äää' } }).end()
    expect([refused.status, refused.json.detail]).toEqual([400, expect.stringContaining('5 bytes')])
    const reader = new ChatReader(url, { method: 'POST', body: { query: 'ääa' } })
    await reader.until(({ answer }) => answer !== '')
    expect(reader.status).toBe(200)
    reader.cut()
  })
  test('GRAFANA_LOKI_URL: audit records and refused requests go to Loki too', async () => {
    let pushed = ''
    const loki = createServer(async (request, response) => {
      for await (const piece of request) pushed += piece
      response.writeHead(204).end()
    })
    await new Promise<void>(resolve => void loki.listen(0, '127.0.0.1', resolve))
    try {
      const server = serve({
        ENABLE_SSE_STREAMING: 'true',
        GRAFANA_LOKI_URL: `http://127.0.0.1:${(loki.address() as AddressInfo).port}`,
      })
      const url = await server.url()
      const script = encodeURIComponent('mock:{"finish":"done"}')
      await new ChatReader(`${url}${PREFIX}/chat-stream?query=${script}`).end()
      const headers = { origin: 'https://evil.example' }
      await new ChatReader(`${url}${PREFIX}/chat-stream?query=a`, { headers }).end()
      server.signal('SIGTERM')
      expect(await server.exit).toBe(0)
      const lines = (JSON.parse(`[${pushed.replaceAll('}{', '},{')}]`) as LokiPush[])
        .flatMap(({ streams }) => streams.flatMap(({ values }) => values))
        .map(([, line]) => JSON.parse(line) as { readonly operation?: string; readonly msg: string })
        .filter(({ operation }) => operation !== undefined)
      expect(lines.map(({ operation, msg }) => `${operation}: ${msg}`).sort()).toEqual([
        'security.forbidden: request refused',
        'stream.end: audit record',
        'stream.start: audit record',
      ])
    } finally {
      await new Promise(resolve => loki.close(resolve).closeAllConnections())
    }
  })
  test('GRAFANA_LOKI_USER: log lines go to Loki as that user', async () => {
    let pushed = (_: string | undefined): void => {}
    const authorization = new Promise<string | undefined>(resolve => {
      pushed = resolve
    })
    const loki = createServer((request, response) => {
      pushed(request.headers.authorization)
      request.resume()
      response.writeHead(204).end()
    })
    await new Promise<void>(resolve => void loki.listen(0, '127.0.0.1', resolve))
    try {
      const server = serve({
        GRAFANA_LOKI_URL: `http://127.0.0.1:${(loki.address() as AddressInfo).port}`,
        GRAFANA_LOKI_USER: 'logs',
        GRAFANA_API_KEY: 'key',
      })
      await server.url()
      expect(await authorization).toBe(`Basic ${Buffer.from('logs:key').toString('base64')}`)
    } finally {
      await new Promise(resolve => loki.close(resolve).closeAllConnections())
    }
  })
})
