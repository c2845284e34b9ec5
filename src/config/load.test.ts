import { describe, expect, test } from 'vitest'
import { type Loaded, type LoadInput, loadConfig, type Refused } from './load.js'
import { RETIRED } from './retired.js'
import { SETTINGS } from './settings.js'

function usable(input: Partial<LoadInput>): Loaded {
  const result = loadConfig({ env: {}, ...input })
  if (!result.ok) throw new Error(result.errors.map(e => e.message).join('\n'))
  return result
}

function refused(input: Partial<LoadInput>): Refused {
  const result = loadConfig({ env: {}, ...input })
  if (result.ok) throw new Error('the settings were usable')
  return result
}

const toml = (text: string) => ({ path: 'g6.toml', text })
const messages = (of: readonly { readonly message: string }[]) => of.map(f => f.message)
const [retired] = RETIRED

describe('precedence', () => {
  const file = toml('sse_max_connections = 10')
  const env = { G6_SSE_MAX_CONNECTIONS: '20' }
  const flags = { G6_SSE_MAX_CONNECTIONS: '30' }

  test('a flag beats the environment, the environment the file, the file the default', () => {
    expect(usable({}).config.sseMaxConnections).toBe(50)
    expect(usable({ file }).config.sseMaxConnections).toBe(10)
    expect(usable({ file, env }).config.sseMaxConnections).toBe(20)
    expect(usable({ file, env, flags }).config.sseMaxConnections).toBe(30)
  })

  test('every value has an origin', () => {
    expect(usable({}).provenance.sseMaxConnections).toEqual({ from: 'default' })
    expect(usable({ file }).provenance.sseMaxConnections).toEqual({
      from: 'file',
      path: 'g6.toml',
      key: 'sse_max_connections',
    })
    expect(usable({ file, env }).provenance.sseMaxConnections).toEqual({
      from: 'env',
      name: 'G6_SSE_MAX_CONNECTIONS',
    })
    expect(usable({ flags: { G6_UNIFIED_HTTP_PORT: '0' } }).provenance.unifiedHttpPort).toEqual({
      from: 'flag',
      flag: '--port',
    })
  })

  test('a value set to its default counts as set', () => {
    expect(usable({ env: { G6_SSE_HTTP_PORT: '9320' } }).provenance.sseHttpPort.from).toBe('env')
  })

  test('empty is unset, in the environment and in the file', () => {
    expect(usable({ env: { G6_SSE_MAX_CONNECTIONS: '' }, file }).config.sseMaxConnections).toBe(10)
    expect(usable({ env: { G6_SSE_MAX_CONNECTIONS: '  ' } }).provenance.sseMaxConnections.from).toBe(
      'default',
    )
    const empties = toml('panels_dir = ""\noutput_sinks = []')
    expect(usable({ file: empties }).config).toMatchObject({
      panelsDir: 'data/panels',
      outputSinks: ['terminal', 'files', 'http'],
    })
  })

  test('an empty flag is an error: a shell variable was not set', () => {
    expect(messages(refused({ flags: { G6_SSE_API_TOKEN_FILE: '' } }).errors)).toEqual([
      '--token-file is empty; allowed: a value, or no --token-file at all',
    ])
  })

  test('a switch that is not set is null, neither on nor off', () => {
    expect(usable({}).config.sseHttp).toBeNull()
    expect(usable({ env: { G6_SSE_HTTP: '0' } }).config.sseHttp).toBe(false)
    expect(usable({ env: { G6_SSE_HTTP: '1' } }).config.sseHttp).toBe(true)
  })

  test('a configuration cannot be changed afterwards', () => {
    const { config } = usable({ env: { G6_SSE_UA_ALLOW: 'curl' } })
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.sseUaAllow)).toBe(true)
  })
})

describe('other names', () => {
  const withAlias = SETTINGS.flatMap(({ name, key, setting }) =>
    setting.aliases.map(a => ({ name, key, alias: a.name, kind: setting.kind })),
  )
  const two: Readonly<Record<string, readonly [string, string]>> = {
    rate: ['1/2', '3/4'],
    'url list': ['http://a', 'http://b'],
    choice: ['debug', 'error'],
  }

  test.each(withAlias)('$alias sets $name, which wins over it', ({ name, key, alias, kind }) => {
    const [one, other] = two[kind] ?? ['3', '4']
    const byName = usable({ env: { [name]: one } }).config[key]
    expect(usable({ env: { [alias]: one } }).config[key]).toEqual(byName)
    const both = usable({ env: { [name]: one, [alias]: other } })
    expect(both.config[key]).toEqual(byName)
    expect(messages(both.warnings)).toContain(`${alias} is passed over: ${name} is set too`)
  })

  test('two names with the same value give no warning', () => {
    expect(usable({ env: { G6_STATUS_FILE: 'a', G6_SUMMARY_STATUS_FILE: 'a' } }).warnings).toEqual([])
  })

  test('another name in the environment beats the setting’s own name in the file', () => {
    const result = usable({ env: { G6_SSE_MAX_CLIENTS: '7' }, file: toml('sse_max_connections = 9') })
    expect(result.config.sseMaxConnections).toBe(7)
  })

  test('an error under an alias names both', () => {
    expect(messages(refused({ env: { G6_SSE_MAX_CLIENTS: 'x' } }).errors)[0]).toMatch(
      /^G6_SSE_MAX_CONNECTIONS \(G6_SSE_MAX_CLIENTS\): "x" cannot be used; allowed: a whole number/,
    )
  })
})

describe('the settings file', () => {
  test('takes numbers, booleans, arrays, texts and tables', () => {
    const file = toml(`
      sse_max_connections = 7
      dq_warn_threshold = 90.5
      sse_structured = true
      sse_ip_allow = ["10.0.0.0/8", "::1"]
      sse_ua_allow = "curl, wget"
      sse_ip_connect_rate = 5
      status_max_bytes = "1 MiB"
      log_level = "debug"
      enable_sse_streaming = true
      [summary_thresh_overrides]
      "dq.warn" = 80
      cpu.warn = 60
    `)
    expect(usable({ file }).config).toMatchObject({
      sseMaxConnections: 7,
      dqWarnThreshold: 90.5,
      sseStructured: true,
      sseIpAllow: ['10.0.0.0/8', '::1'],
      sseUaAllow: ['curl', 'wget'],
      sseIpConnectRate: { count: 5, windowSec: 60 },
      statusMaxBytes: 1048576,
      logLevel: 'debug',
      enableSseStreaming: true,
      summaryThreshOverrides: { 'dq.warn': 80, 'cpu.warn': 60 },
    })
  })

  test('a value of a strange type is an error that names key and file', () => {
    const file = toml(
      'sse_max_connections = 1979-05-27\npanels_dir = 5\nsse_ua_allow = [1]\nsse_gzip = [true]\n',
    )
    const errors = messages(refused({ file }).errors)
    expect(errors).toHaveLength(4)
    expect(errors).toContain(
      'G6_SSE_MAX_CONNECTIONS (sse_max_connections in g6.toml): a date cannot be used; allowed: a whole number from 1 to 1000000',
    )
    expect(errors).toContain('G6_PANELS_DIR (panels_dir in g6.toml): 5 cannot be used; allowed: a path')
  })

  test('an unknown key is an error with the nearest key', () => {
    expect(messages(refused({ file: toml('sse_max_conections = 5') }).errors)).toEqual([
      'sse_max_conections in g6.toml is not a setting; did you mean sse_max_connections?',
    ])
    expect(messages(refused({ file: toml('G6_SSE_HTTP = true') }).errors)).toEqual([
      'G6_SSE_HTTP in g6.toml is not a setting; did you mean sse_http?',
    ])
    expect(messages(refused({ file: toml('[stream]\nx = 1') }).errors)).toEqual([
      'stream in g6.toml is not a setting; keys stand at the top, without tables',
    ])
  })

  test('a file that is not TOML is an error with its line, without quoting the file', () => {
    const result = refused({ file: toml('a = 1\nsse_api_token = "hunter2\n'), env: { G6_SSE_HTTP: 'x' } })
    expect(messages(result.errors)[0]).toMatch(/^g6\.toml cannot be read as TOML: line 2, column \d+: /)
    expect(JSON.stringify(result)).not.toContain('hunter2')
    expect(result.errors).toHaveLength(2)
  })
})

describe('panel sizes', () => {
  test('come from any name, lower-cased, each by the strongest layer', () => {
    const result = usable({
      env: { G6_PANEL_W_INDICES: '50', G6_PANEL_H_ALERTS: '9' },
      file: toml('panel_w_indices = 40\npanel_w_cycle = 30'),
    })
    expect(result.config.panelW).toEqual({ indices: 50, cycle: 30 })
    expect(result.config.panelH).toEqual({ alerts: 9 })
    expect(result.warnings).toEqual([])
    expect(result.provenance.panelW.from).toBe('env')
    expect(usable({}).config.panelW).toEqual({})
  })

  test('every bad one is named', () => {
    const errors = messages(
      refused({ env: { G6_PANEL_W_A: 'x', G6_PANEL_W_B: '0', G6_PANEL_W_C: '20' } }).errors,
    )
    expect(errors).toEqual([
      'G6_PANEL_W_<NAME> (G6_PANEL_W_A): "x" cannot be used; allowed: a whole number from 8 to 1000',
      'G6_PANEL_W_<NAME> (G6_PANEL_W_B): "0" cannot be used (it is below 8); allowed: a whole number from 8 to 1000',
    ])
  })

  test('a name without a panel is unknown', () => {
    expect(usable({ env: { G6_PANEL_W_: '5' } }).warnings).toHaveLength(1)
  })
})

describe('what is wrong', () => {
  test('is reported all at once', () => {
    const result = refused({
      env: { G6_SSE_MAX_CONNECTIONS: 'x', G6_TIMEZONE: 'Mars' },
      file: toml('sse_htp = 1\nsse_gzip = 7'),
      flags: { G6_UNIFIED_HTTP_PORT: '70000' },
    })
    expect(result.errors.map(e => e.name).sort()).toEqual([
      'G6_SSE_GZIP',
      'G6_SSE_MAX_CONNECTIONS',
      'G6_TIMEZONE',
      'G6_UNIFIED_HTTP_PORT',
      'sse_htp',
    ])
  })

  test('a value shown in an error is short and has no control characters', () => {
    const [error] = refused({ env: { G6_TIMEZONE: `\u001b[31m\u202e${'x'.repeat(500)}` } }).errors
    expect(error?.message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(error?.message.length).toBeLessThan(300)
  })

  test('an unknown G6_ name is a warning with the nearest name, or without one when none is near', () => {
    expect(messages(usable({ env: { G6_SSE_MAX_CONECTIONS: 'hunter2' } }).warnings)).toEqual([
      'G6_SSE_MAX_CONECTIONS is not a setting and changes nothing; did you mean G6_SSE_MAX_CONNECTIONS?',
    ])
    expect(messages(usable({ env: { G6_SSE_NOTHING_LIKE_IT: '1' } }).warnings)).toEqual([
      'G6_SSE_NOTHING_LIKE_IT is not a setting and changes nothing',
    ])
    expect(usable({ env: { [`G6_${'X'.repeat(5000)}`]: '1', HOME: '/root' } }).warnings).toHaveLength(1)
  })

  test('all names of the platform’s other programs share one note', () => {
    const three = { G6_CATALOG_HTTP: '1', G6_PANEL_DIFF_FULL_INTERVAL: '30', G6_CSV_BUFFER_SIZE: '0' }
    expect(messages(usable({ env: three }).warnings)).toEqual([
      'not settings of this program and without effect on it: G6_CATALOG_HTTP, G6_PANEL_DIFF_FULL_INTERVAL, G6_CSV_BUFFER_SIZE',
    ])
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`G6_PARITY_${i}`, '1']))
    const [note, ...others] = messages(usable({ env: many }).warnings)
    expect(note?.endsWith(' and 52 more')).toBe(true)
    expect(others).toEqual([])
  })

  test('another name for the status file, or for the age of a stream, sets the same', () => {
    const { config } = usable({
      env: {
        G6_RUNTIME_STATUS_FILE: '/tmp/status.json',
        G6_STREAM_STALE_WARN_SEC: '61',
        G6_STREAM_STALE_ERR_SEC: '121',
      },
    })
    expect([config.summaryStatusFile, config.streamWarnSec, config.streamStaleSec]).toEqual([
      '/tmp/status.json',
      61,
      121,
    ])
  })

  test.each([
    ...RETIRED.map(({ name }) => name),
    'G6_EVENTS_BACKLOG_DEGRADE',
    'G6_CATALOG_HTTP_HOST',
    'G6_STREAM_BACKEND',
    'G6_ALERTS',
    'G6_PROVIDERS',
  ])('%s, a name of the original platform, proposes no setting that means something else', name => {
    expect(messages(usable({ env: { [name]: '1' } }).warnings).join()).not.toContain('did you mean')
  })

  test('a retired name is never proposed', () => {
    const nearRetired = RETIRED.map(r => `${r.name}X`)
    const hints = messages(usable({ env: Object.fromEntries(nearRetired.map(n => [n, '1'])) }).warnings)
    expect(hints.filter(m => RETIRED.some(r => m.endsWith(`did you mean ${r.name}?`)))).toEqual([])
  })

  test('the documents’ words for outputs are kept, with a warning', () => {
    const result = usable({ env: { G6_OUTPUT_SINKS: 'stdout,logging,files' } })
    expect(result.config.outputSinks).toEqual(['stdout', 'logging', 'files'])
    expect(messages(result.warnings)).toEqual([
      'G6_OUTPUT_SINKS: "stdout" changes nothing; known are terminal, files, http',
      'G6_OUTPUT_SINKS: "logging" changes nothing; known are terminal, files, http',
    ])
  })
})

describe('values that must be in order', () => {
  test.each([
    [
      { G6_MEMORY_LEVEL1_MB: '400' },
      'G6_MEMORY_LEVEL1_MB is 400; allowed: not above G6_MEMORY_LEVEL2_MB, which is 300',
    ],
    [
      { G6_MEMORY_LEVEL3_MB: '250' },
      'G6_MEMORY_LEVEL2_MB is 300; allowed: not above G6_MEMORY_LEVEL3_MB, which is 250',
    ],
    [
      { G6_DQ_ERROR_THRESHOLD: '90' },
      'G6_DQ_ERROR_THRESHOLD is 90; allowed: not above G6_DQ_WARN_THRESHOLD, which is 85',
    ],
    [
      { G6_PROVIDER_LAT_WARN_MS: '900' },
      'G6_PROVIDER_LAT_WARN_MS is 900; allowed: not above G6_PROVIDER_LAT_ERR_MS, which is 800',
    ],
    [
      { G6_STREAM_WARN_SEC: '9', G6_STREAM_STALE_SEC: '8' },
      'G6_STREAM_WARN_SEC is 9; allowed: not above G6_STREAM_STALE_SEC, which is 8',
    ],
  ])('%o is refused', (env, message) => {
    expect(messages(refused({ env }).errors)).toEqual([message])
  })

  test('equal values and unset ones are in order', () => {
    usable({ env: { G6_DQ_ERROR_THRESHOLD: '85', G6_STREAM_WARN_SEC: '1000' } })
  })

  test('a refused value is not reported as out of order too', () => {
    expect(
      refused({ env: { G6_DQ_ERROR_THRESHOLD: '90', G6_DQ_WARN_THRESHOLD: 'high' } }).errors,
    ).toHaveLength(1)
  })
})

describe('G6_CONFIG_LENIENT', () => {
  const lenient = { G6_CONFIG_LENIENT: '1' }

  test('takes the default with a warning', () => {
    const result = usable({ env: { ...lenient, G6_SSE_MAX_CONNECTIONS: 'many' } })
    expect(result.config.sseMaxConnections).toBe(50)
    expect(result.provenance.sseMaxConnections).toEqual({ from: 'default' })
    expect(messages(result.warnings)).toEqual([
      'G6_SSE_MAX_CONNECTIONS: "many" cannot be used; allowed: a whole number from 1 to 1000000; the default is taken (G6_CONFIG_LENIENT)',
    ])
  })

  test('gives pairs in the wrong order their defaults, also chains of pairs', () => {
    const result = usable({
      env: { ...lenient, G6_MEMORY_LEVEL1_MB: '900', G6_MEMORY_LEVEL3_MB: '250', G6_MEMORY_LEVEL2_MB: '240' },
    })
    expect(result.config).toMatchObject({ memoryLevel1Mb: 200, memoryLevel2Mb: 300, memoryLevel3Mb: 500 })
    expect(result.warnings).toHaveLength(2)
  })

  test('keeps the panel sizes that are usable', () => {
    expect(usable({ env: { ...lenient, G6_PANEL_W_A: 'x', G6_PANEL_W_B: '20' } }).config.panelW).toEqual({
      b: 20,
    })
  })

  test('does not excuse settings whose default is open', () => {
    const env = { ...lenient, G6_SSE_IP_ALLOW: '10.0.0', G6_SSE_API_TOKEN_FILE: '/nowhere' }
    expect(
      refused({ env })
        .errors.map(e => e.name)
        .sort(),
    ).toEqual(['G6_SSE_API_TOKEN', 'G6_SSE_IP_ALLOW'])
  })

  test('does not excuse itself, unknown keys or a broken file', () => {
    expect(refused({ env: { G6_CONFIG_LENIENT: 'perhaps' } }).errors).toHaveLength(1)
    expect(refused({ env: lenient, file: toml('nope = 1') }).errors).toHaveLength(1)
    expect(refused({ env: lenient, file: toml('=') }).errors).toHaveLength(1)
  })
})

describe('retired and deprecated names', () => {
  test.each(RETIRED)('$name is recognised and ignored, with one warning', ({ name, replacement }) => {
    const result = usable({ env: { [name]: '1' } })
    expect(messages(result.warnings)).toEqual([`${name} is retired and ignored: ${replacement}`])
    expect(result.deprecatedSeen).toEqual([name])
    expect(result.config).toEqual(usable({}).config)
  })

  test('they are recognised in the file too, but not when they are empty', () => {
    const key = retired?.name.toLowerCase().slice(3)
    const result = usable({ file: toml(`${key} = true`), env: { [RETIRED[1]?.name ?? '']: '' } })
    expect(result.deprecatedSeen).toEqual([retired?.name])
    expect(messages(result.warnings)[0]).toContain(`(${key} in g6.toml)`)
  })

  test('deprecated ones still work, and warn', () => {
    const result = usable({ env: { G6_MASTER_REFRESH_SEC: '4', G6_SUMMARY_PLAIN_DIFF: '0' } })
    expect(result.config).toMatchObject({ summaryRefreshSec: 4, summaryPlainDiff: false })
    expect(result.deprecatedSeen).toEqual(['G6_MASTER_REFRESH_SEC', 'G6_SUMMARY_PLAIN_DIFF'])
    expect(messages(result.warnings)[0]).toBe(
      'G6_MASTER_REFRESH_SEC is deprecated: use G6_SUMMARY_REFRESH_SEC',
    )
  })

  test('G6_STRICT_DEPRECATIONS makes errors of the warnings', () => {
    const name = retired?.name ?? ''
    const result = refused({ env: { G6_STRICT_DEPRECATIONS: '1', [name]: '1', G6_MASTER_REFRESH_SEC: '2' } })
    expect(result.errors.map(e => e.name)).toEqual([name, 'G6_MASTER_REFRESH_SEC'])
    expect(result.warnings).toEqual([])
    usable({ env: { G6_STRICT_DEPRECATIONS: '1' } })
  })
})
