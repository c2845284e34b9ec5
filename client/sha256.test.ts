import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { panelHash } from '../src/board/hash.js'
import { sha256Hex } from './sha256.js'

const nodeHex = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

describe('our SHA-256', () => {
  test('gives the digests of FIPS 180-4', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('agrees with Node for every text and every length around a block', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), text => sha256Hex(text) === nodeHex(text)),
    )
    for (let length = 0; length < 200; length++) {
      const text = 'é'.repeat(length >> 1) + 'x'.repeat(length & 1)
      expect(sha256Hex(text)).toBe(nodeHex(text))
    }
    expect(sha256Hex('x'.repeat(1_000_000))).toBe(nodeHex('x'.repeat(1_000_000)))
  })

  test('replaces lone surrogates as every UTF-8 encoder does', () => {
    expect(sha256Hex('\ud800')).toBe(nodeHex('\ufffd'))
  })

  test('gives the hash of a panel', () => {
    const panel = { key: 'cycle', title: 'Cycle', tone: 'ok', lines: ['cycle: 1', '₹ 2'] }
    expect(sha256Hex('v1\ncycle\nCycle\nok\ncycle: 1\n₹ 2')).toBe(panelHash(panel))
  })

  test('computes its constants from roots that are far enough from a rounding edge on any engine', () => {
    for (const root of [Math.cbrt, Math.sqrt]) {
      for (let n = 2; n < 312; n++) {
        const fraction = (root(n) * 2 ** 32) % 1
        if (fraction !== 0) expect(Math.min(fraction, 1 - fraction)).toBeGreaterThan(2 ** -12)
      }
    }
  })
})
