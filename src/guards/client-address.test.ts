import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressList } from './address.js'
import { clientAddress } from './client-address.js'

const nobody = addressList([])
const proxies = addressList(['10.0.0.0/8', 'fd00::/8'])
const proxy = addressList(['10.0.0.1'])

test.each([
  ['the socket when no proxy is trusted', '1.2.3.4', '9.9.9.9', nobody, '1.2.3.4'],
  ['the socket when it is not a trusted one', '1.2.3.4', '9.9.9.9', proxies, '1.2.3.4'],
  ['what the proxy saw', '10.0.0.1', '9.9.9.9', proxies, '9.9.9.9'],
  ['what the only trusted proxy saw', '10.0.0.1', '6.6.6.6, 9.9.9.9', proxy, '9.9.9.9'],
  ['what the outermost trusted proxy saw', '10.0.0.1', '6.6.6.6, 9.9.9.9, 10.0.0.2', proxies, '9.9.9.9'],
  ['the left-most when all are trusted', '10.0.0.1', '10.0.0.3, 10.0.0.2', proxies, '10.0.0.3'],
  ['the proxy itself without a header', '10.0.0.1', undefined, proxies, '10.0.0.1'],
  ['the proxy when what it saw is no address', '10.0.0.1', '9.9.9.9, unknown', proxies, '10.0.0.1'],
  ['IPv4 for a mapped socket', '::ffff:10.0.0.1', '::ffff:9.9.9.9', proxies, '9.9.9.9'],
  ['an address with a port', '10.0.0.1', '9.9.9.9:1234', proxies, '9.9.9.9'],
  ['the proxy when what it saw is half an address and a port', '10.0.0.1', '9.9.9:1234', proxies, '10.0.0.1'],
  ['an IPv6 address with a port', 'fd00::1', '[2001:DB8::1]:1234', proxies, '2001:db8::1'],
  ['nothing for a socket that is gone', undefined, '9.9.9.9', proxies, 'unknown'],
])('is %s', (_, socket, header, trusted, address) => {
  expect(clientAddress(socket, header, trusted)).toBe(address)
})

test('nothing a client writes to the left of what a trusted proxy saw changes it', () => {
  fc.assert(
    fc.property(fc.string(), forged => {
      expect(clientAddress('10.0.0.1', `${forged}, 9.9.9.9`, proxies)).toBe('9.9.9.9')
    }),
  )
})

test('an entry over 64 characters is no address, and takes no time, whatever its characters', () => {
  expect(clientAddress('10.0.0.1', `fe80::1%${'x'.repeat(56)}`, proxies)).toBe('fe80::1')
  expect(clientAddress('10.0.0.1', `fe80::1%${'x'.repeat(57)}`, proxies)).toBe('10.0.0.1')
  const startMs = performance.now()
  for (const part of ['[::::', ':', '[', '%', ':%', '1.', ' ', ',', ':1', ']:']) {
    for (let i = 0; i < 20; i++) clientAddress('10.0.0.1', part.repeat(15_000 / part.length), proxies)
  }
  // Two hundred headers of 15 KB. In quadratic time, those of colons alone would take half a minute.
  expect(performance.now() - startMs).toBeLessThan(3_000)
})
