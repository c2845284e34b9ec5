import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../config/load.js'
import type { Config } from '../../config/settings.js'
import { backendsOf, chatBackendsOf, keyHeaders, modelAt, pathAt } from './backend.js'

function configOf(env: Record<string, string>, text = ''): Config {
  const result = loadConfig({
    env,
    file: { path: 'g6.toml', text },
    readSecretFile: path => `key-of-${path}\n`,
  })
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.config
}

const TABLES = `
[[relay.backend]]
name = "main"
url = "https://api.example/v1"
key_file = "main.key"
models = { "gpt-5" = "gpt-5", "fast" = "gpt-5-mini" }
serves = ["chat", "responses"]
first_token_timeout = "120s"

[[relay.backend]]
name = "claude"
url = "https://other.example"
key_file = "claude.key"
key_header = "X-API-Key"
serves = ["messages"]
accepts_caller_key = true
usage_option = false
`

describe('the backends of /v1', () => {
  test('are those of the tables, in order, each with its own key', () => {
    const [main, claude, ...more] = backendsOf(configOf({ RAG_BACKEND_TOKEN: 'shared' }, TABLES))
    expect(more).toEqual([])
    expect(main).toMatchObject({
      name: 'main',
      key: 'key-of-main.key',
      usageOption: true,
      acceptsCallerKey: false,
      firstTokenTimeoutMs: 120_000,
    })
    expect(main && [...main.serves]).toEqual(['chat', 'responses'])
    expect(main && keyHeaders(main)).toEqual({ authorization: 'Bearer key-of-main.key' })
    expect(claude && keyHeaders(claude)).toEqual({ 'x-api-key': 'key-of-claude.key' })
    expect(claude).toMatchObject({ acceptsCallerKey: true, usageOption: false, models: null })
  })

  test('are made once for each list', () => {
    const config = configOf({}, TABLES)
    expect(backendsOf(config)).toBe(backendsOf(config))
  })

  test('are the one of G6_RELAY_UPSTREAM where there are no tables, and none without', () => {
    expect(backendsOf(configOf({}))).toEqual([])
    expect(backendsOf(configOf({ RAG_BACKEND_URL: 'http://rag' }))).toEqual([])
    const [one] = backendsOf(configOf({ G6_RELAY_UPSTREAM: 'http://x:8000/v1', RAG_BACKEND_TOKEN: 'shared' }))
    expect(one).toMatchObject({ name: 'x:8000', key: 'shared', acceptsCallerKey: false })
    expect(one?.serves.size).toBe(6)
  })

  test('the token of RAG_BACKEND_URL goes to no other server', () => {
    const of = (rag: string) =>
      backendsOf(
        configOf({ G6_RELAY_UPSTREAM: 'http://x', RAG_BACKEND_URL: rag, RAG_BACKEND_TOKEN: 'shared' }),
      )
    expect(of('http://rag')[0]?.key).toBeNull()
    expect(of('http://x/other')[0]?.key).toBe('shared')
  })
})

describe('the backends of the bali-zero routes', () => {
  test('are RAG_BACKEND_URL, with names that differ', () => {
    const { style, backends } = chatBackendsOf(
      configOf({ RAG_BACKEND_URL: 'http://a/1,http://a/2,http://b', RAG_BACKEND_TOKEN: 't' }, TABLES),
    )
    expect(style).toBe('rag-get')
    expect(backends.map(({ name, key }) => [name, key])).toEqual([
      ['a#1', 't'],
      ['a#2', 't'],
      ['b', 't'],
    ])
  })

  test('are else those of the relay that serve chat', () => {
    const { style, backends } = chatBackendsOf(configOf({}, TABLES))
    expect(style).toBe('openai')
    expect(backends.map(({ name }) => name)).toEqual(['main'])
  })
})

test('models have the names of each backend; a backend without a list serves all', () => {
  const [main, claude] = backendsOf(configOf({}, TABLES))
  const at = (backend: typeof main, model: string) => backend && modelAt(backend, model)
  expect(at(main, 'fast')).toBe('gpt-5-mini')
  expect(at(main, 'slow')).toBeNull()
  expect(at(main, 'constructor')).toBeNull()
  expect(at(claude, 'slow')).toBe('slow')
})

test.each([
  ['https://x', '/v1/chat/completions'],
  ['https://x/', '/v1/chat/completions'],
  ['https://x/v1', '/v1/chat/completions'],
  ['https://x/v1/', '/v1/chat/completions'],
  [
    'https://x/openai/deployments/g?api-version=2024-10-21',
    '/openai/deployments/g/chat/completions?api-version=2024-10-21',
  ],
  ['https://x?key=1', '/v1/chat/completions?key=1'],
])('%s is asked at %s', (url, path) => {
  expect(pathAt(new URL(url), '/chat/completions')).toBe(path)
})
