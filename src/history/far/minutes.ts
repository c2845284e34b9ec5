// What is kept of a minute: least, greatest and last value, and for how many seconds there was one. As bytes: a minute of all series,
// and an hour of one. Pure.

export type MinuteNumbers = {
  readonly min: number
  readonly max: number
  readonly last: number
  /** Seconds with a value, 1 to 60. */
  readonly count: number
}

export const HOUR_MINUTES = 60
const MINUTE_SEC = 60

/** Of the same minute, `later` after `earlier`: a restart, or a clock that was set back. */
export function merged(earlier: MinuteNumbers | undefined, later: MinuteNumbers): MinuteNumbers {
  if (earlier === undefined) return later
  return {
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
    last: later.last,
    count: Math.min(MINUTE_SEC, earlier.count + later.count),
  }
}

/** 29 bytes for each series: its number, the count, and three values. */
const ROW_BYTES = 29
const VALUES_BYTES = 24

function writeNumbers(bytes: Buffer, at: number, { min, max, last }: MinuteNumbers): void {
  bytes.writeDoubleLE(min, at)
  bytes.writeDoubleLE(max, at + 8)
  bytes.writeDoubleLE(last, at + 16)
}

function readNumbers(bytes: Buffer, at: number, count: number): MinuteNumbers {
  return {
    min: bytes.readDoubleLE(at),
    max: bytes.readDoubleLE(at + 8),
    last: bytes.readDoubleLE(at + 16),
    count,
  }
}

/** As the database gives it. */
export type Blob = Uint8Array | ArrayBuffer

const bytesOf = (given: Blob): Buffer =>
  given instanceof ArrayBuffer
    ? Buffer.from(given)
    : Buffer.from(given.buffer, given.byteOffset, given.byteLength)

/** A minute of all series, by their numbers. */
export function packMinute(series: ReadonlyMap<number, MinuteNumbers>): Buffer {
  const bytes = Buffer.alloc(series.size * ROW_BYTES)
  let at = 0
  for (const [no, numbers] of series) {
    bytes.writeUInt32LE(no, at)
    bytes.writeUInt8(numbers.count, at + 4)
    writeNumbers(bytes, at + 5, numbers)
    at += ROW_BYTES
  }
  return bytes
}

/** `wanted`: only these; absent: all. */
export function unpackMinute(given: Blob, wanted?: { has(no: number): boolean }): Map<number, MinuteNumbers> {
  const bytes = bytesOf(given)
  const series = new Map<number, MinuteNumbers>()
  for (let at = 0; at + ROW_BYTES <= bytes.length; at += ROW_BYTES) {
    const no = bytes.readUInt32LE(at)
    if (wanted?.has(no) !== false) series.set(no, readNumbers(bytes, at + 5, bytes.readUInt8(at + 4)))
  }
  return series
}

/** An hour of one series: 60 counts, then three values for each minute that has one. By minute of the hour. */
export type HourNumbers = Map<number, MinuteNumbers>

export function packHour(hour: ReadonlyMap<number, MinuteNumbers>): Buffer {
  const bytes = Buffer.alloc(HOUR_MINUTES + hour.size * VALUES_BYTES)
  let at = HOUR_MINUTES
  for (let minute = 0; minute < HOUR_MINUTES; minute++) {
    const numbers = hour.get(minute)
    if (numbers === undefined) continue
    bytes.writeUInt8(numbers.count, minute)
    writeNumbers(bytes, at, numbers)
    at += VALUES_BYTES
  }
  return bytes
}

export function unpackHour(given: Blob): HourNumbers {
  const bytes = bytesOf(given)
  const hour: HourNumbers = new Map()
  let at = HOUR_MINUTES
  for (let minute = 0; minute < HOUR_MINUTES && at + VALUES_BYTES <= bytes.length; minute++) {
    const count = bytes.readUInt8(minute)
    if (count === 0) continue
    hour.set(minute, readNumbers(bytes, at, count))
    at += VALUES_BYTES
  }
  return hour
}
