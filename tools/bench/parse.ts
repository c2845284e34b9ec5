// How fast the SSE parser reads: MB/s for 1 KB events in 64 KiB chunks, and the time of one long line in 1-byte chunks at three
// sizes, which shows how it grows.

import { median } from '../../bench/stats.js'
import { createSseParser } from '../../src/sse/parse.js'

const CHUNK_BYTES = 64 * 1024

/** Megabytes a second over `totalBytes` of events with `payloadBytes` of data each. */
function measureThroughput(payloadBytes: number, totalBytes: number): number {
  const event = `id: 1a2b3c-12345\nevent: panel_update\ndata: ${'x'.repeat(payloadBytes)}\n\n`
  const stream = new TextEncoder().encode(event.repeat(Math.ceil((2 * CHUNK_BYTES) / event.length)))
  let events = 0
  const parser = createSseParser({ onEvent: () => events++ })
  let bytes = 0
  const startedMs = performance.now()
  while (bytes < totalBytes) {
    for (let at = 0; at < stream.length; at += CHUNK_BYTES) parser.push(stream.subarray(at, at + CHUNK_BYTES))
    bytes += stream.length
  }
  const seconds = (performance.now() - startedMs) / 1000
  if (events !== Math.floor(bytes / event.length)) throw new Error(`lost events: ${events}`)
  return bytes / seconds / 1e6
}

/** Milliseconds to read one data line of `lengthBytes` in 1-byte chunks. */
function measureLongLine(lengthBytes: number): number {
  const head = new TextEncoder().encode('data: ')
  const byte = new Uint8Array([0x78])
  const end = new TextEncoder().encode('\n\n')
  let received = 0
  const parser = createSseParser({ onEvent: message => (received = message.data.length) })
  const startedMs = performance.now()
  parser.push(head)
  for (let i = 0; i < lengthBytes; i++) parser.push(byte)
  parser.push(end)
  if (received !== lengthBytes) throw new Error(`read ${received} of ${lengthBytes}`)
  return performance.now() - startedMs
}

export function benchParse(rounds: number) {
  const samples = Array.from({ length: rounds }, () => measureThroughput(1024, 200e6))
  const longLine = [2.5e6, 5e6, 10e6].map(bytes => ({ bytes, ms: Math.round(measureLongLine(bytes)) }))
  return {
    bench: 'parse',
    event_bytes: 1024,
    mb_per_sec: { median: Math.round(median(samples)), min: Math.round(Math.min(...samples)) },
    long_line_1_byte_chunks: longLine,
  }
}
