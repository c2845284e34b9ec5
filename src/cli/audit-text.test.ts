import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ShownRecord } from '../chat/audit/read.js'
import { auditLines } from './audit-text.js'

const HEX = 'ab12cd34'.repeat(8)
const END: ShownRecord = {
  seq: 7,
  at: '2026-01-02T03:04:05.678Z',
  operation: 'stream.end',
  streamId: 'AAAAAAAAAAAAAAAAAAAAAA',
  subject: HEX,
  details: {
    reason: 'complete',
    tokens: 3,
    firstTokenMs: null,
    upstreams: ['http://a', 'http://b'],
    commitments: { request: HEX },
  },
  mac: HEX,
  kept: {},
}
const REFUSED: ShownRecord = {
  ...END,
  seq: 12_345_678,
  operation: 'security.rate_limit_violation',
  streamId: null,
  details: { code: 'rate', kept: ['address'], commitments: { address: HEX } },
  kept: { address: '2001:db8:0:0:1:2:3:4', email: 'ann@example.org' },
}

test('a record is a line of columns, with the address of a refusal, and without what only programs read', () => {
  const [ended, refused] = auditLines([END, REFUSED])
  expect(ended).toBe(
    '       7  2026-01-02T03:04:05.678Z  stream.end                     AAAAAAAAAAAAAAAAAAAAAA  ab12cd34  reason=complete  tokens=3  firstTokenMs=—  upstreams=http://a,http://b',
  )
  expect(refused).toBe(
    '12345678  2026-01-02T03:04:05.678Z  security.rate_limit_violation  2001:db8:0:0:1:2:3:4    ab12cd34  code=rate  email=ann@example.org',
  )
})

test('an absent value is shown as missing', () => {
  expect(auditLines([{ ...END, streamId: null, subject: null, details: {} }])[0]?.trim()).toMatch(
    /^7 .* stream\.end +— +—$/,
  )
  expect(auditLines([])).toEqual([])
})

test('any record is one line without control characters', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\u001b]0;x\u0007', '\u009b2J', 'a\nb'),
  )
  fc.assert(
    fc.property(text, text, text, (one, two, three) => {
      const record = {
        ...END,
        operation: one,
        streamId: two,
        details: { [three]: two },
        kept: { email: one },
      }
      expect(auditLines([record])[0]).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
    }),
  )
})
