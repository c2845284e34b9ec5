import { expect, test } from 'vitest'
import { decodeHTMLStrict, P, S } from './parser-parts.js'

test('the entities that answers use; any other stays as it is', () => {
  expect(['&amp;', '&lt;', '&nbsp;', '&mdash;'].map(decodeHTMLStrict)).toEqual(['&', '<', '\u{a0}', '—'])
  for (const text of ['&nosuch;', '&constructor;', '&__proto__;', '&;'])
    expect(decodeHTMLStrict(text)).toBe(text)
})

test('what is punctuation', () => {
  expect(['.', '„', '*'].map(sign => P.test(sign))).toEqual([true, true, true])
  expect(['$', '€', 'a'].map(sign => S.test(sign))).toEqual([true, true, false])
})
