// What must appear nowhere: a run of the real server with marked questions, emails and tokens, in every way a request can
// go right or wrong; then everything the server sent or wrote is searched.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MockScript } from '../../src/chat/mock/script.js'
import { type MockUpstream, startMockUpstream } from '../../src/chat/mock/server.js'
import { endAll, g6 } from '../support/g6.js'

const SECRET = 'MARKED-jwt-secret-of-thirty-two-bytes'
const SERVER_TOKEN = 'MARKED-server-token-of-32-bytes-or-more'
const BACKEND_TOKEN = 'MARKED-backend-token'
const INTERNAL_KEY = 'MARKED-internal-key'
const MARK = /marked/i
const PATH = '/api/v2/bali-zero/chat-stream'

let folder: string
let mock: MockUpstream
let script: Partial<MockScript>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'g6-words-'))
  script = {}
  mock = await startMockUpstream({ script: () => script })
})
afterEach(async () => {
  await endAll()
  await mock.close()
  rmSync(folder, { recursive: true })
})

const person = (name: string, exp = '1h'): Promise<string> =>
  new SignJWT({
    sub: `MARKED-sub-${name}`,
    email: `MARKED-${name}@example.org`,
    role: 'MARKED-role',
    jti: `MARKED-jti-${name}`,
  })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(exp)
    .sign(Buffer.from(SECRET))

test('no question, email or token is in any log line, metric, refusal or audit row', async () => {
  const server = g6(['serve', '--port', '0', '--status-file', 'test/fixtures/status-full.json'], {
    ENABLE_SSE_STREAMING: 'true',
    RAG_BACKEND_URL: mock.url,
    RAG_BACKEND_TOKEN: BACKEND_TOKEN,
    API_KEYS_INTERNAL: INTERNAL_KEY,
    G6_SSE_API_TOKEN: SERVER_TOKEN,
    G6_CHAT_JWT_SECRET: SECRET,
    G6_CHAT_RATE: '12/60',
    G6_AUDIT_DB: join(folder, 'audit.db'),
    G6_LOG_LEVEL: 'trace',
  })
  const base = await server.url()
  const answers: string[] = []
  const statuses: number[] = []
  const alice = await person('alice')
  const tokens = [alice, await person('old', '-1h'), `${alice.slice(0, -4)}AAAA`]

  async function call(path: string, init: RequestInit = {}): Promise<{ text: string; response: Response }> {
    const response = await fetch(base + path, init)
    const text = await response.text()
    statuses.push(response.status)
    // What a client reads of its own answer is its own; what is searched is every refusal and every header.
    answers.push(JSON.stringify([...response.headers]))
    if (response.status >= 400) answers.push(text)
    return { text, response }
  }
  const post = (body: unknown, headers: Record<string, string> = {}, path = PATH) =>
    call(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${alice}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const question = {
    query: 'MARKED-question',
    user_email: 'MARKED-claimed@example.org',
    conversation_history: [{ role: 'user', content: 'MARKED-history' }],
  }
  const ids = {
    'x-session-id': 'MARKED-session',
    'x-continuity-id': 'MARKED-continuity',
    'x-user-id': 'MARKED-user',
  }

  const whole = await post(question, { ...ids, 'Idempotency-Key': 'MARKED-key' })
  const streamId = whole.response.headers.get('x-stream-id') ?? ''
  await call(`${PATH}/${streamId}?after=1`, { headers: { Authorization: `Bearer ${alice}` } })
  await call(`${PATH}/${streamId}`, { method: 'DELETE', headers: { Authorization: `Bearer ${alice}` } })
  await call(`${PATH}/${streamId}`, { headers: { 'X-API-Token': SERVER_TOKEN } })
  await post({ ...question, query: 'MARKED-another' }, { 'Idempotency-Key': 'MARKED-key' })
  await post(question, {}, '/api/v2/bali-zero/chat')
  await call(`${PATH}?query=MARKED-in-the-address&user_email=MARKED-x`, {
    headers: { 'X-API-Token': SERVER_TOKEN },
  })
  for (const finish of ['error', 'cut'] as const) {
    script = { finish, tokens: ['MARKED-token'], unknownFrame: true }
    await post(question)
  }
  script = { status: 500 }
  await post(question)
  script = {}
  for (const token of tokens.slice(1)) await post(question, { Authorization: `Bearer ${token}` })
  await post(question, { Authorization: 'Bearer MARKED-no-token', 'X-API-Token': 'MARKED-wrong' })
  await post(question, { 'x-api-key': INTERNAL_KEY })
  await post(question, { Origin: 'https://other.example.org', 'Sec-Fetch-Site': 'cross-site' })
  await post('{"query": "MARKED-broken')
  await post({ query: `MARKED${'x'.repeat(40_000)}` })
  await post({ query: ['MARKED'] })
  await post({ query: 'MARKED', conversation_history: 'MARKED' })
  await post(question, { 'Content-Type': 'text/MARKED' })
  for (let i = 0; i < 12; i++) await post(question)
  const health = await call(`${PATH}/health`, { headers: { 'X-API-Token': SERVER_TOKEN } })
  const metrics = await call('/metrics', { headers: { 'X-API-Token': SERVER_TOKEN } })

  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  const { out, err } = server.output()
  const audit = g6(['audit', 'tail', '--json', '-n', '999'], { G6_AUDIT_DB: join(folder, 'audit.db') })
  await audit.exit
  const operations = audit
    .output()
    .out.trim()
    .split('\n')
    .map(line => (JSON.parse(line) as { operation: string }).operation)

  // The run was what it was meant to be.
  for (const status of [200, 400, 401, 403, 404, 409, 415, 429, 502]) expect(statuses).toContain(status)
  for (const operation of [
    'stream.start',
    'stream.end',
    'stream.resume',
    'auth.token_verified',
    'security.rate_limit_violation',
    'security.auth_failure',
    'security.forbidden',
  ]) {
    expect(operations).toContain(operation)
  }
  expect(mock.requests.some(({ query }) => query === 'MARKED-question')).toBe(true)

  // And nothing of it is anywhere.
  const files = readdirSync(folder).map(name => readFileSync(join(folder, name), 'latin1'))
  const written = { out, err, metrics: metrics.text, health: health.text, audit: audit.output().out }
  const parts = tokens.flatMap(token => token.split('.').slice(1))
  for (const [where, bytes] of [...Object.entries(written), ...answers.entries(), ...files.entries()]) {
    expect(bytes.match(MARK)?.[0] ?? null, `in ${where}: ${bytes.slice(0, 300)}`).toBeNull()
    expect(
      parts.filter(part => bytes.includes(part)),
      `a token in ${where}`,
    ).toEqual([])
  }
})
