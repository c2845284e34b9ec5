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
  ])('%s', (text, wanted) => {
    expect(parseSourceSpec(text)).toEqual(wanted)
  })

  test.each(['', 'file:', 'status:', 'board:nowhere', 'ftp://h/events', 'status:file:///x'])(
    '%j is none',
    text => {
      expect(() => parseSourceSpec(text)).toThrow(/names nothing|not a URL|must not be empty/)
    },
  )

  test.each(['http://me@h/events', 'http://me:secret@h/events', 'board:http://:secret@h'])(
    '%s has a secret that would end up in logs, and is refused without repeating it',
    text => {
      expect(() => parseSourceSpec(text)).toThrow(/^the URL of h has a user name or password/)
      expect(() => parseSourceSpec(text)).not.toThrow(/secret/)
    },
  )

  test('a board must be the only source', () => {
    const board = parseSourceSpec('http://h')
    const file = parseSourceSpec('f.json')
    expect(checkSourceSpecs([board])).toEqual([board])
    expect(checkSourceSpecs([file, file])).toHaveLength(2)
    expect(() => checkSourceSpecs([file, board])).toThrow(/only source/)
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
