import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { stringify } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import { fromJSONSchema } from 'zod'
import { loadConfig } from './load.js'
import { settingsPage, settingsSchema } from './reference.js'
import { overdue, RETIRED } from './retired.js'
import { fileKeyOf } from './setting.js'
import { SETTINGS } from './settings.js'

const doc = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')

describe('the settings page', () => {
  test('has a row for every setting, its file key, flag and other names', () => {
    const rows = settingsPage().split('\n')
    for (const { name, setting } of SETTINGS) {
      const row = rows.find(r => r.startsWith(`| \`${name}\``))
      for (const word of [fileKeyOf(name), setting.flag ?? '', ...setting.aliases.map(a => a.name)]) {
        expect(row, name).toContain(word)
      }
      expect(row?.split(/(?<!\\)\|/)).toHaveLength(6)
    }
  })

  test('is committed as it is generated', () => {
    expect(doc('reference/settings.md')).toBe(settingsPage())
    expect(JSON.parse(doc('reference/g6.schema.json'))).toEqual(settingsSchema())
  })

  test('does not name retired settings', () => {
    for (const { name } of RETIRED) expect(settingsPage()).not.toContain(name)
  })
})

describe('the JSON Schema of the settings file', () => {
  const schema = fromJSONSchema(JSON.parse(JSON.stringify(settingsSchema())))
  const accepts = (value: unknown) => schema.safeParse(value).success

  test('accepts a sample file that the program accepts', () => {
    const sample = {
      sse_max_connections: 200,
      sse_max_clients: 10,
      sse_ip_connect_rate: '5/10',
      sse_ip_allow: ['10.0.0.0/8'],
      sse_api_token_file: '/run/token',
      status_max_bytes: '8 MiB',
      panel_w_indices: 50,
      log_level: 'debug',
      dq_warn_threshold: 90.5,
      unified_http: true,
      enable_sse_streaming: false,
      summary_thresh_overrides: { 'dq.warn': 80 },
    }
    expect(accepts(sample)).toBe(true)
    const file = { path: 'g6.toml', text: stringify(sample) }
    expect(loadConfig({ env: {}, file, readSecretFile: () => 'x' })).toMatchObject({ ok: true })
  })

  test.each([
    { sse_max_conections: 1 },
    { sse_max_connections: 0 },
    { sse_max_connections: 'many' },
    { sse_gzip: 'perhaps' },
    { log_level: 'loud' },
    { panel_w_: 50 },
    { panel_w_indices: 1 },
    { sse_ip_connect_rate: '5/' },
    { [RETIRED[0]?.name.slice(3).toLowerCase() ?? '']: true },
  ])('refuses %o', value => {
    expect(accepts(value)).toBe(false)
  })

  test('knows every setting', () => {
    const { properties, patternProperties } = JSON.parse(JSON.stringify(settingsSchema()))
    const keys = SETTINGS.map(s => fileKeyOf(s.name)).filter(k => !k.endsWith('<name>'))
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(keys))
    expect(Object.keys(patternProperties)).toEqual(['^panel_w_[a-z0-9_]+$', '^panel_h_[a-z0-9_]+$'])
  })

  test('a number or switch it accepts, the program accepts', () => {
    const scalar = SETTINGS.filter(s =>
      ['int', 'number', 'port', 'bool', 'bytes', 'rate', 'choice'].includes(s.setting.kind),
    )
    const value = fc.oneof(
      fc.boolean(),
      fc.integer(),
      fc.integer({ min: 0, max: 2000 }),
      fc.double({ noNaN: true }),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.constantFrom(...scalar), value, ({ name, setting }, raw) => {
        // For amounts in text (`8 MiB`, `5/10`) a schema can check the form, not the bounds.
        const isFormOnly = setting.kind === 'bytes' || setting.kind === 'rate'
        fc.pre(typeof raw !== 'string' || (raw.trim() !== '' && !isFormOnly))
        if (accepts({ [fileKeyOf(name)]: raw })) expect(setting.parse(raw)).toMatchObject({ ok: true })
      }),
      { numRuns: 2000 },
    )
  })
})

describe('DEPRECATIONS.md', () => {
  /** The cells of a table under a heading of DEPRECATIONS.md. */
  const rowsUnder = (heading: string): readonly (readonly string[])[] => {
    const section = doc('DEPRECATIONS.md').split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
    const rows = section.split('\n').filter(l => l.startsWith('| `'))
    return rows.map(l =>
      l
        .split('|')
        .slice(1, -1)
        .map(c => c.trim()),
    )
  }

  test('has a row for each retired name, and no other', () => {
    expect(rowsUnder('Retired')).toEqual(
      RETIRED.map(r => [`\`${r.name}\``, r.replacement, r.warnedSince, r.removedIn]),
    )
  })

  test('has a row for each deprecated name, and no other', () => {
    const deprecated = SETTINGS.flatMap(({ name, setting }) => [
      { name: name as string, deprecated: setting.deprecated },
      ...setting.aliases,
    ]).filter(d => d.deprecated !== null)
    expect(rowsUnder('Deprecated')).toEqual(deprecated.map(d => [`\`${d.name}\``, d.deprecated]))
  })

  test('has no name after its day of removal', () => {
    expect(overdue(Date.now())).toEqual([])
    expect(overdue(Date.parse('2029-01-30T23:59:59Z'))).toEqual([])
    expect(overdue(Date.parse('2029-01-31'))).toEqual(RETIRED.map(r => r.name))
  })
})
