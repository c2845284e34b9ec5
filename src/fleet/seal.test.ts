import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLEAR, KeySeal, keysFrom } from './seal.js'

const [ONE, TWO] = [randomBytes(32), randomBytes(32)]

describe('a seal', () => {
  test('opens what it sealed, for the same place only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (text, about, other) => {
        const seal = new KeySeal([ONE])
        const sealed = seal.seal(text, about)
        expect(seal.open(sealed, about)).toBe(text)
        if (other !== about) expect(seal.open(sealed, other)).toBeNull()
      }),
      { numRuns: 500 },
    )
  })

  test('opens nothing that was changed, cut, in clear or of another key', () => {
    const seal = new KeySeal([ONE])
    const sealed = seal.seal('{"a":1}', 'x')
    expect(sealed).not.toContain('"a"')
    expect(seal.seal('{"a":1}', 'x')).not.toBe(sealed)
    for (let i = 3; i < sealed.length; i++) {
      const changed = `${sealed.slice(0, i)}${sealed[i] === 'A' ? 'B' : 'A'}${sealed.slice(i + 1)}`
      const bytes = (text: string) => Buffer.from(text.slice(3), 'base64').toString('hex')
      if (bytes(changed) !== bytes(sealed)) expect(seal.open(changed, 'x')).toBeNull()
      const cut = sealed.slice(0, i)
      if (bytes(cut) !== bytes(sealed)) expect(seal.open(cut, 'x')).toBeNull()
    }
    expect([seal.open('{"a":1}', 'x'), new KeySeal([TWO]).open(sealed, 'x')]).toEqual([null, null])
    expect([CLEAR.open(sealed, 'x'), CLEAR.open('{"a":1}', 'x')]).toEqual([null, '{"a":1}'])
  })

  test('of a rotation opens what either key sealed, and seals with the first', () => {
    const both = new KeySeal([TWO, ONE])
    expect(both.open(new KeySeal([ONE]).seal('old', 'x'), 'x')).toBe('old')
    expect(new KeySeal([TWO]).open(both.seal('new', 'x'), 'x')).toBe('new')
  })
})

test('bytes are opened in their place only, and with the keys of their purpose', () => {
  const seal = new KeySeal([TWO, ONE])
  const bytes = randomBytes(300)
  const sealed = new KeySeal([ONE]).within('answer a').sealBytes(bytes, 'a 0')
  expect(seal.within('answer a').openBytes(sealed, 'a 0')).toEqual(bytes)
  for (const other of [seal, seal.within('answer b'), new KeySeal([TWO]).within('answer a')])
    expect(other.openBytes(sealed, 'a 0')).toBeNull()
  expect(seal.within('answer a').openBytes(sealed, 'a 1')).toBeNull()
  expect(CLEAR.within('answer a').openBytes(bytes, 'a 0')).toBe(bytes)
})

test('a file of keys has one to four, as base64 or hex, or says what is wrong', () => {
  expect(keysFrom(`# new\n${TWO.toString('base64')}\n\n ${ONE.toString('hex')}\n`)).toEqual([TWO, ONE])
  expect(() => keysFrom('')).toThrow(/1 to 4 keys.*it has 0/)
  expect(() => keysFrom('c2hvcnQ=')).toThrow(/key 1 has 5 bytes/)
  expect(() => keysFrom(`${ONE.toString('hex')}\n`.repeat(5))).toThrow(/it has 5/)
})
