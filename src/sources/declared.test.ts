import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { declaredSources, type SourceSpec, sourceTable } from './declared.js'

const specOf = (source: unknown): readonly SourceSpec[] => {
  const read = declaredSources(source)
  if (!read.ok) throw new Error(JSON.stringify(read.findings))
  return read.specs
}
const findingsOf = (source: unknown) => {
  const read = declaredSources(source)
  return read.ok ? [] : read.findings
}

describe('the table of a source', () => {
  test('http with everything', () => {
    const [spec] = specOf({
      http: 'https://es:9200/_cluster/health?level=indices',
      every: '5s',
      timeout: '1500ms',
      max_bytes: '1MB',
      method: 'POST',
      body: '{}',
      headers: { authorization: { file: '/etc/g6/es' }, 'X-Fixed': 'a' },
      basic: { user: 'me', password: { env: 'PASSWORD' } },
      ca_file: '/etc/ca.pem',
    })
    expect(spec).toEqual({
      kind: 'http',
      url: 'https://es:9200/_cluster/health?level=indices',
      everyMs: 5_000,
      timeoutMs: 1_500,
      maxBytes: 1_000_000,
      method: 'POST',
      body: '{}',
      headers: { authorization: { file: '/etc/g6/es' }, 'X-Fixed': 'a' },
      basic: { user: 'me', password: { env: 'PASSWORD' } },
      caFile: '/etc/ca.pem',
    })
  })

  test.each<readonly [object, object]>([
    [{ http: 'http://h' }, { kind: 'http', everyMs: 5_000, timeoutMs: 5_000, headers: {}, method: 'GET' }],
    [
      { exec: ['kubectl', 'get'], every: '10s' },
      { kind: 'exec', command: ['kubectl', 'get'], env: [] },
    ],
    [{ stdin: 'lines' }, { kind: 'stdin', form: 'lines', keep: 200 }],
    [
      { push: 'jobs', token: { env: 'T' }, expect: '1m' },
      { kind: 'push', target: 'jobs', token: { env: 'T' }, expectMs: 60_000 },
    ],
    [
      { prometheus: 'http://p', query: 'up' },
      { kind: 'prometheus', url: 'http://p', query: 'up' },
    ],
    [{ sse: 'http://h/events' }, { kind: 'status', url: 'http://h/events' }],
    [{ board: 'http://h' }, { kind: 'board', url: 'http://h' }],
    [{ file: 'a.json' }, { kind: 'file', path: 'a.json' }],
    [
      { replay: 'a.ndjson', speed: 2 },
      { kind: 'replay', path: 'a.ndjson', speed: 2, loop: false },
    ],
  ])('%j', (table, wanted) => {
    expect(specOf(table)).toMatchObject([wanted])
  })

  test('several have names, also those of kinds and options', () => {
    const specs = specOf({ http: { file: 'a' }, headers: { file: 'b' }, es: { http: 'http://h' } })
    expect(specs.map(({ name, kind }) => [name, kind])).toEqual([
      ['http', 'file'],
      ['headers', 'file'],
      ['es', 'http'],
    ])
  })

  test.each<readonly [unknown, readonly (string | number)[], RegExp]>([
    [{}, [], /exactly one of http, .*names none/],
    [{ http: 'http://h', file: 'a' }, [], /exactly one .* it has http and file/],
    [{ http: 'http://h', expect: '5s' }, ['expect'], /expect is no option of http; allowed with it: every/],
    [{ file: 'a', every: '5s' }, ['every'], /allowed with it: nothing else/],
    [{ http: 'ftp://h' }, ['http'], /not a URL; allowed: http/],
    [{ http: 'http://h', every: 5 }, ['every'], /allowed: a time with its unit/],
    [{ http: 'http://h', every: '5' }, ['every'], /allowed: a time with its unit/],
    [{ http: 'http://h', every: '1ms' }, ['every'], /500ms to 1d/],
    [{ http: 'http://h', max_bytes: '2TB' }, ['max_bytes'], /allowed: a size/],
    [{ http: 'http://h', basic: { user: 'a', password: 'x' } }, ['basic', 'password'], /env = "NAME"/],
    [{ http: 'http://h', headers: { 'a b': 'x' } }, ['headers', 'a b'], /name of a header|Invalid key/],
    [{ http: 'http://h', headers: { a: 'x\r\ny' } }, ['headers', 'a'], /allowed: visible ASCII/],
    [{ http: 'http://h', body: '{}' }, ['body'], /method = "POST"/],
    [{ exec: [] }, ['exec', 0], /allowed: a list of the command/],
    [{ exec: 'rm -rf /' }, ['exec'], /allowed: a list of the command/],
    [{ push: 'jobs' }, ['push'], /push needs token/],
    [{ push: 'Jobs', token: { env: 'A' } }, ['push'], /a letter from a to z/],
    [{ evry: '5s', http: 'http://h' }, [], /evry/],
    [{ Es: { http: 'http://h' } }, ['Es'], /the name of a source/],
    ['x', [], /a table/],
    [[], [], /a table/],
  ])('%j is refused, and the finding says where', (source, path, message) => {
    const findings = findingsOf(source)
    expect(findings.map(finding => finding.path)).toContainEqual(path)
    expect(findings.map(finding => finding.message).join()).toMatch(message)
  })

  test('a secret in a URL is refused without repeating it', () => {
    for (const http of ['http://me:secret@h/', 'ftp://me:secret@h', 'nowhere?secret']) {
      const [finding] = findingsOf({ es: { http } })
      expect(finding?.path).toEqual(['es', 'http'])
      expect(finding?.message).not.toContain('secret@')
      expect(finding?.message).not.toContain('?secret')
    }
  })

  test('editors get a schema of it', () => {
    const schema = z.toJSONSchema(sourceTable, { io: 'input' })
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(Object.keys(schema.properties ?? {})).toContain('every')
  })
})
