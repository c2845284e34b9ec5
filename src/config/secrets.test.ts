import { Command } from 'commander'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { givenFlags, settingFlags } from './flags.js'
import { type LoadInput, type LoadResult, loadConfig } from './load.js'
import { checkReport, configReport } from './report.js'
import { SETTINGS } from './settings.js'
import { ConfigError, SummaryEnv } from './summary-env.js'

const NAMES = SETTINGS.filter(s => s.setting.secret).map(s => s.name)

/** Everything that any output shows of a result. */
function shown(result: LoadResult): string {
  const outputs = [true, false].flatMap(json => [
    checkReport(result, json).text,
    configReport(result, { json, group: null, changed: false }).text,
    configReport(result, { json, group: null, changed: true }).text,
  ])
  const rest = result.ok
    ? [result.provenance, result.warnings, result.deprecatedSeen]
    : [result.errors, result.warnings]
  return [...outputs, JSON.stringify(rest)].join('\n')
}

/** Letters that never follow each other in our texts, names and numbers. */
const aSecret = fc
  .string({ unit: fc.constantFrom('q', 'z', 'Q', 'Z', '7', '~', '!'), minLength: 8, maxLength: 60 })
  .map(s => `qz${s}`)
const aName = fc.constantFrom(...NAMES)

/** The ways a secret can come in, usable and not. */
const WAYS: Readonly<Record<string, (name: string, secret: string) => LoadInput>> = {
  environment: (name, secret) => ({ env: { [name]: secret } }),
  'a file named in the environment': (name, secret) => ({
    env: { [`${name}_FILE`]: '/run/x' },
    readSecretFile: () => `${secret}\n`,
  }),
  'the settings file': (name, secret) => ({
    env: {},
    file: { path: 'g6.toml', text: `${name.toLowerCase().replace(/^g6_/, '')} = "${secret}"` },
  }),
  'a broken settings file': (name, secret) => ({
    env: {},
    file: { path: 'g6.toml', text: `${name.toLowerCase().replace(/^g6_/, '')} = "${secret}` },
  }),
  'a settings file with a wrong type': (name, secret) => ({
    env: {},
    file: {
      path: 'g6.toml',
      text: `${name.toLowerCase().replace(/^g6_/, '')} = { "${secret}" = "${secret}" }`,
    },
  }),
  'an unusable list': (name, secret) => ({
    env: {},
    file: { path: 'g6.toml', text: `${name.toLowerCase().replace(/^g6_/, '')} = ["${secret}", 5]` },
  }),
  'a mistyped name': (name, secret) => ({ env: { [`G6_${name}X`]: secret } }),
  'name and file at once': (name, secret) => ({
    env: { [name]: secret, [`${name}_FILE`]: '/run/x' },
    readSecretFile: () => secret,
  }),
  'a file that cannot be read': (name, secret) => ({
    env: { [name]: '', [`${name}_FILE`]: '/run/x' },
    readSecretFile: () => {
      throw new Error(secret)
    },
  }),
  ...Object.fromEntries(
    [
      ['G6_PANELS_SSE_URL', 'http://user:SECRET@host/events, http://host?token=SECRET'],
      ['G6_PANELS_SSE_URL', 'http://user:SECRET@host, nothing'],
      ['G6_REDIS_URL', 'redis://:SECRET@host'],
      ['G6_REDIS_URL', 'redis://:a,"b c@SECRET@host'],
      ['G6_METRICS_URL', 'http:/SECRET@host'],
      ['G6_METRICS_URL', 'http://host#SECRET'],
      ['G6_METRICS_URL', 'htp://user:SECRET@host?token=SECRET'],
      ['RAG_BACKEND_URL', 'http://ok, ftp://x?SECRET'],
      ['G6_SSE_ALLOW_ORIGIN', 'https://user:SECRET@host'],
      ['G6_SSE_ALLOW_ORIGIN', 'https://host?SECRET'],
      ['G6_HTTP_HOST', 'http://user:SECRET@host'],
    ].map(([name = '', text = '']) => [
      `${name}=${text}`,
      (_: string, secret: string) => ({ env: { [name]: text.replaceAll('SECRET', secret) } }),
    ]),
  ),
}

describe('no output holds any part of a secret that came by', () => {
  test.each(Object.entries(WAYS).map(([way, input]) => ({ way, input })))('$way', ({ input }) => {
    fc.assert(
      fc.property(aName, aSecret, (name, secret) => {
        expect(shown(loadConfig(input(name, secret)))).not.toContain(secret)
      }),
    )
  })

  test('SummaryEnv', () => {
    fc.assert(
      fc.property(aName, aSecret, (name, secret) => {
        const usable = name === 'G6_REDIS_URL' ? `unix:/${secret}` : secret
        expect(JSON.stringify(SummaryEnv.fromEnviron({ [name]: usable }).describe())).not.toContain(secret)
        const bad = { [name]: secret, [`${name}_FILE`]: '/x', G6_REDIS_URL: `http://u:${secret}@h` }
        const thrown = catching(() => SummaryEnv.fromEnviron(bad))
        expect(thrown).toBeInstanceOf(ConfigError)
        expect(String(thrown)).not.toContain(secret)
      }),
    )
  })
})

function catching(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

describe('a secret’s value', () => {
  test.each(NAMES)('%s is taken from the file NAME_FILE names, without the newline at its end', name => {
    const key = SETTINGS.find(s => s.name === name)?.key
    const result = loadConfig({
      env: { [`${name}_FILE`]: '/run/secret' },
      readSecretFile: path => `unix:${path}\r\n`,
    })
    if (!result.ok || key === undefined) throw new Error(JSON.stringify(result))
    expect([result.config[key]].flat()).toEqual(['unix:/run/secret'])
    expect(result.provenance[key]).toEqual({
      from: 'secret-file',
      path: '/run/secret',
      named: { from: 'env', name: `${name}_FILE` },
    })
  })

  test('a newline in the middle of a stored key stays', () => {
    const result = loadConfig({ env: { G6_AUDIT_KEY_FILE: '/k' }, readSecretFile: () => 'a\nb\n' })
    expect(result.ok && result.config.auditKey).toBe('a\nb')
  })

  test('an empty or unreadable file is an error, never "no secret"', () => {
    const env = { G6_SSE_API_TOKEN_FILE: '/run/token' }
    const errorOf = (readSecretFile: (path: string) => string) => {
      const result = loadConfig({ env, readSecretFile })
      return result.ok ? null : result.errors.map(e => e.message)
    }
    expect(errorOf(() => ' \n')).toEqual([
      'G6_SSE_API_TOKEN (G6_SSE_API_TOKEN_FILE): the file /run/token is empty',
    ])
    const missing = Object.assign(new Error('no'), { code: 'ENOENT' })
    expect(
      errorOf(() => {
        throw missing
      }),
    ).toEqual(['G6_SSE_API_TOKEN (G6_SSE_API_TOKEN_FILE): the file /run/token cannot be read (ENOENT)'])
  })

  test('an empty file of the previous token means none: a rotation ends by emptying it', () => {
    const result = loadConfig({
      env: { G6_SSE_API_TOKEN: 'now', G6_SSE_API_TOKEN_PREVIOUS_FILE: '/run/before' },
      readSecretFile: () => '\n',
    })
    if (!result.ok) throw new Error(JSON.stringify(result.errors))
    expect(result.config.sseApiTokenPrevious).toBeNull()
    expect(result.provenance.sseApiTokenPrevious.from).toBe('secret-file')
    expect(
      loadConfig({
        env: { G6_SSE_API_TOKEN_PREVIOUS_FILE: '/run/before' },
        readSecretFile: () => {
          throw Object.assign(new Error('no'), { code: 'EACCES' })
        },
      }).ok,
    ).toBe(false)
  })

  test('a stronger layer’s file beats a weaker layer’s value', () => {
    const command = settingFlags(new Command('g6')).parse(['node', 'g6', '--token-file', '/flag'])
    const result = loadConfig({
      env: { G6_SSE_API_TOKEN: 'from-env' },
      flags: givenFlags(command).flags,
      readSecretFile: path => `in:${path}`,
    })
    expect(result.ok && result.config.sseApiToken).toBe('in:/flag')
    expect(result.ok && result.provenance.sseApiToken).toEqual({
      from: 'secret-file',
      path: '/flag',
      named: { from: 'flag', flag: '--token-file' },
    })
  })

  test('a list that cannot be read is not quoted', () => {
    const result = loadConfig({ env: { API_KEYS_INTERNAL: ',' } })
    expect(result.ok ? '' : result.errors[0]?.message).toBe(
      'API_KEYS_INTERNAL: •••• cannot be used; allowed: a comma-separated list, each visible ASCII characters, without blanks',
    )
  })
})

describe('a secret that nobody can send', () => {
  const TOKENS = ['G6_SSE_API_TOKEN', 'G6_SSE_API_TOKEN_PREVIOUS', 'G6_PANELS_SSE_TOKEN', 'RAG_BACKEND_TOKEN']
  const LINES = [...TOKENS, 'API_KEYS_INTERNAL', 'G6_CHAT_JWT_SECRET', 'GRAFANA_API_KEY']
  const GOOD = 'Zm9ydHktdHdvLWNoYXJhY3RlcnM'
  /** From a file with these bytes. */
  const load = (name: string, bytes: Buffer) =>
    loadConfig({ env: { [`${name}_FILE`]: '/run/x' }, readSecretFile: () => bytes.toString('utf8') })
  const errorOf = (name: string, bytes: Buffer | string): string => {
    const result = load(name, Buffer.from(bytes))
    return result.ok ? 'none' : result.errors.map(({ message }) => message).join()
  }
  const usedOf = (name: string, bytes: Buffer | string): unknown => {
    const result = load(name, Buffer.from(bytes))
    const key = SETTINGS.find(each => each.name === name)?.key
    return result.ok && key !== undefined ? [result.config[key]].flat()[0] : result
  }

  describe.each(LINES)('%s', name => {
    test.each([
      ['a byte order mark before it', `\ufeff${GOOD}\n`],
      ['blanks around it', ` \t${GOOD} \r\n\n`],
      ['both', `\ufeff ${GOOD}\u00a0\n`],
    ])('%s is removed', (_, bytes) => {
      expect(usedOf(name, bytes)).toBe(GOOD)
    })
    test.each([
      ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(GOOD, 'utf16le')])],
      ['UTF-16 without a mark', Buffer.from(GOOD, 'utf16le')],
      ['two lines', `${GOOD}\n${GOOD}\n`],
      ['lines of an old Mac', `${GOOD}\r${GOOD}`],
      ['a NUL', `${GOOD}\0`],
      ['an escape', `${GOOD}\u001b[2J`],
      ['bytes that are no UTF-8', Buffer.from(`${GOOD}\xff`, 'latin1')],
    ])('%s is refused, and its value is not shown', (_, bytes) => {
      expect(errorOf(name, bytes)).toMatch(
        new RegExp(`^${name} \\(${name}_FILE\\): •••• cannot be used \\(.*it has .*\\); allowed: `),
      )
      expect(errorOf(name, bytes)).not.toContain(GOOD.slice(0, 4))
    })
  })
  test.each(TOKENS)('%s refuses what a header cannot carry, and says where it is', name => {
    expect(errorOf(name, `${GOOD} ${GOOD}`)).toContain('it has a blank in the middle, at character 28')
    expect(errorOf(name, `${GOOD}ü`)).toContain('it has a character that is not ASCII, at character 28')
    expect(errorOf(name, `${GOOD}👩`)).toContain('it has a character that is not ASCII')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), text => {
        const isUsable = /^[\x21-\x7e]+$/.test(text.trim())
        const isEmpty = text.trim() === ''
        if (!isEmpty) expect(load(name, Buffer.from(text)).ok).toBe(isUsable)
      }),
      // Each loads every setting.
      { numRuns: 20 },
    )
  })
  test('a passphrase may have blanks and letters of any script', () => {
    for (const name of ['G6_CHAT_JWT_SECRET', 'GRAFANA_API_KEY']) {
      expect(usedOf(name, 'grün ist 緑 und so weiter\n')).toBe('grün ist 緑 und so weiter')
    }
  })
  test('a short one that somebody could guess gets a warning', () => {
    const warningsOf = (name: string, value: string): readonly string[] => {
      const result = loadConfig({ env: { [name]: value } })
      return result.ok
        ? result.warnings.map(({ message }) => message).filter(each => /fewer/.test(each))
        : ['unusable']
    }
    for (const name of [
      'G6_SSE_API_TOKEN',
      'G6_SSE_API_TOKEN_PREVIOUS',
      'API_KEYS_INTERNAL',
      'G6_CHAT_JWT_SECRET',
    ]) {
      expect(warningsOf(name, 'x'.repeat(15))).toMatchObject([
        expect.stringContaining('fewer than 16 characters'),
      ])
      expect(warningsOf(name, 'x'.repeat(16))).toEqual([])
    }
    expect(warningsOf('RAG_BACKEND_TOKEN', 'x')).toEqual([])
  })
})
