import { describe, expect, expectTypeOf, test } from 'vitest'
import { loadConfig, NOT_ABOVE } from './load.js'
import { type Config, SETTINGS } from './settings.js'

describe('the declarations', () => {
  test('give each value its own type under its own name', () => {
    expectTypeOf<Config['sseMaxConnections']>().toEqualTypeOf<number>()
    expectTypeOf<Config['sseHttp']>().toEqualTypeOf<boolean | null>()
    expectTypeOf<Config['sseGzip']>().toEqualTypeOf<boolean>()
    expectTypeOf<Config['sseApiToken']>().toEqualTypeOf<string | null>()
    expectTypeOf<Config['streamWarnSec']>().toEqualTypeOf<number | null>()
    expectTypeOf<Config['panelsDir']>().toEqualTypeOf<string>()
    expectTypeOf<Config['ragBackendUrl']>().toEqualTypeOf<readonly string[]>()
    expectTypeOf<Config['logFormat']>().toEqualTypeOf<'json' | 'pretty' | null>()
    expectTypeOf<Config['memoryLevel1Mb']>().toEqualTypeOf<number>()
    expectTypeOf<Config['panelW']>().toEqualTypeOf<Readonly<Record<string, number>>>()
    expectTypeOf<Config['sseIpConnectRate']>().toEqualTypeOf<{
      readonly count: number
      readonly windowSec: number
    }>()
  })

  test('use each name and each property once', () => {
    const names = SETTINGS.flatMap(s => [s.name, ...s.setting.aliases.map(a => a.name)])
    expect(new Set(names).size).toBe(names.length)
    expect(new Set(SETTINGS.map(s => s.key)).size).toBe(SETTINGS.length)
    const flags = SETTINGS.flatMap(s => s.setting.flag ?? [])
    expect(new Set(flags).size).toBe(flags.length)
  })

  test('name properties as the types do', () => {
    const keys = Object.fromEntries(SETTINGS.map(s => [s.name, s.key]))
    expect(keys).toMatchObject({
      G6_SSE_MAX_CONNECTIONS: 'sseMaxConnections',
      ENABLE_SSE_STREAMING: 'enableSseStreaming',
      G6_MEMORY_LEVEL1_MB: 'memoryLevel1Mb',
      'G6_PANEL_W_<NAME>': 'panelW',
    })
  })

  test('describe each setting in one sentence', () => {
    for (const { name, setting } of SETTINGS) {
      expect(setting.about, name).toMatch(/^[A-Z][^\n]{10,140}\.$/)
    }
  })

  test('have defaults that their own parsers accept', () => {
    const env = Object.fromEntries(
      SETTINGS.flatMap(({ name, setting }) => {
        const value = setting.default
        if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
          return [[name, `${value}`]]
        return Array.isArray(value) ? [[name, value.join(',')]] : []
      }),
    )
    const [written, unset] = [loadConfig({ env }), loadConfig({ env: {} })]
    expect(written.ok && written.config).toEqual(unset.ok && unset.config)
  })

  test('let SIGHUP read both of a pair that must be in order, or neither', () => {
    const reloads = (name: string) => SETTINGS.find(s => s.name === name)?.setting.reload
    for (const [lower, upper] of NOT_ABOVE) expect(reloads(lower), lower).toBe(reloads(upper))
  })

  test('have flags only for switches that are off by default', () => {
    const flagged = SETTINGS.filter(s => s.setting.kind === 'bool' && s.setting.flag !== null)
    expect(flagged.map(s => s.setting.default)).toEqual(flagged.map(() => false))
  })

  test('never let SIGHUP change a port, a host or a path', () => {
    const fixed = SETTINGS.filter(s => ['port', 'host', 'path'].includes(s.setting.kind) && s.setting.reload)
    expect(fixed).toEqual([])
  })
})
