import { constants, inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { WireBytes } from './wire-bytes.js'

const GZIP = { encoding: 'gzip', framing: 'raw' } as const
const PLAIN = { encoding: 'plain', framing: 'raw' } as const
const inflated = (bytes: Buffer): string =>
  inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
const never = (): void => {
  throw new Error('it was ready at once')
}

test('a text becomes bytes once for each kind of connection', () => {
  let read = 0
  const bytes = new WireBytes<object>(() => Buffer.from(`text ${++read}`))
  const owner = {}
  const plain = bytes.of(owner, PLAIN, never)
  expect(plain?.toString()).toBe('text 1')
  expect(bytes.of(owner, PLAIN, never)).toBe(plain)
  const gzip = bytes.of(owner, GZIP, never)
  expect(inflated(gzip ?? Buffer.alloc(0))).toBe('text 2')
  expect(bytes.of(owner, GZIP, never)).toBe(gzip)
  expect(bytes.of({}, PLAIN, never)?.toString()).toBe('text 3')
})

test('a long text is compressed on another thread, once for all that wait for it', async () => {
  const text = 'a long text '.repeat(1_000)
  const bytes = new WireBytes<object>(() => Buffer.from(text), 1_000)
  const owner = {}
  const faults: (Error | null)[] = []
  await new Promise<void>(resolve => {
    expect(bytes.of(owner, GZIP, fault => faults.push(fault))).toBeNull()
    expect(
      bytes.of(owner, GZIP, fault => {
        faults.push(fault)
        resolve()
      }),
    ).toBeNull()
  })
  expect(faults).toEqual([null, null])
  const made = bytes.of(owner, GZIP, never)
  expect(inflated(made ?? Buffer.alloc(0))).toBe(text)
  expect(bytes.of(owner, GZIP, never)).toBe(made)
  expect(bytes.of(owner, PLAIN, never)?.toString()).toBe(text)
})
