import { Command } from 'commander'
import { afterEach, describe, expect, test } from 'vitest'
import type { FromProcess } from '../config/from-process.js'
import { loadConfig } from '../config/load.js'
import { configCommand } from './config.js'

async function run(env: Record<string, string>, ...argv: string[]): Promise<string> {
  const out: string[] = []
  const load = ({ flags = {} }: FromProcess = {}) => loadConfig({ env, flags })
  const program = new Command('g6').addCommand(configCommand(text => out.push(text), load))
  await program.parseAsync(['node', 'g6', 'config', ...argv])
  return out.join('')
}

describe('g6 config', () => {
  afterEach(() => {
    process.exitCode = undefined
  })

  test('lists the settings, flags included, and exits 0', async () => {
    const text = await run({ G6_SSE_GZIP: '0' }, '--changed', '--port', '5')
    expect(text).toMatch(/G6_UNIFIED_HTTP_PORT +5 +flag --port/)
    expect(text).toMatch(/G6_SSE_GZIP +off +env G6_SSE_GZIP/)
    expect(process.exitCode).toBeUndefined()
  })

  test('takes --json and --group', async () => {
    const { settings } = JSON.parse(await run({}, '--json', '--group', 'metrics'))
    expect(settings.map((s: { name: string }) => s.name)).toEqual([
      'G6_UNIFIED_METRICS',
      'G6_SSE_METRICS_EXTENDED',
      'G6_FACT_GAUGES',
    ])
  })

  test('check exits 0 when all settings are usable', async () => {
    expect(await run({}, 'check')).toBe('settings are usable\n')
    expect(process.exitCode).toBeUndefined()
  })

  test('check exits 1 with everything that is wrong, flags included', async () => {
    const text = await run({ G6_SSE_GZIP: 'x' }, 'check', '--port', 'y')
    expect(text).toContain('error: G6_UNIFIED_HTTP_PORT (--port): "y" cannot be used')
    expect(text).toContain('error: G6_SSE_GZIP: "x" cannot be used')
    expect(process.exitCode).toBe(1)
  })

  test('check warns about what g6 serve would refuse', async () => {
    const text = await run({ G6_HTTP_HOST: '0.0.0.0' }, 'check')
    expect(text).toMatch(/^warning: g6 serve would not start: G6_HTTP_HOST=0\.0\.0\.0 /)
    expect(text).toContain('settings are usable (1 warning)')
    expect(process.exitCode).toBeUndefined()
  })

  test('check warns about a chat without a backend', async () => {
    const text = await run({ ENABLE_SSE_STREAMING: '1' }, 'check')
    expect(text).toMatch(/^warning: ENABLE_SSE_STREAMING is on without RAG_BACKEND_URL: /)
    const answered = { ENABLE_SSE_STREAMING: '1', RAG_BACKEND_URL: 'http://127.0.0.1:9' }
    expect(await run(answered, 'check')).toMatch(/^warning: no key for people's tokens .*G6_CHAT_JWKS_URL/)
    expect(await run({ ...answered, G6_CHAT_JWKS_URL: 'http://127.0.0.1:9' }, 'check')).toBe(
      'settings are usable\n',
    )
  })

  test('check takes --json', async () => {
    expect(JSON.parse(await run({}, 'check', '--json'))).toEqual({ ok: true, errors: [], warnings: [] })
  })
})
