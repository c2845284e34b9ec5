import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FromProcess, loadConfigFromProcess } from './from-process.js'

describe('loading from the process', () => {
  let cwd: string
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'g6-config-'))
  })
  afterEach(() => rmSync(cwd, { recursive: true, force: true }))

  const load = (options: FromProcess = {}) => loadConfigFromProcess({ env: {}, cwd, ...options })
  const write = (name: string, text: string): string => {
    const path = join(cwd, name)
    writeFileSync(path, text)
    return path
  }
  const errors = (options: FromProcess) => {
    const result = load(options)
    return result.ok ? [] : result.errors.map(e => e.message)
  }

  test('works without a settings file', () => {
    expect(load()).toMatchObject({ ok: true, config: { sseMaxConnections: 50 } })
  })

  test('takes ./g6.toml where there is one, and --config instead of it', () => {
    write('g6.toml', 'sse_max_connections = 5')
    const other = write('other.toml', 'sse_max_connections = 6')
    expect(load()).toMatchObject({
      config: { sseMaxConnections: 5 },
      provenance: { sseMaxConnections: { from: 'file', path: 'g6.toml' } },
    })
    expect(load({ configPath: other })).toMatchObject({
      config: { sseMaxConnections: 6 },
      provenance: { sseMaxConnections: { from: 'file', path: other } },
    })
  })

  test('a settings file that was named must be there and be readable', () => {
    expect(errors({ configPath: join(cwd, 'none.toml') })).toEqual([
      `${join(cwd, 'none.toml')} cannot be read (ENOENT)`,
    ])
    expect(errors({ configPath: cwd })).toEqual([`${cwd} cannot be read (EISDIR)`])
  })

  test('reads secrets’ files, and reports those that it cannot read', () => {
    const path = write('token', 'abc\n')
    expect(load({ env: { G6_SSE_API_TOKEN_FILE: path } })).toMatchObject({ config: { sseApiToken: 'abc' } })
    expect(errors({ env: { G6_SSE_API_TOKEN_FILE: `${path}x` } })[0]).toContain('cannot be read (ENOENT)')
  })

  test('stops reading a file at a limit', () => {
    expect(errors({ env: { G6_SSE_API_TOKEN_FILE: '/dev/zero' } })[0]).toContain(
      'cannot be read (larger than 65536 bytes)',
    )
    expect(errors({ configPath: '/dev/zero' })[0]).toContain('cannot be read (larger than 1048576 bytes)')
  })
})
