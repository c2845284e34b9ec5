import { expect, test } from 'vitest'
import type { ReaderData } from '../protocol/readers.js'
import { readersText } from './readers-text.js'

const READER: ReaderData = {
  kind: 'board',
  address: '192.0.2.7',
  user_agent: 'curl/8.5.0',
  since: '2025-11-20T04:00:00.000Z',
  open_sec: 3_720,
  has_owner: true,
  encoding: 'gzip',
  position: 12,
  behind: 3,
  blocked: true,
  waiting_bytes: 16_384,
  mode: 'lines',
  view: 'lines',
  subset: 2,
}

test('a reader is a line, in columns', () => {
  const text = readersText({ streams: 1, max_streams: 50, total: 2, readers: [READER] })
  expect(text.split('\n')).toEqual([
    '1 of 50 streams are taken; the newest 1 of 2 connections',
    'kind   address    since                          open  form                      position  behind              waiting  user agent',
    'board  192.0.2.7  2025-11-20T04:00:00.000Z  1 h 2 min  lines, subset of 2, gzip        12       3  16384 B, takes none  curl/8.5.0',
    '',
  ])
})

test('nothing in it controls the terminal', () => {
  const hostile = { ...READER, user_agent: 'a\u001b]52;c;AA\u0007\nb', address: '\u009b31m' }
  const text = readersText({ streams: 1, max_streams: 50, total: 1, readers: [hostile] })
  expect(text).not.toMatch(/(?!\n)\p{Cc}/u)
  expect(text.trimEnd().split('\n')).toHaveLength(3)
})

test('without readers there is only the count', () => {
  expect(readersText({ streams: 0, max_streams: 50, total: 0, readers: [] })).toBe(
    '0 of 50 streams are taken\n',
  )
})
