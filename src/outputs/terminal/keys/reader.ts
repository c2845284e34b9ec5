// Decodes bytes of a terminal into keys: keeps incomplete sequences, and waits a moment after an ESC.
import { StringDecoder } from 'node:string_decoder'
import { systemTimers, type Timers } from '../../../clock/timers.js'
import { DECODER_START, decodeKeys, timedOut } from './decode.js'
import type { Key } from './key.js'

/** Long enough for the rest of a sequence over a slow line, too short to notice. */
export const ESCAPE_WAIT_MS = 50

export class KeyReader {
  #state = DECODER_START
  #cancelWait: (() => void) | null = null
  readonly #utf8 = new StringDecoder('utf8')

  constructor(
    private readonly onKeys: (keys: readonly Key[]) => void,
    private readonly timers: Timers = systemTimers,
  ) {}

  push(bytes: Buffer): void {
    this.#stopWaiting()
    const { keys, state } = decodeKeys(this.#state, this.#utf8.write(bytes))
    this.#state = state
    if (state.pending !== '' && !state.pasting) {
      this.#cancelWait = this.timers.after(ESCAPE_WAIT_MS, () => this.#timedOut())
    }
    if (keys.length > 0) this.onKeys(keys)
  }

  /** Drops an incomplete sequence. */
  close(): void {
    this.#stopWaiting()
    this.#state = DECODER_START
  }

  #timedOut(): void {
    this.#cancelWait = null
    const { keys, state } = timedOut(this.#state)
    this.#state = state
    if (keys.length > 0) this.onKeys(keys)
  }

  #stopWaiting(): void {
    this.#cancelWait?.()
    this.#cancelWait = null
  }
}
