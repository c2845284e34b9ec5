import { describe, expect, test } from 'vitest'
import { checkSourceSpecs, parseSourceSpec, settingSpecs } from './spec.js'

describe('a source', () => {
  test.each([
    ['data/status.json', { kind: 'file', path: 'data/status.json' }],
    ['file:http.json', { kind: 'file', path: 'http.json' }],
    ['http://h:9329/events', { kind: 'status', url: 'http://h:9329/events' }],
    ['http://h/x/events?types=panel_full', { kind: 'status', url: 'http://h/x/events?types=panel_full' }],
    ['status:http://h:9329', { kind: 'status', url: 'http://h:9329/events' }],
    ['status:http://h/stream', { kind: 'status', url: 'http://h/stream' }],
    ['http://h:9329', { kind: 'board', url: 'http://h:9329' }],
    ['http://h/summary/events', { kind: 'board', url: 'http://h/summary/events' }],
    ['board:https://h/events', { kind: 'board', url: 'https://h/events' }],
    ['json:http://es:9200/_cluster/health', { kind: 'http', url: 'http://es:9200/_cluster/health' }],
    ['es=json:http://h/a?b=c', { kind: 'http', name: 'es', url: 'http://h/a?b=c' }],
    ['http://h/x?a=b', { kind: 'board', url: 'http://h/x?a=b' }],
    ['a=b.json', { kind: 'file', name: 'a', path: 'b.json' }],
    ['file:a=b.json', { kind: 'file', path: 'a=b.json' }],
    ['./a=b.json', { kind: 'file', path: './a=b.json' }],
    ['A=b.json', { kind: 'file', path: 'A=b.json' }],
    ['stdin:', { kind: 'stdin', form: 'any', keep: 200 }],
    ['log=stdin:lines', { kind: 'stdin', name: 'log', form: 'lines' }],
    ['push:jobs', { kind: 'push', target: 'jobs' }],
    ['replay:a.ndjson', { kind: 'replay', path: 'a.ndjson', speed: 1, loop: false }],
  ])('%s', (text, wanted) => {
    const spec = parseSourceSpec(text)
    expect(spec).toMatchObject(wanted)
    expect('name' in spec).toBe('name' in wanted)
  })

  test.each(['', 'file:', 'status:', 'board:nowhere', 'ftp://h/events', 'status:file:///x', 'json:', 'a='])(
    '%j is none',
    text => {
      expect(() => parseSourceSpec(text)).toThrow(/names nothing|not a URL|must not be empty/)
    },
  )

  test.each(['stdin:words', 'push:A', 'push:a/b'])('%s: the error says what is allowed', text => {
    expect(() => parseSourceSpec(text)).toThrow(/allowed/)
  })

  test.each([
    'http://me@h/events',
    'http://me:secret@h/events',
    'board:http://:secret@h',
    'json:http://me:secret@h',
  ])('%s has a secret that would end up in logs, and is refused without repeating it', text => {
    expect(() => parseSourceSpec(text)).toThrow(/^the URL of h has a user name or password/)
    expect(() => parseSourceSpec(text)).not.toThrow(/secret/)
  })

  test('a board must be the only source', () => {
    const board = parseSourceSpec('http://h')
    const file = parseSourceSpec('f.json')
    expect(checkSourceSpecs([board])).toEqual([board])
    expect(checkSourceSpecs([file, file])).toHaveLength(2)
    expect(() => checkSourceSpecs([file, board])).toThrow(/only source/)
    expect(() => checkSourceSpecs([{ ...board, name: 'a' }])).toThrow(/only source/)
  })

  test.each([
    [['a=x', 'a=y'], /two sources have the name a/],
    [['a=push:jobs', 'push:jobs'], /two sources are pushed to \/push\/jobs/],
    [['stdin:', 'a=stdin:json'], /one standard input/],
  ])('%j cannot be read together', (texts, why) => {
    expect(() => checkSourceSpecs(texts.map(parseSourceSpec))).toThrow(why)
  })

  test('without --source, the settings name the streams, else the file', () => {
    const file = { summaryStatusFile: 'f.json' }
    expect(settingSpecs({ ...file, panelsSseUrl: [] })).toEqual([{ kind: 'file', path: 'f.json' }])
    expect(settingSpecs({ ...file, panelsSseUrl: ['http://a', 'http://b/events'] })).toEqual([
      { kind: 'status', url: 'http://a/events' },
      { kind: 'status', url: 'http://b/events' },
    ])
  })
})
