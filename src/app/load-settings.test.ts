import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadSettings, serveFindings } from './load-settings.js'

const cwd = mkdtempSync(join(tmpdir(), 'g6-load-settings-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const load = (env: Record<string, string>) => loadSettings({ env, cwd })

function loaded(env: Record<string, string>) {
  const result = load(env)
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('; '))
  return result
}

describe('threshold overrides', () => {
  test('that name no threshold are refused with the settings, with the list of thresholds', () => {
    const result = load({ G6_SUMMARY_THRESH_OVERRIDES: '{"dq.warm": 80}' })
    expect(result.ok ? [] : result.errors).toEqual([
      {
        name: 'G6_SUMMARY_THRESH_OVERRIDES',
        message: expect.stringMatching(
          /^G6_SUMMARY_THRESH_OVERRIDES: unknown threshold "dq.warm"; known are dq.warn, /,
        ),
      },
    ])
  })

  test('that put a warning above its error are refused with the settings', () => {
    const result = load({ G6_SUMMARY_THRESH_OVERRIDES: '{"dq.warn": 60}' })
    expect(result.ok ? [] : result.errors.map(({ message }) => message)).toEqual([
      'G6_SUMMARY_THRESH_OVERRIDES: threshold "dq.error" (70) is above "dq.warn" (60); allowed is at most as much',
    ])
  })

  test('are ignored with a warning in lenient mode', () => {
    const { config, warnings } = loaded({
      G6_SUMMARY_THRESH_OVERRIDES: '{"dq.warm": 80}',
      G6_DQ_WARN_THRESHOLD: '90',
      G6_CONFIG_LENIENT: '1',
    })
    expect(config).toMatchObject({ summaryThreshOverrides: {}, dqWarnThreshold: 90 })
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/unknown threshold "dq.warm".*the default is taken \(G6_CONFIG_LENIENT\)$/),
    ])
  })

  test('are not blamed for errors of other settings', () => {
    const result = load({ G6_SUMMARY_THRESH_OVERRIDES: '{"cpu.warn": 50}', G6_DQ_WARN_THRESHOLD: '50' })
    expect(result.ok ? [] : result.errors.map(({ name }) => name)).toEqual(['G6_DQ_ERROR_THRESHOLD'])
  })
})

test('a stream whose address has a password is refused with the settings, and the password not repeated', () => {
  const result = load({ G6_SUMMARY_SSE_URL: 'http://me:hidden@127.0.0.1:9329/events' })
  const messages = result.ok ? [] : result.errors.map(({ message }) => message)
  expect(messages).toEqual([expect.stringMatching(/^G6_PANELS_SSE_URL: .* has a user name or password/)])
  expect(messages.join()).not.toContain('hidden')
})

test('a size of a panel that does not exist is a warning', () => {
  const { warnings } = loaded({ G6_PANEL_W_INDICES: '40', G6_PANEL_W_INDEXES: '40', G6_PANEL_H_alerts: '5' })
  expect(warnings).toEqual([
    {
      name: 'G6_PANEL_W_INDEXES',
      message: expect.stringMatching(
        /^G6_PANEL_W_INDEXES is the size of no panel .*its panels are header, cycle,/,
      ),
    },
  ])
})

test('a size of a panel that a module may bring is no warning', () => {
  expect(loaded({ G6_PANEL_W_JOBS: '40', G6_PANELS_MODULE: 'panels.mjs' }).warnings).toEqual([])
})

test('a token that can be guessed from other machines gets a warning, which says that it will be refused', () => {
  const short = { G6_HTTP_HOST: '0.0.0.0', G6_SSE_API_TOKEN: 'a' }
  expect(loaded(short).warnings).toContainEqual({
    name: 'G6_SSE_API_TOKEN',
    message: expect.stringMatching(/^G6_HTTP_HOST=0\.0\.0\.0 .* refused from the next release/),
  })
  const isWarned = (env: Record<string, string>): boolean =>
    loaded(env).warnings.some(({ message }) => message.includes('next release'))
  expect(isWarned({ ...short, G6_SSE_API_TOKEN: 'x'.repeat(16) })).toBe(false)
  expect(isWarned({ ...short, G6_HTTP_HOST: '127.0.0.1' })).toBe(false)
})

describe('what g6 serve would refuse', () => {
  const refusals = (env: Record<string, string>) => serveFindings(loaded(env)).map(({ message }) => message)

  test('is nothing with the defaults', () => {
    expect(refusals({})).toEqual([])
  })

  test('is an address that everybody reaches without a token', () => {
    expect(refusals({ G6_HTTP_HOST: '0.0.0.0' })).toEqual([
      expect.stringMatching(/^g6 serve would not start: G6_HTTP_HOST=0\.0\.0\.0 can be reached/),
    ])
    expect(refusals({ G6_HTTP_HOST: '0.0.0.0', G6_SSE_API_TOKEN: 'secret' })).toEqual([])
  })

  test('is nothing of the relay while it is not in use', () => {
    expect(refusals({ G6_CHAT_ANONYMOUS: '0' })).toEqual([])
  })

  test.each([
    { ENABLE_SSE_STREAMING: '1', RAG_BACKEND_URL: 'http://rag' },
    { RAG_BACKEND_URL: 'http://rag' },
  ])('is a token that nobody can check: %j', env => {
    const anonymous = expect.stringMatching(/^no key for people's tokens .*G6_CHAT_JWKS_URL.* are anonymous$/)
    expect(refusals(env)).toEqual([anonymous])
    const nobody = expect.stringMatching(/G6_CHAT_JWT_SECRET.*nobody can ask$/)
    expect(refusals({ ...env, G6_CHAT_ANONYMOUS: '0' })).toEqual([nobody])
    expect(refusals({ ...env, G6_CHAT_JWT_SECRET: 'x'.repeat(32) })).toEqual([])
    expect(refusals({ ...env, G6_CHAT_JWKS_URL: 'https://keys.example' })).toEqual([])
  })

  test('is a port, where a unix socket has all routes', () => {
    const unix = { G6_HTTP_HOST: 'unix:/run/g6/g6.sock' }
    expect(refusals(unix)).toEqual([])
    expect(refusals({ ...unix, G6_METRICS_HTTP_PORT: '9325' })).toEqual([
      'G6_METRICS_HTTP_PORT changes nothing: all routes are on unix:/run/g6/g6.sock',
    ])
  })

  test('is a server without a port', () => {
    expect(refusals({ G6_UNIFIED_HTTP: '0' })).toEqual([expect.stringContaining('every port is off')])
    expect(refusals({ G6_UNIFIED_HTTP: '0', G6_SSE_HTTP: '1' })).toEqual([])
  })
})
