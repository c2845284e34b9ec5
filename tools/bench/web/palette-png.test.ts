import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { withPalette } from './palette-png.js'

type Colour = readonly [red: number, green: number, blue: number]

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  size.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([size, body, sum])
}

/** An RGB picture, of lines as they are filtered. */
function png(width: number, lines: readonly (readonly number[])[], bits = 8): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(lines.length, 4)
  header.set([bits, 2], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(lines.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function dataOf(picture: Buffer, type: string): Buffer {
  const at = picture.indexOf(type, 0, 'latin1')
  return picture.subarray(at + 4, at + 4 + picture.readUInt32BE(at - 4))
}

/** The colours of each line of a picture with a palette. */
function coloursOf(picture: Buffer): readonly (readonly Colour[])[] {
  const palette = dataOf(picture, 'PLTE')
  const width = dataOf(picture, 'IHDR').readUInt32BE(0)
  const bytes = inflateSync(dataOf(picture, 'IDAT'))
  return Array.from({ length: bytes.length / (width + 1) }, (_, y) =>
    [...bytes.subarray(y * (width + 1) + 1, (y + 1) * (width + 1))].map(
      number => [...palette.subarray(number * 3, number * 3 + 3)] as unknown as Colour,
    ),
  )
}

describe('a picture with a palette', () => {
  test('is the same picture, whichever way its lines were filtered', () => {
    const picture = png(2, [
      [0, 10, 20, 30, 200, 100, 50],
      [1, 10, 20, 30, 190, 80, 20],
      [2, 0, 0, 0, 0, 0, 0],
      [3, 5, 10, 15, 95, 40, 10],
      [4, 0, 0, 0, 0, 0, 0],
    ])
    const same = [
      [10, 20, 30],
      [200, 100, 50],
    ]
    expect(coloursOf(withPalette(picture))).toEqual([same, same, same, same, same])
  })

  test('loses the finest differences where there are too many colours', () => {
    const line = Array.from({ length: 300 }, (_, i) => [i % 256, Math.floor(i / 256), 0]).flat()
    const [colours = []] = coloursOf(withPalette(png(300, [[0, ...line]])))
    expect(colours.length).toBe(300)
    for (const [i, [red]] of colours.entries()) expect(Math.abs(red - (i % 256))).toBeLessThanOrEqual(1)
  })

  test('is made of nothing but what is told', () => {
    expect(() => withPalette(Buffer.from('GIF89a, and more'))).toThrow('not a PNG')
    expect(() => withPalette(png(1, [[0, 1, 2, 3, 4, 5, 6]], 16))).toThrow('allowed: a PNG of 8 bits')
  })
})
