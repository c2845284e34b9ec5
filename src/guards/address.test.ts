import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressList, clientAddress, countingKey, normalAddress } from './address.js'

describe('one spelling for one host', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:a00:1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['010.0.0.1', null],
    ['localhost', null],
    ['', null],
  ])('%s is %s', (text, normal) => {
    expect(normalAddress(text)).toBe(normal)
  })
})

describe('the counting key', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (address, key) => {
    expect(countingKey(address)).toBe(key)
  })
  test('is the same for two IPv6 addresses exactly when their first 64 bits are', () => {
    const group = fc.integer({ min: 0, max: 3 }).map(n => n.toString(16))
    const address = fc.array(group, { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(address, address, (a, b) => {
        const [left, right] = [a, b].map(groups => countingKey(normalAddress(groups.join(':')) ?? ''))
        expect(left === right).toBe(a.slice(0, 4).join(':') === b.slice(0, 4).join(':'))
      }),
    )
  })
})

describe('a list of addresses and ranges', () => {
  const list = addressList(['10.0.0.0/8', '192.168.1.7', 'fd00::/8', '2001:db8::1', '::ffff:172.16.0.0/108'])
  test.each(['10.9.9.9', '192.168.1.7', 'fd12::1', '2001:db8::1', '172.16.3.4'])('has %s', address => {
    expect(list.has(address)).toBe(true)
  })
  test.each(['11.0.0.1', '192.168.1.8', 'fe80::1', '2001:db8::2', '172.32.0.1', 'unknown', ''])(
    'has not %s',
    address => {
      expect(list.has(address)).toBe(false)
    },
  )
  test('takes a range of mapped addresses as the IPv4 range it is, to the bit', () => {
    const tens = addressList(['::ffff:10.0.0.0/104'])
    expect(['10.255.0.1', '11.0.0.1', '9.255.255.255'].map(tens.has)).toEqual([true, false, false])
    const all = addressList(['::ffff:0.0.0.0/96'])
    expect(all.has('200.1.1.1')).toBe(true)
  })
  test('has peers of unix sockets only when it says so', () => {
    expect(addressList(['unix', '10.0.0.1']).has('unix')).toBe(true)
    expect(addressList(['10.0.0.1']).has('unix')).toBe(false)
    expect(addressList(['unix']).has('unknown')).toBe(false)
  })
  test('names an entry it cannot read', () => {
    expect(() => addressList(['10.0.0.1', 'ten'])).toThrow('"ten" is neither an address nor a CIDR range')
  })
})

test('a zone is dropped, wherever it ends; without an address before it there is none', () => {
  for (const zone of ['%eth0', '%', '%a%b', '%1:2']) expect(normalAddress(`fe80::1${zone}`)).toBe('fe80::1')
  for (const text of ['%eth0', '10.0.0.1%eth0', ':%', '']) expect(normalAddress(text)).toBeNull()
})

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
  ['what a proxy on a trusted unix socket saw', 'unix', '6.6.6.6, 9.9.9.9', addressList(['unix']), '9.9.9.9'],
  ['the peers of a unix socket together when it is not trusted', 'unix', '9.9.9.9', proxies, 'unix'],
  [
    'the last address when a header claims to be a unix socket',
    '10.0.0.1',
    '9.9.9.9, unix',
    proxies,
    '10.0.0.1',
  ],
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
