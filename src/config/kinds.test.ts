import { describe, expect, test } from 'vitest'
import { loadConfig } from './load.js'
import { type ConfigKey, SETTINGS, type SettingName } from './settings.js'
import { MAX_UNIX_PATH_BYTES } from './unix-path.js'

/** For each kind one setting: accepted texts with their values, and refused texts. */
const CASES: readonly {
  readonly kind: string
  readonly name: SettingName
  readonly good: readonly (readonly [string, unknown])[]
  readonly refused: readonly string[]
}[] = [
  {
    kind: 'bool',
    name: 'G6_SSE_STRUCTURED',
    good: [
      ['1', true],
      ['TRUE', true],
      ['Yes', true],
      ['on', true],
      ['0', false],
      ['false', false],
      ['NO', false],
      ['off', false],
      [' on ', true],
    ],
    refused: ['2', 'maybe', 'y', 'enabled', '-1'],
  },
  {
    kind: 'int',
    name: 'G6_SSE_MAX_CONNECTIONS',
    good: [
      ['1', 1],
      ['+7', 7],
      ['1000000', 1_000_000],
    ],
    refused: ['0', '-1', '1.5', '1e3', '0x10', 'ten', '1000001', '1 000', 'NaN', 'Infinity'],
  },
  {
    kind: 'number',
    name: 'ENABLE_SSE_STREAMING_PERCENTAGE',
    good: [
      ['0', 0],
      ['90.5', 90.5],
      ['.5', 0.5],
    ],
    refused: ['1e1', '1E1', '.1e+1', '-0.1', '100.01', '90%', '90,5', 'NaN', 'Infinity', '0x5'],
  },
  {
    kind: 'port',
    name: 'G6_UNIFIED_HTTP_PORT',
    good: [
      ['0', 0],
      ['65535', 65535],
    ],
    refused: ['65536', '-1', 'http', '80.5'],
  },
  {
    kind: 'bytes',
    name: 'G6_STATUS_MAX_BYTES',
    good: [
      ['2048', 2048],
      ['64 KiB', 65536],
      ['1MiB', 1048576],
      ['1gib', 1073741824],
    ],
    refused: ['1023', '2 GiB', '8 MB', '1.5 MiB', '-5', 'big'],
  },
  {
    kind: 'rate',
    name: 'G6_SSE_IP_CONNECT_RATE',
    good: [
      ['60', { count: 60, windowSec: 60 }],
      ['5/10', { count: 5, windowSec: 10 }],
      ['5/1', { count: 5, windowSec: 1 }],
      ['5/86400', { count: 5, windowSec: 86_400 }],
      ['5:10', { count: 5, windowSec: 10 }],
      ['0', { count: 0, windowSec: 60 }],
    ],
    refused: ['-1', '5/0', '5/86401', '1000001', '5/', '/5', '1.5', '5/10/2', 'many'],
  },
  {
    kind: 'header name',
    name: 'G6_SSE_REQUEST_ID_HEADER',
    good: [
      ['X-Trace', 'X-Trace'],
      ['X-Request-ID', 'X-Request-ID'],
      ['x-correlation-id', 'x-correlation-id'],
      ['Contentment', 'Contentment'],
    ],
    refused: [
      ...['X Trace', 'X:Trace', 'ü'],
      ...[
        'Transfer-Encoding',
        'transfer-encoding',
        'Content-Length',
        'Connection',
        'Keep-Alive',
        'TE',
        'Trailer',
      ],
      ...['Upgrade', 'Proxy-Connection', 'Proxy-Authenticate', 'Host', 'Expect', 'Content-Type', 'Date'],
      ...[
        'Set-Cookie',
        'Location',
        'Authorization',
        'X-API-Token',
        'Access-Control-Allow-Origin',
        'Vary',
        'ETag',
      ],
      ...[
        'Cache-Control',
        'Connection ',
        'HTTP2-Settings',
        'Proxy-Anything',
        'Trailers',
        'Server',
        'X-Real-IP',
      ],
      ...['RateLimit', 'RateLimit-Policy', 'X-RateLimit-Reset', 'Strict-Transport-Security', 'x'.repeat(65)],
    ],
  },
  {
    kind: 'text with a pattern',
    name: 'G6_CHAT_PREFIX',
    good: [['/chat', '/chat']],
    refused: ['chat', '/', '/chat/', '/a//b', '/a?b'],
  },
  {
    kind: 'choice',
    name: 'G6_LOG_LEVEL',
    good: [
      ['debug', 'debug'],
      ['DEBUG', 'debug'],
      ['Warning', 'warn'],
      ['CRITICAL', 'fatal'],
    ],
    refused: ['loud', 'constructor', '3'],
  },
  { kind: 'path', name: 'G6_PANELS_DIR', good: [['/a b/c', '/a b/c']], refused: ['a\0b'] },
  {
    kind: 'list',
    name: 'G6_SSE_UA_ALLOW',
    good: [
      ['curl, Mozilla/5.0 ,,', ['curl', 'Mozilla/5.0']],
      ['one', ['one']],
    ],
    refused: [],
  },
  {
    kind: 'list of sentences',
    name: 'G6_CHAT_EXAMPLES',
    good: [['What, and who? | How?', ['What, and who?', 'How?']]],
    refused: ['a|b|c|d', 'a'.repeat(201), 'a\tb'],
  },
  {
    kind: 'list with a rule for items',
    name: 'G6_ALLOWED_HOSTS',
    good: [['a.example, b.example', ['a.example', 'b.example']]],
    refused: ['http://a.example', 'a b'],
  },
  {
    kind: 'host',
    name: 'G6_HTTP_HOST',
    good: [
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::1'],
      ['[::1]', '::1'],
      ['localhost', 'localhost'],
      ['g6-1.example.org', 'g6-1.example.org'],
      ['unix:/run/g6/g6.sock', 'unix:/run/g6/g6.sock'],
      [`unix:/${'x'.repeat(MAX_UNIX_PATH_BYTES - 1)}`, `unix:/${'x'.repeat(MAX_UNIX_PATH_BYTES - 1)}`],
    ],
    refused: [
      ...['127.0.0', '256.1.1.1', 'a b', 'http://x', '-x', ':::'],
      ...['unix:', 'unix:g6.sock', 'unix:@g6', 'unix:/run/', 'unix:/a\0b', 'unix:/a\nb'],
      `unix:/${'x'.repeat(MAX_UNIX_PATH_BYTES)}`,
      `unix:/${'é'.repeat(Math.ceil(MAX_UNIX_PATH_BYTES / 2))}`,
    ],
  },
  {
    kind: 'text with a pattern',
    name: 'G6_HTTP_SOCKET_MODE',
    good: [
      ['0660', '0660'],
      ['666', '666'],
    ],
    refused: ['0060', '1777', '0680', '0o660', '432', '66'],
  },
  {
    kind: 'address list',
    name: 'G6_SSE_IP_ALLOW',
    good: [
      ['10.0.0.0/8, 192.168.1.7', ['10.0.0.0/8', '192.168.1.7']],
      ['fd00::/8,::1', ['fd00::/8', '::1']],
      ['0.0.0.0/0', ['0.0.0.0/0']],
      ['unix, 10.0.0.1', ['unix', '10.0.0.1']],
    ],
    refused: [
      'unix:/run/g6.sock',
      '10.0.0.0/33',
      '::/129',
      '10.0.0/8',
      'localhost',
      '10.0.0.1/',
      '10.0.0.1/8/8',
      'fe80::1%eth0',
      '1.2.3.4/-1',
    ],
  },
  {
    kind: 'origin list',
    name: 'G6_SSE_ALLOW_ORIGIN',
    good: [
      ['*', ['*']],
      ['https://a.example,http://localhost:5173/', ['https://a.example', 'http://localhost:5173']],
    ],
    refused: ['a.example', 'https://a.example/path', 'ftp://a.example', 'null', 'https://u:p@a.example'],
  },
  {
    kind: 'url',
    name: 'G6_METRICS_URL',
    good: [['http://h:9325/metrics', 'http://h:9325/metrics']],
    refused: ['h:9325', 'ftp://h', 'http://', '/metrics'],
  },
  {
    kind: 'url of a server',
    name: 'G6_PUBLIC_URL',
    good: [
      ['https://h.example/g6/', 'https://h.example/g6'],
      ['http://h:8080', 'http://h:8080'],
    ],
    refused: ['h.example/g6', '/g6', 'ftp://h', 'https://u:p@h', 'https://h/?a=1', 'https://h/#a', 'http://'],
  },
  {
    kind: 'url of another protocol',
    name: 'G6_REDIS_URL',
    good: [['rediss://h:6379/0', 'rediss://h:6379/0']],
    refused: ['http://h'],
  },
  {
    kind: 'url list',
    name: 'RAG_BACKEND_URL',
    good: [['http://a:1, https://b', ['http://a:1', 'https://b']]],
    refused: ['http://a, b', 'redis://a'],
  },
  {
    kind: 'timezone',
    name: 'G6_TIMEZONE',
    good: [
      ['UTC', 'UTC'],
      ['Europe/Berlin', 'Europe/Berlin'],
    ],
    refused: ['Mars/Olympus', 'IST+5'],
  },
  {
    kind: 'json',
    name: 'G6_SUMMARY_THRESH_OVERRIDES',
    good: [
      ['{"dq.warn": 80}', { 'dq.warn': 80 }],
      ['{"dq": {"warn": 80, "error": 60}}', { 'dq.warn': 80, 'dq.error': 60 }],
      [
        '{"stream": {"stale": {"warn_sec": 5}}, "latency.p95": {"warn_frac": 0}}',
        { 'stream.stale.warn_sec': 5, 'latency.p95.warn_frac': 0 },
      ],
      ['{}', {}],
      [`${'{"a":'.repeat(8)}1${'}'.repeat(8)}`, { 'a.a.a.a.a.a.a.a': 1 }],
    ],
    refused: [
      '{',
      '[]',
      '80',
      'null',
      '{"dq.warn": "80"}',
      '{"dq.warn": null}',
      `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`,
    ],
  },
  { kind: 'secret', name: 'G6_SSE_API_TOKEN', good: [['s3cret', 's3cret']], refused: [] },
  { kind: 'secret list', name: 'API_KEYS_INTERNAL', good: [['k1, k2', ['k1', 'k2']]], refused: [','] },
]

const keyOf = (name: string): ConfigKey | undefined => SETTINGS.find(s => s.name === name)?.key

describe.each(CASES)('$kind', ({ name, good, refused }) => {
  test.each(good.map(([text, value]) => ({ text, value })))('accepts $text', ({ text, value }) => {
    const result = loadConfig({ env: { [name]: text } })
    const key = keyOf(name)
    expect(result.ok && key !== undefined ? result.config[key] : result).toEqual(value)
  })

  test.each(refused.map(text => ({ text })))('refuses $text and says what is allowed', ({ text }) => {
    const result = loadConfig({ env: { [name]: text } })
    expect(result.ok).toBe(false)
    if (result.ok) return
    expect(result.errors).toHaveLength(1)
    expect(result.errors[0]?.name).toBe(name)
    expect(result.errors[0]?.message).toContain(name)
    expect(result.errors[0]?.message).toContain(
      `; allowed: ${SETTINGS.find(s => s.name === name)?.setting.allowed}`,
    )
  })
})

// Only a settings file can hold values of another type.
test.each([
  ['G6_SSE_IP_ALLOW', 'sse_ip_allow = 5'],
  ['G6_SSE_IP_ALLOW', 'sse_ip_allow = [5]'],
  ['G6_SSE_ALLOW_ORIGIN', 'sse_allow_origin = 5'],
  ['RAG_BACKEND_URL', 'rag_backend_url = 5'],
  ['G6_SSE_UA_ALLOW', 'sse_ua_allow = 5'],
  ['G6_SSE_IP_CONNECT_RATE', 'sse_ip_connect_rate = [5]'],
  ['G6_SSE_IP_CONNECT_RATE', 'sse_ip_connect_rate = 5.5'],
  ['G6_PANELS_DIR', 'panels_dir = 5'],
  ['G6_STATUS_MAX_BYTES', 'status_max_bytes = [5]'],
  ['G6_SSE_MAX_CONNECTIONS', 'sse_max_connections = inf'],
  ['G6_SUMMARY_THRESH_OVERRIDES', 'summary_thresh_overrides = [5]'],
])('%s refuses %s', (name, text) => {
  const result = loadConfig({ env: {}, file: { path: 'g6.toml', text } })
  expect(result.ok ? [] : result.errors.map(error => error.name)).toEqual([name])
})

test.each([
  ['G6_SUMMARY_THRESH_OVERRIDES', '{', 'it is not JSON'],
  ['G6_SUMMARY_THRESH_OVERRIDES', '[]', 'it is not an object'],
  ['G6_ALLOWED_HOSTS', 'a.example, b c', 'item 2 is not'],
  ['RAG_BACKEND_URL', 'http://a, b', 'item 2 is not'],
])('%s says what is wrong with %s: %s', (name, text, why) => {
  const result = loadConfig({ env: { [name]: text } })
  expect(result.ok ? '' : result.errors[0]?.message).toContain(why)
})

test('every kind that a setting uses is tested here', () => {
  const tried = new Set(CASES.map(c => SETTINGS.find(s => s.name === c.name)?.setting.kind))
  const used = new Set(SETTINGS.map(s => s.setting.kind))
  // Sizes have many names and are tested with the loader, tables in relay-tables.test.ts.
  expect([...used].filter(k => !tried.has(k))).toEqual(['sizes', 'tables'])
})
