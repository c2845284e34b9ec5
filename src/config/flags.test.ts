import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { givenFlags, settingFlags } from './flags.js'
import { SETTINGS } from './settings.js'

const parsed = (...argv: string[]) =>
  givenFlags(settingFlags(new Command('g6')).parse(['node', 'g6', ...argv]))

describe('flags', () => {
  test('a flag that is not given sets nothing, also a switch with --no-', () => {
    expect(parsed()).toEqual({ flags: {}, configPath: null })
  })

  test('each sets its setting', () => {
    expect(
      parsed(
        '--port',
        '0',
        '--host',
        '::1',
        '--refresh',
        '0.5',
        '--no-write-panels',
        '--allow-open',
        '--config',
        'x.toml',
      ),
    ).toEqual({
      flags: {
        G6_UNIFIED_HTTP_PORT: '0',
        G6_HTTP_HOST: '::1',
        G6_SUMMARY_REFRESH_SEC: '0.5',
        G6_NO_WRITE_PANELS: true,
        G6_ALLOW_OPEN: true,
      },
      configPath: 'x.toml',
    })
  })

  test('a secret’s flag names a file', () => {
    expect(parsed('--token-file', '/t').flags).toEqual({ G6_SSE_API_TOKEN_FILE: '/t' })
  })

  test('a command may take only some', () => {
    const command = settingFlags(new Command('g6'), ['G6_SUMMARY_STATUS_FILE'])
    expect(command.options.map(o => o.long)).toEqual(['--config', '--status-file'])
  })

  test('those of a parent command count too, the nearer one first', () => {
    const above = settingFlags(new Command('g6')).enablePositionalOptions()
    const below = settingFlags(above.command('serve')).action(() => undefined)
    above.parse(['node', 'g6', '--port', '1', '--host', 'a', 'serve', '--port', '2'])
    expect(givenFlags(below).flags).toEqual({ G6_UNIFIED_HTTP_PORT: '2', G6_HTTP_HOST: 'a' })
  })

  test('--help has each with its default and its environment name', () => {
    const help = settingFlags(new Command('g6')).configureHelp({ helpWidth: 1000 }).helpInformation()
    for (const { name, setting } of SETTINGS.filter(s => s.setting.flag !== null)) {
      expect(help).toMatch(new RegExp(`${setting.flag}\\b.*${name}`))
    }
    expect(help).toContain('--port <port>')
    expect(help).toContain('(default 9329; G6_UNIFIED_HTTP_PORT)')
  })
})
