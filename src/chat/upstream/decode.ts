// Bodies that a backend compressed although nobody asked for it: gzip, deflate (with or without its header) and br, several of them
// too. Bounded: what is written is expanded no faster than it is taken, and a body that expands absurdly is an error.

import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'

export type Decoder = {
  /** False: wait for `onDrain`. */
  write(chunk: Buffer): boolean
  end(): void
  pause(): void
  resume(): void
  /** No handler is called afterwards. */
  destroy(): void
}

export type DecoderHandlers = {
  onData(chunk: Buffer): void
  onEnd(): void
  /** The code of the library (Z_DATA_ERROR), or a word of ours. */
  onError(code: string): void
  onDrain(): void
}

const MAX_CODINGS = 4
/** Text compresses to a tenth or a hundredth; only what is made to expand does more. */
const LARGEST_RATIO = 200
const MIN_JUDGED_BYTES = 16 * 1024 ** 2

type Coding = 'gzip' | 'deflate' | 'br'
const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
}

/** The codings in the order in which they were applied; null: one of them is unknown here. `identity` is none. */
export function codingsOf(header: string): readonly Coding[] | null {
  const names = header.split(',').map(name => name.trim().toLowerCase())
  const codings = names.filter(name => name !== '' && name !== 'identity').map(name => CODINGS[name])
  const known = codings.filter(coding => coding !== undefined)
  return known.length < codings.length || known.length > MAX_CODINGS ? null : known
}

function streamOf(coding: Coding, firstByte: number | undefined): Transform {
  if (coding === 'gzip') return createGunzip()
  if (coding === 'br') return createBrotliDecompress()
  // RFC 9110 8.4.1.2: with the zlib header; many servers send the bare form.
  return firstByte !== undefined && (firstByte & 0x0f) !== 8 ? createInflateRaw() : createInflate()
}

/** `codings` has at least one. */
export function createDecoder(codings: readonly Coding[], handlers: DecoderHandlers): Decoder {
  let streams: readonly Transform[] = []
  let takenBytes = 0
  let givenBytes = 0
  let isOver = false
  let isPaused = false

  function fail(code: string): void {
    if (isOver) return
    destroy()
    handlers.onError(code)
  }
  function destroy(): void {
    isOver = true
    for (const stream of streams) stream.destroy()
  }
  function give(chunk: Buffer): void {
    if (isOver) return
    givenBytes += chunk.length
    if (givenBytes > MIN_JUDGED_BYTES && givenBytes > LARGEST_RATIO * takenBytes) fail('expands_too_far')
    else handlers.onData(chunk)
  }
  function open(firstByte: number | undefined): void {
    streams = codings.toReversed().map((coding, i) => streamOf(coding, i === 0 ? firstByte : undefined))
    for (const stream of streams)
      stream.on('error', error => fail('code' in error ? String(error.code) : error.name))
    streams.reduce((from, to) => from.pipe(to))
    streams[0]?.on('drain', () => {
      if (!isOver) handlers.onDrain()
    })
    const last = streams.at(-1)
    last?.on('data', give)
    last?.on('end', () => {
      if (isOver) return
      isOver = true
      handlers.onEnd()
    })
    if (isPaused) last?.pause()
  }

  return {
    write: chunk => {
      if (streams.length === 0) open(chunk[0])
      takenBytes += chunk.length
      return streams[0]?.write(chunk) ?? true
    },
    end: () => {
      // A body without a byte is an empty body, whatever its coding.
      if (streams.length === 0) handlers.onEnd()
      else streams[0]?.end()
    },
    pause: () => {
      isPaused = true
      streams.at(-1)?.pause()
    },
    resume: () => {
      isPaused = false
      streams.at(-1)?.resume()
    },
    destroy,
  }
}
