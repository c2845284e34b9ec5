// A small SHA-256 (FIPS 180-4). Pages are often served over plain HTTP, where browsers have no `crypto.subtle`; and a
// synchronous hash lets a group of events be checked and applied in one step. A panel of 1 KB takes some 10 µs.

// The constants are the first 32 bits of the fractional parts of square and cube roots of the first primes.
const K: number[] = []
const INITIAL: number[] = []
for (let n = 2; K.length < 64; n++) {
  let prime = true
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
  if (!prime) continue
  if (INITIAL.length < 8) INITIAL.push((Math.sqrt(n) * 2 ** 32) | 0)
  K.push((Math.cbrt(n) * 2 ** 32) | 0)
}

const at = (words: Int32Array | readonly number[], i: number): number => words[i] ?? 0
const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

/** The digest of the text's UTF-8 bytes, in lower-case hex. Lone surrogates count as U+FFFD. */
export function sha256Hex(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const blocks = (bytes.length + 72) >> 6
  const padded = new Uint8Array(blocks * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  // A text is far below 2^32 bits.
  view.setUint32(padded.length - 4, bytes.length << 3)

  const state = Int32Array.from(INITIAL)
  const w = new Int32Array(64)
  for (let block = 0; block < padded.length; block += 64) {
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = view.getInt32(block + i * 4)
      else {
        const x = at(w, i - 15)
        const y = at(w, i - 2)
        w[i] =
          at(w, i - 16) +
          (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) +
          at(w, i - 7) +
          (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10))
      }
      const t1 =
        (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + at(K, i) + at(w, i)) | 0
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    for (const [i, x] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + x
  }
  return Array.from(state, x => (x >>> 0).toString(16).padStart(8, '0')).join('')
}
