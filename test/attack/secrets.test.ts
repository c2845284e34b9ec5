// The real program with every secret marked: the test searches its logs, screen, answers, metrics and `g6 config`, after
// a good start and a bad one, for the marks. (The chat relay's are in test/chat-audit/marked-values.test.ts.)
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { endAll, g6 } from '../support/g6.js'

const MARK = /marked/i
const STATUS = 'test/fixtures/status-full.json'
const SECRETS = {
  G6_SSE_API_TOKEN: 'MARKED-token-of-some-length',
  G6_SSE_API_TOKEN_PREVIOUS: 'MARKED-previous-token',
  G6_PANELS_SSE_TOKEN: 'MARKED-followed-token',
  G6_HTTP_BASIC_PASS: 'MARKED-collector-password',
  RAG_BACKEND_TOKEN: 'MARKED-backend-token',
  RAG_BACKEND_URL: 'http://127.0.0.1:1/?key=MARKED-in-the-address',
  API_KEYS_INTERNAL: 'MARKED-key-1,MARKED-key-2',
  G6_CHAT_JWT_SECRET: 'MARKED-jwt-secret-of-thirty-two-bytes',
  G6_AUDIT_KEY: 'MARKED-audit-key-of-thirty-two-bytes-or-so',
  GRAFANA_API_KEY: 'MARKED-loki-key',
  GRAFANA_LOKI_URL: 'http://MARKED-user:MARKED-password@127.0.0.1:1/push?token=MARKED-x',
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'g6-marks-'))
})
afterEach(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

function expectClean(answers: Readonly<Record<string, string>>): void {
  for (const [where, text] of Object.entries(answers)) {
    const at = text.search(MARK)
    expect(at === -1 ? null : text.slice(Math.max(0, at - 100), at + 60), where).toBeNull()
  }
}

test('a server reveals none of them, whatever the request', async () => {
  const server = g6(
    ['serve', '--port', '0', '--panels-dir', join(folder, 'panels'), '--status-file', STATUS],
    {
      ...SECRETS,
      G6_LOG_LEVEL: 'trace',
      G6_UNIFIED_MODEL_INIT_DEBUG: '1',
      G6_AUDIT_DB: join(folder, 'audit.db'),
    },
  )
  const url = await server.url()
  const right = { 'X-API-Token': SECRETS.G6_SSE_API_TOKEN }
  const answers: Record<string, string> = {}
  const ask = async (path: string, headers: Record<string, string>): Promise<Response> => {
    const response = await fetch(`${url}${path}`, { headers })
    const text = path.startsWith('/summary/events') ? '' : await response.text()
    answers[`${path} ${response.status} ${Object.keys(answers).length}`] =
      `${JSON.stringify([...response.headers])} ${text}`
    await response.body?.cancel().catch(() => {})
    return response
  }
  for (const headers of [
    {},
    right,
    { 'X-API-Token': 'MARKED-guess' },
    { Authorization: 'Bearer MARKED-guess', Cookie: 'MARKED' },
  ] as Record<string, string>[]) {
    for (const path of [
      '/summary/health',
      '/summary/resync',
      '/metrics',
      '/livez',
      '/readyz',
      '/openapi.json',
      '/events/stats',
      '/nothing',
      '/api/v2/bali-zero/chat-stream/health',
      '/summary/events',
    ]) {
      await ask(path, headers)
      await ask(`${path}?ticket=MARKED-ticket&token=MARKED&query=MARKED`, headers)
    }
  }
  expect((await ask('/summary/health', right)).status).toBe(200)
  server.signal('SIGHUP')
  await server.until(/settings read again/)
  server.signal('SIGTERM')
  expect(await server.exit).toBe(0)
  expectClean({ ...answers, ...server.output() })
})

test('g6 config shows none of them, in either form, from the environment or from the file', async () => {
  const file = join(folder, 'g6.toml')
  writeFileSync(
    file,
    'sse_api_token = "MARKED-in-the-file"\npanels_sse_url = "http://MARKED:MARKED@host/events?x=MARKED"\n',
  )
  for (const args of [
    ['config'],
    ['config', '--json'],
    ['config', '--changed'],
    ['config', 'check'],
    ['config', 'check', '--json'],
  ]) {
    for (const env of [SECRETS, {}]) {
      const command = g6([...args, '--config', file], env)
      await command.exit
      expectClean(command.output())
    }
  }
})

describe('a program that cannot start reveals none of them', () => {
  test.each([
    ['a token that is not text', { G6_SSE_API_TOKEN_FILE: '/MARKED-not-there' }, [], /cannot be read/],
    [
      'an address with a password',
      { G6_PANELS_SSE_URL: 'http://user:MARKED-password@127.0.0.1:1/events' },
      [],
      /user name or password/,
    ],
    [
      'a source with a password',
      {},
      ['--source', 'board:http://user:MARKED-password@127.0.0.1:1'],
      /user name or password/,
    ],
    ['an invalid backend', { RAG_BACKEND_URL: 'ftp://user:MARKED@host/?key=MARKED' }, [], /RAG_BACKEND_URL/],
  ])('%s', async (what, env, args, wanted) => {
    const command = g6(
      ['serve', '--port', '0', '--no-write-panels', ...args].filter(each => each !== '--no-write-panels'),
      env as Record<string, string>,
    )
    expect(await command.exit).not.toBe(0)
    const { out, err } = command.output()
    expect(out + err).toMatch(wanted)
    // The name of a file is not secret.
    const shown =
      what === 'a token that is not text' ? (out + err).replaceAll('/MARKED-not-there', '') : out + err
    expectClean({ shown })
    expect(shown).not.toMatch(/\n\s+at /)
  })
})
