// Cuts an event stream after its last whole event, and knows the id of that event. Pure.
//
// Cost: each piece is decoded, searched and encoded once; no event is copied before its end.

const MAX_EVENT_LENGTH = 2 ** 24
/** Lines end with LF, CR LF or CR; the second half of the last CR LF may come later. */
const EMPTY_LINE = /\n\n|\r\r|\n\r\n?/
/** Not `^` with the flag `m`, for which U+2028 within a text begins a line. */
const ID = /[\r\n]id: ?([^\r\n]*)/g

export type WholeEvents = {
  /** The bytes that are whole events now; maybe none. */
  push(bytes: Uint8Array): Uint8Array
  /** Forgets what is not whole: the next bytes are of another connection. */
  restart(): void
  /** Nothing waits for its end. */
  isAtEnd(): boolean
  /** The id of the last whole event that had one. */
  lastId(): string | null
}

export function createWholeEvents(firstId: string | null): WholeEvents {
  let id = firstId
  let held = ''
  /** An empty line may have begun in what is held. */
  let tail = ''
  let decoder = new TextDecoder()
  return {
    push(bytes) {
      const piece = decoder.decode(bytes, { stream: true })
      held += piece
      if (held.length > MAX_EVENT_LENGTH) throw new Error('too long')
      const fresh = tail + piece
      const rest = fresh.split(EMPTY_LINE).at(-1) ?? ''
      tail = rest.slice(-2)
      const whole = rest === fresh ? '' : held.slice(0, held.length - rest.length)
      held = held.slice(whole.length)
      for (const [, found] of `\n${whole}`.matchAll(ID)) id = found ?? id
      return new TextEncoder().encode(whole)
    },
    restart() {
      held = tail = ''
      decoder = new TextDecoder()
    },
    isAtEnd: () => held === '',
    lastId: () => id,
  }
}
