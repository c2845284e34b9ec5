// A picture of a page in as many colours as it needs: a browser's PNG has three or four bytes a pixel for what 256 colours show as
// well, and a README is loaded by everybody who looks at it.
//
// PNG (ISO/IEC 15948), as far as Chromium writes it: 8 bits, RGB or RGBA without transparency, not interlaced.
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
const MOST_COLOURS = 256
const CHANNELS = new Map([
  [2, 3],
  [6, 4],
])

type Chunk = { readonly type: string; readonly data: Buffer }

function chunksOf(png: Buffer): readonly Chunk[] {
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('not a PNG')
  const chunks: Chunk[] = []
  for (let at = SIGNATURE.length; at < png.length; ) {
    const size = png.readUInt32BE(at)
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + size),
    })
    at += size + 12
  }
  return chunks
}

function chunk(type: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(data.length + 12)
  whole.writeUInt32BE(data.length, 0)
  whole.write(type, 4, 'latin1')
  data.copy(whole, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8)
  return whole
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** Undoes the filter of each line (section 9): the bytes of the pixels, line after line. */
function unfiltered(lines: Buffer, lineBytes: number, pixelBytes: number): Buffer {
  const count = lines.length / (lineBytes + 1)
  const pixels = Buffer.alloc(count * lineBytes)
  for (let y = 0; y < count; y++) {
    const filter = lines[y * (lineBytes + 1)] ?? 0
    const start = y * lineBytes
    for (let x = 0; x < lineBytes; x++) {
      const left = x < pixelBytes ? 0 : (pixels[start + x - pixelBytes] ?? 0)
      const up = y === 0 ? 0 : (pixels[start + x - lineBytes] ?? 0)
      const corner = x < pixelBytes || y === 0 ? 0 : (pixels[start + x - lineBytes - pixelBytes] ?? 0)
      const added = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
      pixels[start + x] = (lines[y * (lineBytes + 1) + x + 1] ?? 0) + added
    }
  }
  return pixels
}

/** The same picture with a palette; where there are too many colours the finest differences go. */
export function withPalette(png: Buffer): Buffer {
  const chunks = chunksOf(png)
  const header = chunks.find(({ type }) => type === 'IHDR')?.data ?? Buffer.alloc(13)
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const pixelBytes = CHANNELS.get(header[9] ?? 0)
  if (pixelBytes === undefined || header[8] !== 8 || header[12] !== 0) {
    throw new Error('allowed: a PNG of 8 bits, RGB or RGBA, not interlaced')
  }
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data))
  const pixels = unfiltered(inflateSync(packed), width * pixelBytes, pixelBytes)

  for (let lostBits = 0; lostBits < 8; lostBits++) {
    const numbers = new Map<number, number>()
    const colours: number[] = []
    const lines = Buffer.alloc(height * (width + 1))
    for (let i = 0; i < width * height && colours.length <= MOST_COLOURS; i++) {
      const colour = pixels.readUIntBE(i * pixelBytes, 3)
      const key = colour & (((0xff >> lostBits) << lostBits) * 0x010101)
      const number = numbers.get(key) ?? colours.push(colour) - 1
      numbers.set(key, number)
      lines[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = number
    }
    if (colours.length > MOST_COLOURS) continue
    const palette = Buffer.alloc(colours.length * 3)
    for (const [i, colour] of colours.entries()) palette.writeUIntBE(colour, i * 3, 3)
    const indexed = Buffer.from(header)
    indexed[9] = 3
    return Buffer.concat([
      SIGNATURE,
      chunk('IHDR', indexed),
      chunk('PLTE', palette),
      chunk('IDAT', deflateSync(lines, { level: 9 })),
      chunk('IEND', Buffer.alloc(0)),
    ])
  }
  throw new Error('a palette of one colour a channel is always possible')
}
