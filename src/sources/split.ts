// Cuts a stream of bytes into lines, or into JSON documents, however it arrives. What is too long is left out, and memory stays
// bounded. Both work on bytes: in UTF-8 no part of a character looks like a line break, a quote or a bracket.

export type Cut = {
  /** A whole piece. */
  onPiece(bytes: Uint8Array): void
  /** A piece was longer than the limit and is left out. */
  onTooLong(): void
}

export interface Splitter {
  take(bytes: Uint8Array): void
  /** The input has ended: what is left is the last piece. */
  end(): void
}

const NOTHING = new Uint8Array()
const LF = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c

const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
const opens = (byte: number | undefined): boolean => byte === 0x7b || byte === 0x5b
const closes = (byte: number | undefined): boolean => byte === 0x7d || byte === 0x5d

/** The beginning of a piece that is not whole yet. */
class Rest {
  #pieces: Uint8Array[] = []
  #size = 0
  #isTooLong = false

  constructor(
    private readonly maxBytes: number,
    private readonly cut: Cut,
  ) {}

  get isTooLong(): boolean {
    return this.#isTooLong
  }

  add(bytes: Uint8Array): void {
    if (this.#isTooLong || bytes.length === 0) return
    this.#size += bytes.length
    if (this.#size > this.maxBytes) {
      this.#isTooLong = true
      this.#pieces = []
      this.cut.onTooLong()
      // A copy: the bytes are a view of a buffer that may be much larger.
    } else this.#pieces.push(new Uint8Array(bytes))
  }

  /** The piece is whole with these bytes. */
  finish(last: Uint8Array): void {
    // Most lines come in one chunk.
    if (this.#pieces.length === 0 && !this.#isTooLong && last.length <= this.maxBytes) {
      if (last.some(byte => !isBlank(byte))) this.cut.onPiece(new Uint8Array(last))
      return
    }
    this.add(last)
    const bytes = this.#isTooLong ? null : new Uint8Array(Buffer.concat(this.#pieces, this.#size))
    this.#pieces = []
    this.#size = 0
    this.#isTooLong = false
    if (bytes?.some(byte => !isBlank(byte))) this.cut.onPiece(bytes)
  }
}

/** Lines, without their ends; blank ones are left out. */
export function lineSplitter(maxBytes: number, cut: Cut): Splitter {
  const rest = new Rest(maxBytes, cut)
  return {
    take: bytes => {
      let from = 0
      for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, from)) {
        rest.finish(bytes.subarray(from, at))
        from = at + 1
      }
      rest.add(bytes.subarray(from))
    },
    end: () => rest.finish(NOTHING),
  }
}

/** JSON objects and arrays one after the other, over any number of lines. What is between them is a piece up to its line end. */
export function documentSplitter(maxBytes: number, cut: Cut): Splitter {
  const rest = new Rest(maxBytes, cut)
  let depth = 0
  let isInString = false
  let isEscaped = false
  /** Between documents, within something that is none. */
  let isOther = false

  /** Whether the piece ends with this byte. */
  const ends = (byte: number): boolean => {
    if (rest.isTooLong) {
      // Nobody knows where it ends: the next line may begin a document.
      if (byte !== LF) return false
      depth = 0
      isInString = false
      isOther = false
      return true
    }
    if (isInString) {
      if (isEscaped) isEscaped = false
      else if (byte === BACKSLASH) isEscaped = true
      else if (byte === QUOTE) isInString = false
      return false
    }
    if (depth > 0) {
      if (byte === QUOTE) isInString = true
      else if (opens(byte)) depth++
      else if (closes(byte)) depth--
      return depth === 0
    }
    if (isOther) {
      isOther = byte !== LF
      return byte === LF
    }
    if (opens(byte)) depth = 1
    else isOther = !isBlank(byte)
    return false
  }

  return {
    take: bytes => {
      let from = 0
      for (let at = 0; at < bytes.length; at++) {
        // Kept in step, so that the limit holds within one large chunk too.
        if (at - from > maxBytes) {
          rest.add(bytes.subarray(from, at))
          from = at
        }
        if (!ends(bytes[at] ?? 0)) continue
        rest.finish(bytes.subarray(from, at + 1))
        from = at + 1
      }
      rest.add(bytes.subarray(from))
    },
    end: () => rest.finish(NOTHING),
  }
}
