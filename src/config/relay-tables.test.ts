import { describe, expect, test } from 'vitest'
import { fromJSONSchema } from 'zod'
import { loadConfig, reloadable } from './load.js'
import { settingsSchema } from './pages.js'
import { configReport } from './report.js'

const load = (text: string, env: Record<string, string> = {}) =>
  loadConfig({
    env,
    file: { path: 'g6.toml', text },
    readSecretFile: path => {
      if (path === 'missing') throw Object.assign(new Error('no'), { code: 'ENOENT' })
      return path === 'two' ? 'line 1\nline 2' : path === 'empty' ? '\n' : `  secret-of-${path}\n`
    },
  })

function errorsOf(text: string, env?: Record<string, string>): readonly string[] {
  const result = load(text, env)
  return result.ok ? [] : result.errors.map(({ message }) => message)
}

const GOOD = `
[relay]
pass = ["/v1/files/*", "POST /v1/moderations"]
repeat_unanswered = true

[[relay.backend]]
name = "main"
url = "https://api.example/v1?api-version=1"
key_file = "main"

[[relay.backend]]
name = "spare"
url = "http://10.0.0.1:8000"
models = { fast = "small" }

[[relay.route]]
path = "/api/chat"
upstream = "http://app:3000/api/chat"
stream_id = "body.id"
owner = ["cookie:session"]
forward = ["Cookie", "authorization"]
`

describe('the tables of the relay', () => {
  test('become backends, routes and settings', () => {
    const result = load(GOOD)
    if (!result.ok) throw new Error(JSON.stringify(result.errors))
    const { config, provenance } = result
    expect(config.relayBackends.map(({ name, key, models }) => ({ name, key, models }))).toEqual([
      { name: 'main', key: 'secret-of-main', models: null },
      { name: 'spare', key: null, models: { fast: 'small' } },
    ])
    expect(config.relayRoutes).toEqual([
      {
        path: '/api/chat',
        upstream: 'http://app:3000/api/chat',
        streamId: 'body.id',
        owner: ['cookie:session'],
        forward: ['cookie', 'authorization'],
      },
    ])
    expect(config).toMatchObject({
      relayPass: ['/v1/files/*', 'POST /v1/moderations'],
      relayRepeatUnanswered: true,
    })
    expect(provenance.relayBackends).toEqual({ from: 'file', path: 'g6.toml', key: 'relay.backend' })
  })

  test('may be JSON in the environment', () => {
    const result = load('', { G6_RELAY_BACKENDS: '[{"name":"a","url":"http://a"}]' })
    expect(result.ok && result.config.relayBackends).toMatchObject([{ name: 'a', url: 'http://a' }])
  })

  test('show no more than names', () => {
    const result = load(GOOD)
    for (const json of [true, false]) {
      const { text } = configReport(result, { json, group: 'relay', changed: false })
      expect(text).toContain('main')
      expect(text).toContain('/api/chat')
      expect(text).not.toMatch(/secret-of|api\.example|app:3000/)
    }
  })

  test('are read again by a reload; routes are not', () => {
    const [before, after] = [
      load(GOOD),
      load(GOOD.replace('"main"\n\n', '"newer"\n\n').replace('/api/chat"\nup', '/api/x"\nup')),
    ]
    if (!before.ok || !after.ok) throw new Error('unusable')
    const { config, ignored } = reloadable(before.config, after.config)
    expect(config.relayBackends[0]?.key).toBe('secret-of-newer')
    expect(ignored).toEqual(['G6_RELAY_ROUTES'])
  })

  test('fit the JSON Schema of the settings file', () => {
    const schema = fromJSONSchema(JSON.parse(JSON.stringify(settingsSchema())))
    const accepts = (value: unknown) => schema.safeParse(value).success
    expect(accepts({ relay: { pass: ['/v1/files'], backend: [{ name: 'a', url: 'http://a' }] } })).toBe(true)
    expect(accepts({ relay: { backend: [{ name: 'a', url: 'http://a', key_fil: 'x' }] } })).toBe(false)
    expect(accepts({ relay: { pas: [] } })).toBe(false)
  })
})

const backend = (more: string, name = 'a') =>
  `[[relay.backend]]\nname = "${name}"\nurl = "http://${name}"\n${more}\n`
const AT = 'G6_RELAY_BACKENDS (relay.backend in g6.toml): entry'

describe('what is wrong with a table names the entry, the key and what is allowed', () => {
  test.each<readonly [what: string, text: string, ...messages: string[]]>([
    [
      'a misspelt key',
      backend('') + backend('key_fil = "x"', 'b'),
      `${AT} 2 ("b"): "key_fil" is not a key of it; did you mean key_file?`,
    ],
    [
      'a missing key',
      '[[relay.backend]]\nname = "a"',
      `${AT} 1 ("a"): url is missing; allowed: a URL beginning with http:// or https://, without a user name, a password or a fragment`,
    ],
    [
      'a password in a URL',
      '[[relay.backend]]\nname = "a"\nurl = "http://u:hidden@a"',
      `${AT} 1 ("a"): url: allowed: a URL beginning with http:// or https://, without a user name, a password or a fragment`,
    ],
    [
      'an unknown route',
      backend('serves = ["chat", "speech"]'),
      `${AT} 1 ("a"): serves.1: allowed: a list of chat, completions, responses, messages, embeddings, models`,
    ],
    [
      'serves nothing',
      backend('serves = []'),
      `${AT} 1 ("a"): serves: allowed: a list of chat, completions, responses, messages, embeddings, models`,
    ],
    [
      'a time without a unit',
      backend('first_token_timeout = 120'),
      `${AT} 1 ("a"): first_token_timeout: allowed: a time with its unit from 100ms to 1d, as in "500ms", "5s", "2m"`,
    ],
    [
      'a header that frames',
      backend('key_file = "k"\nkey_header = "Content-Length"'),
      `${AT} 1 ("a"): key_header: allowed: the name of a header that carries a value of its own, like authorization, x-api-key, cookie`,
    ],
    [
      'a header without a key',
      backend('key_header = "x-api-key"'),
      `${AT} 1 ("a"): key_header changes nothing without key_file; allowed: both, or none of them`,
    ],
    [
      'a missing file',
      backend('key_file = "missing"'),
      `${AT} 1 ("a"): key_file: the file missing cannot be read (ENOENT)`,
    ],
    [
      'an empty file',
      backend('key_file = "empty"'),
      `${AT} 1 ("a"): key_file: the file empty cannot be used (it is empty)`,
    ],
    [
      'two lines',
      backend('key_file = "two"'),
      `${AT} 1 ("a"): key_file: the file two cannot be used (it has a blank in the middle, at character 5)`,
    ],
    [
      'one name twice',
      backend('') + backend(''),
      `${AT} 2 ("a"): another backend has this name; allowed: a name for each`,
    ],
    [
      'two that accept keys',
      backend('accepts_caller_key = true') + backend('accepts_caller_key = true', 'b'),
      `${AT} 2 ("b"): accepts_caller_key: another backend has it; allowed: one backend at most`,
    ],
    [
      'several things',
      backend('usage_option = 1\nmodels = {}'),
      `${AT} 1 ("a"): models: allowed: a table of names, as in { "fast" = "gpt-5-mini" }`,
      `${AT} 1 ("a"): usage_option: allowed: true or false`,
    ],
    [
      'one path twice',
      '[[relay.route]]\npath = "/c"\nupstream = "http://a"\n[[relay.route]]\npath = "/c"\nupstream = "http://b"',
      'G6_RELAY_ROUTES (relay.route in g6.toml): entry 2 ("/c"): another route has this path; allowed: a path for each',
    ],
    [
      'a path that leads up',
      '[[relay.route]]\npath = "/a/.."\nupstream = "http://a"',
      'G6_RELAY_ROUTES (relay.route in g6.toml): entry 1 ("/a/.."): path: allowed: a path like /api/chat, without a slash at its end',
    ],
    [
      'no list',
      '[relay]\nbackend = "http://a"',
      'G6_RELAY_BACKENDS (relay.backend in g6.toml): it is not a list of tables; allowed: tables of name, url, key_file, key_header, models, usage_option, serves, accepts_caller_key, first_token_timeout',
    ],
    [
      'an unknown key of [relay]',
      '[relay]\nbackends_ = 1',
      'relay.backends_ in g6.toml is not a setting; did you mean relay.backend?',
    ],
    [
      'a key in both spellings',
      'relay_pass = ["/v1/a"]\n[relay]\npass = ["/v1/b"]',
      'relay.pass and relay_pass in g6.toml are both set; allowed: one of them',
    ],
  ])('%s', (_, text, ...messages) => {
    expect(errorsOf(text)).toEqual(messages)
  })
})
