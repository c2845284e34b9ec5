import { expect, test } from 'vitest'
import { webLink } from './links.js'

test('http and https are links, and show their host', () => {
  expect(webLink('https://example.org/a?b#c')).toEqual({
    href: 'https://example.org/a?b#c',
    host: 'example.org',
  })
  expect(webLink('HTTP://Example.org:8080')).toEqual({
    href: 'http://example.org:8080/',
    host: 'example.org:8080',
  })
})

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://example.org/1',
  'mailto:a@example.org',
  '//example.org',
  '/relative',
  '#fragment',
  'https:example.org',
  'ht\ntps://example.org',
  'https://user@example.org',
  'https://user:word@example.org',
  'https://exa mple.org',
  'https://',
  `https://example.org/${'a'.repeat(2048)}`,
])('%s is text', address => {
  expect(webLink(address)).toBeNull()
})

test('a host in one script is shown as it is written', () => {
  expect(webLink('https://bücher.de/')?.host).toBe('bücher.de')
  expect(webLink('https://пример.рф/')?.host).toBe('пример.рф')
})

test('a host of mixed scripts is shown as the network has it', () => {
  // The first letter is Cyrillic.
  expect(webLink('https://аpple.com/')?.host).toBe('xn--pple-43d.com')
  // All letters of the name are Cyrillic, its end is not.
  expect(webLink('https://аррӏе.com/')?.host).toBe('xn--80ak6aa92e.com')
  expect(webLink('https://xn--pple-43d.com/')?.host).toBe('xn--pple-43d.com')
  // An invisible character, and a mark above a letter.
  expect(webLink('https://exam\u{ad}ple.org/')?.host).toBe('example.org')
  expect(webLink('https://exa\u{0307}mple.org/')?.host).toMatch(/^xn--/)
})

test('what follows a backslash is no host', () => {
  expect(webLink('https://example.org\\@evil.org/')?.host).toBe('example.org')
})
