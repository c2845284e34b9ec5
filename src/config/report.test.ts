import { describe, expect, test } from 'vitest'
import { type LoadInput, loadConfig } from './load.js'
import { checkReport, configReport, type ReportOptions } from './report.js'
import { SETTINGS } from './settings.js'

const ALL = { json: false, group: null, changed: false }
const report = (input: Partial<LoadInput>, options: Partial<ReportOptions> = {}) =>
  configReport(loadConfig({ env: {}, ...input }), { ...ALL, ...options })
const lineOf = (text: string, name: string) => text.split('\n').find(l => l.slice(2).startsWith(`${name} `))

describe('g6 config', () => {
  test('has a line for every setting, those that SIGHUP reads again with a star', () => {
    const { text, ok } = report({})
    expect(ok).toBe(true)
    for (const { name, setting } of SETTINGS) expect(lineOf(text, name)?.[0]).toBe(setting.reload ? '*' : ' ')
  })

  test('shows value, unit and where it came from', () => {
    const { text } = report({
      env: {
        G6_SSE_API_TOKEN_FILE: '/run/token',
        LOG_LEVEL: 'debug',
        G6_PANEL_W_A: '9',
        G6_SSE_IP_CONNECT_RATE: '5/7',
      },
      file: { path: '/etc/g6.toml', text: 'shutdown_grace_ms = 7' },
      flags: { G6_UNIFIED_HTTP_PORT: '0' },
      readSecretFile: () => 'hunter2',
    })
    const cells = (name: string) => lineOf(text, name)?.slice(2).split(/ {2,}/)
    expect(cells('G6_SSE_API_TOKEN')).toEqual([
      'G6_SSE_API_TOKEN',
      '••••',
      'secret file /run/token (G6_SSE_API_TOKEN_FILE)',
    ])
    expect(cells('G6_LOG_LEVEL')).toEqual(['G6_LOG_LEVEL', 'debug', 'env LOG_LEVEL'])
    expect(cells('G6_SHUTDOWN_GRACE_MS')).toEqual(['G6_SHUTDOWN_GRACE_MS', '7 ms', 'file /etc/g6.toml'])
    expect(cells('G6_UNIFIED_HTTP_PORT')).toEqual(['G6_UNIFIED_HTTP_PORT', '0', 'flag --port'])
    expect(cells('G6_PANEL_W_<NAME>')).toEqual(['G6_PANEL_W_<NAME>', 'a=9', 'env G6_PANEL_W_A'])
    expect(cells('G6_SSE_IP_CONNECT_RATE')).toEqual([
      'G6_SSE_IP_CONNECT_RATE',
      '5/7',
      'env G6_SSE_IP_CONNECT_RATE',
    ])
    expect(cells('G6_LOG_FORMAT')).toEqual(['G6_LOG_FORMAT', '(json; pretty on a terminal)', 'default'])
    expect(cells('G6_AUDIT_KEY')).toEqual(['G6_AUDIT_KEY', '—', 'default'])
  })

  test('can be one group, or only what was set', () => {
    expect(report({}, { group: 'bench' }).text.match(/G6_\w+/g)).toEqual([
      'G6_BENCH_SKIP',
      'G6_BENCH_WARMUP',
      'G6_BENCH_MEASURE',
      'G6_BENCH_MAX_P95_MS',
      'G6_BENCH_MIN_HIT_RATIO',
    ])
    const changed = report({ env: { G6_SSE_GZIP: '1' } }, { changed: true }).text
    expect(changed.match(/G6_\w+/g)).toEqual(['G6_SSE_GZIP', 'G6_SSE_GZIP'])
    expect(report({}, { changed: true }).text).toBe('every setting has its default\n')
  })

  test('names the groups when the given one does not exist', () => {
    const { text, ok } = report({}, { group: 'nope' })
    expect(ok).toBe(false)
    expect(text).toMatch(/^"nope" is not a group; allowed: cadence, input, /)
  })

  test('is the same as JSON, values typed', () => {
    const { text } = report(
      { env: { G6_SSE_HTTP: '0', G6_SSE_API_TOKEN: 'hunter2', G6_SSE_UA_ALLOW: 'a,b' } },
      { json: true, changed: true },
    )
    const { settings } = JSON.parse(text)
    expect(settings.map((s: { name: string; value: unknown }) => [s.name, s.value])).toEqual([
      ['G6_SSE_HTTP', false],
      ['G6_SSE_API_TOKEN', '••••'],
      ['G6_SSE_UA_ALLOW', ['a', 'b']],
    ])
    expect(settings[0]).toMatchObject({
      origin: { from: 'env', name: 'G6_SSE_HTTP' },
      reload: false,
      default: null,
    })
  })

  test('shows the errors instead, when there are any', () => {
    const { text, ok } = report({ env: { G6_SSE_GZIP: 'x' } })
    expect(ok).toBe(false)
    expect(text).toContain('error: G6_SSE_GZIP: "x" cannot be used')
  })
})

describe('g6 config check', () => {
  test('has a line for each error and warning, and one for the verdict', () => {
    const env = { G6_SSE_GZIP: 'x', G6_SSE_HTTP: 'y', G6_SSE_GZIPP: '1' }
    const { text, ok } = checkReport(loadConfig({ env }), false)
    expect(ok).toBe(false)
    expect(text.split('\n').map(l => l.split(' ').slice(0, 2).join(' '))).toEqual([
      'error: G6_SSE_HTTP:',
      'error: G6_SSE_GZIP:',
      'warning: G6_SSE_GZIPP',
      'settings cannot',
      '',
    ])
    expect(text).toContain('(2 errors)')
  })

  test('accepts usable settings, with or without warnings', () => {
    expect(checkReport(loadConfig({ env: {} }), false)).toEqual({ ok: true, text: 'settings are usable\n' })
    expect(checkReport(loadConfig({ env: { G6_NOPE: '1' } }), false)).toMatchObject({
      ok: true,
      text: expect.stringContaining('(1 warning)'),
    })
  })

  test('can be JSON', () => {
    expect(JSON.parse(checkReport(loadConfig({ env: { G6_SSE_GZIP: 'x' } }), true).text)).toMatchObject({
      ok: false,
      errors: [{ name: 'G6_SSE_GZIP' }],
      warnings: [],
    })
  })
})
