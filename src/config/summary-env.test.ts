import { describe, expect, test } from 'vitest'
import { SETTINGS } from './settings.js'
import { ConfigError, loadSummaryEnv, SummaryEnv } from './summary-env.js'

describe('SummaryEnv', () => {
  test('is the configuration, only from the given variables', () => {
    const env = SummaryEnv.fromEnviron({ G6_MASTER_REFRESH_SEC: '3', G6_SSE_IP_ALLOW: '::1' })
    expect(env).toMatchObject({ summaryRefreshSec: 3, sseIpAllow: ['::1'], panelsDir: 'data/panels' })
    expect(env.deprecatedSeen).toEqual(['G6_MASTER_REFRESH_SEC'])
    expect(SummaryEnv.fromEnviron({}).summaryRefreshSec).toBe(1)
  })

  test('prefers the unified cadence to the old one', () => {
    const env = { G6_MASTER_REFRESH_SEC: '3', G6_SUMMARY_REFRESH_SEC: '2' }
    expect(SummaryEnv.fromEnviron(env).summaryRefreshSec).toBe(2)
  })

  test('describes every setting, secrets masked', () => {
    const described = SummaryEnv.fromEnviron({ G6_SSE_API_TOKEN: 'hunter2' }).describe()
    expect(Object.keys(described)).toEqual(SETTINGS.map(s => s.key))
    expect(described).toMatchObject({ sseApiToken: '••••', auditKey: null, unifiedHttpPort: 9329 })
  })

  test('throws with a line for each error', () => {
    const load = () => SummaryEnv.fromEnviron({ G6_SSE_GZIP: 'x', G6_TIMEZONE: 'y' })
    expect(load).toThrow(ConfigError)
    expect(load).toThrow(/G6_SSE_GZIP.*\n.*G6_TIMEZONE/)
  })

  test('loads from the process', () => {
    expect(loadSummaryEnv().describe()).toHaveProperty('unifiedHttpPort')
  })
})
