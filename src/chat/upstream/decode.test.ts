import { brotliCompressSync, constants, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { codingsOf, createDecoder } from './decode.js'

/** Writes the pieces, each when the one before was taken; resolves with the text, or with the code of the error. */
function decoded(header: string, pieces: readonly Buffer[], ends = true): Promise<string> {
  const codings = codingsOf(header) ?? []
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    const left = [...pieces]
    const decoder = createDecoder(codings, {
      onData: chunk => chunks.push(chunk),
      onEnd: () => resolve(Buffer.concat(chunks).toString()),
      onError: code => resolve(`error ${code}`),
      onDrain: () => pump(),
    })
    const pump = (): void => {
      for (let piece = left.shift(); piece !== undefined; piece = left.shift())
        if (!decoder.write(piece)) return
      if (ends) decoder.end()
    }
    pump()
  })
}

const bytes = (whole: Buffer): readonly Buffer[] => [...whole].map(byte => Buffer.from([byte]))
const TEXT = 'data: {"text":"grüße 你好"}\n\n'.repeat(20)
const plain = Buffer.from(TEXT)

test.each([
  ['gzip', gzipSync(plain)],
  ['x-gzip', gzipSync(plain)],
  [' GZIP ', gzipSync(plain)],
  ['deflate', deflateSync(plain)],
  ['deflate', deflateRawSync(plain)],
  ['br', brotliCompressSync(plain)],
  ['br, gzip', gzipSync(brotliCompressSync(plain))],
  ['gzip, identity', gzipSync(plain)],
])('%s is understood, in one piece and byte by byte', async (header, whole) => {
  expect(await decoded(header, [whole])).toBe(TEXT)
  expect(await decoded(header, bytes(whole))).toBe(TEXT)
})

test.each(['zstd', 'compress', 'gzip, zstd', 'gzip,gzip,gzip,gzip,gzip'])('%s is not', header => {
  expect(codingsOf(header)).toBeNull()
})

test.each(['', 'identity', ' , '])('%j is no coding', header => expect(codingsOf(header)).toEqual([]))

test('what was flushed is handed on at once', async () => {
  const gzip = createGzip()
  const first = new Promise<Buffer>(resolve => gzip.once('data', resolve))
  gzip.write('data: a\n\n')
  gzip.flush(constants.Z_SYNC_FLUSH)
  const heads: Buffer[] = [await first]
  const more = gzip.read() as Buffer | null
  if (more !== null) heads.push(more)
  const received = new Promise<string>(resolve => {
    const decoder = createDecoder(['gzip'], {
      onData: chunk => {
        decoder.destroy()
        resolve(chunk.toString())
      },
      onEnd: () => resolve('end'),
      onError: resolve,
      onDrain: () => {},
    })
    for (const head of heads) decoder.write(head)
    gzip.on('data', chunk => decoder.write(chunk))
  })
  expect(await received).toBe('data: a\n\n')
  gzip.destroy()
})

test('a body that is broken, or breaks off, is an error with its code', async () => {
  expect(await decoded('gzip', [Buffer.from('<html>')])).toBe('error Z_DATA_ERROR')
  expect(await decoded('gzip', [gzipSync(plain).subarray(0, -12)])).toBe('error Z_BUF_ERROR')
})

test('no byte is an empty body', async () => expect(await decoded('gzip', [])).toBe(''))

test('a body that expands absurdly is an error before it fills the memory', async () => {
  const bomb = gzipSync(Buffer.alloc(40 * 1024 ** 2))
  expect(await decoded('gzip', [bomb])).toBe('error expands_too_far')
})

test('while it is paused nothing is handed on', async () => {
  const seen: string[] = []
  const ended = new Promise<void>(resolve => {
    const decoder = createDecoder(['gzip'], {
      onData: () => seen.push('data'),
      onEnd: resolve,
      onError: seen.push,
      onDrain: () => {},
    })
    decoder.pause()
    decoder.write(gzipSync(plain))
    decoder.end()
    setImmediate(() => {
      seen.push('resumed')
      decoder.resume()
    })
  })
  await ended
  expect(seen).toEqual(['resumed', 'data'])
})
