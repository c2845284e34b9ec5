import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressList, countingKey, normalAddress } from './address.js'

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
  test('names an entry it cannot read', () => {
    expect(() => addressList(['10.0.0.1', 'ten'])).toThrow('"ten" is neither an address nor a CIDR range')
  })
})

test('a zone is dropped, wherever it ends; without an address before it there is none', () => {
  for (const zone of ['%eth0', '%', '%a%b', '%1:2']) expect(normalAddress(`fe80::1${zone}`)).toBe('fe80::1')
  for (const text of ['%eth0', '10.0.0.1%eth0', ':%', '']) expect(normalAddress(text)).toBeNull()
})
