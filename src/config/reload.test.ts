import { describe, expect, test } from 'vitest'
import { loadConfig, reloadable } from './load.js'
import type { Config } from './settings.js'

function config(env: Record<string, string>): Config {
  const result = loadConfig({ env })
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.config
}

describe('a reload', () => {
  const before = config({
    G6_SSE_API_TOKEN: 'old',
    G6_UNIFIED_HTTP_PORT: '1000',
    G6_SSE_IP_ALLOW: '10.0.0.0/8',
  })

  test('takes reloadable settings and names the others that changed', () => {
    const after = config({ G6_SSE_API_TOKEN: 'new', G6_UNIFIED_HTTP_PORT: '2000', G6_PANELS_DIR: 'x' })
    const reloaded = reloadable(before, after)
    expect(reloaded.config).toEqual({ ...before, sseApiToken: 'new', sseIpAllow: [] })
    expect(reloaded.ignored).toEqual(['G6_PANELS_DIR', 'G6_UNIFIED_HTTP_PORT'])
    expect(Object.isFrozen(reloaded.config)).toBe(true)
  })

  test('of the same settings ignores nothing and changes nothing', () => {
    const again = config({
      G6_SSE_API_TOKEN: 'old',
      G6_UNIFIED_HTTP_PORT: '1000',
      G6_SSE_IP_ALLOW: '10.0.0.0/8',
    })
    expect(reloadable(before, again)).toEqual({ config: before, ignored: [] })
  })
})
