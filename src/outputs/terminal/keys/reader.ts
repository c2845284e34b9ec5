// Bytes from a terminal in, keys out: keeps what was cut, and waits a moment after an ESC.
import { StringDecoder } from 'node:string_decoder'
import { DECODER_START, decodeKeys, timedOut } from './decode.js'
import type { Key } from './key.js'

/** Long enough for the rest of a sequence over a slow line, short enough not to be felt. */
export const ESCAPE_WAIT_MS = 50

export type Timers = {
  set(callback: () => void, delayMs: number): unknown
  clear(handle: unknown): void
}

export const realTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: handle => clearTimeout(handle as NodeJS.Timeout),
}

export class KeyReader {
  #state = DECODER_START
  #waiting: unknown = null
  readonly #utf8 = new StringDecoder('utf8')

  constructor(
    private readonly onKeys: (keys: readonly Key[]) => void,
    private readonly timers: Timers = realTimers,
  ) {}

  push(bytes: Buffer): void {
    this.#stopWaiting()
    const { keys, state } = decodeKeys(this.#state, this.#utf8.write(bytes))
    this.#state = state
    if (state.pending !== '' && !state.pasting) {
      this.#waiting = this.timers.set(() => this.#timedOut(), ESCAPE_WAIT_MS)
    }
    if (keys.length > 0) this.onKeys(keys)
  }

  /** Forgets what was begun. */
  close(): void {
    this.#stopWaiting()
    this.#state = DECODER_START
  }

  #timedOut(): void {
    this.#waiting = null
    const { keys, state } = timedOut(this.#state)
    this.#state = state
    if (keys.length > 0) this.onKeys(keys)
  }

  #stopWaiting(): void {
    if (this.#waiting !== null) this.timers.clear(this.#waiting)
    this.#waiting = null
  }
}
