// Limits the connections that wait for answers or read them: of one answer, of one caller, and of the instance. Every request
// that reads an answer takes a place first, and releases it when its connection has closed.
import { type Slot, Slots } from '../../guards/slots.js'
import type { ChatConfig } from '../chat-config.js'

/** Of one answer. */
export const READERS_PER_STREAM = 64
/** Of one caller, over all answers. */
export const READERS_PER_CALLER = 16
/** Times G6_CHAT_MAX_STREAMS: the limit of the instance. Times G6_CHAT_MAX_STREAMS_PER_USER: that of a caller, if greater. */
const READERS_PER_LIVE_STREAM = 4
const OF_STREAM = { inAll: Number.POSITIVE_INFINITY, perKey: READERS_PER_STREAM }

export type ReaderLimits = Pick<ChatConfig, 'chatMaxStreams' | 'chatMaxStreamsPerUser'>

export type ReaderPlace = {
  /** Counts it for this answer, once that is known. False: the answer's limit is reached. */
  follow(streamId: string): boolean
  /** Idempotent. */
  release(): void
}

const NO_LIMIT = 0
/** Counts the readers of internal callers; no other caller's key is empty. */
const INTERNAL = ''

export class ReaderPlaces {
  readonly #ofCallers = new Slots()
  readonly #ofStreams = new Slots()

  get taken(): number {
    return this.#ofCallers.open
  }

  /** `caller` null: only the limit of the instance applies. */
  take(caller: string | null, limits: ReaderLimits): ReaderPlace | 'caller' | 'instance' {
    const ofCaller = Math.max(READERS_PER_CALLER, READERS_PER_LIVE_STREAM * limits.chatMaxStreamsPerUser)
    const slot = this.#ofCallers.take(caller ?? INTERNAL, {
      inAll: READERS_PER_LIVE_STREAM * limits.chatMaxStreams,
      perKey: caller === null ? NO_LIMIT : ofCaller,
    })
    if (typeof slot === 'string') return slot === 'all' ? 'instance' : 'caller'
    let ofStream: Slot | null = null
    return {
      follow: streamId => {
        const taken = this.#ofStreams.take(streamId, OF_STREAM)
        if (typeof taken === 'string') return false
        ofStream = taken
        return true
      },
      release: () => {
        slot.release()
        ofStream?.release()
      },
    }
  }
}
