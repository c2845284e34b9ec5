// Limits the connections that wait for answers or read them: of one answer, of one caller, and of the instance. Every request
// that reads an answer takes a place first, and releases it when its connection has closed.

/** Of one answer. */
export const READERS_PER_STREAM = 64
/** Of one caller, over all answers. */
export const READERS_PER_CALLER = 16
/** Times G6_CHAT_MAX_STREAMS: the limit of the instance. Times G6_CHAT_MAX_STREAMS_PER_USER: that of a caller, if greater. */
const READERS_PER_LIVE_STREAM = 4

export type ReaderLimits = {
  readonly chatMaxStreams: number
  readonly chatMaxStreamsPerUser: number
}

export type ReaderPlace = {
  /** Counts it for this answer, once that is known. False: the answer's limit is reached. */
  follow(streamId: string): boolean
  /** Idempotent. */
  release(): void
}

class Counts {
  readonly #byKey = new Map<string, number>()

  of(key: string): number {
    return this.#byKey.get(key) ?? 0
  }
  add(key: string, change: 1 | -1): void {
    const count = this.of(key) + change
    if (count === 0) this.#byKey.delete(key)
    else this.#byKey.set(key, count)
  }
}

export class ReaderPlaces {
  #taken = 0
  readonly #ofCaller = new Counts()
  readonly #ofStream = new Counts()

  get taken(): number {
    return this.#taken
  }

  /** `caller` null: only the limit of the instance applies. */
  take(caller: string | null, limits: ReaderLimits): ReaderPlace | 'caller' | 'instance' {
    if (this.#taken >= READERS_PER_LIVE_STREAM * limits.chatMaxStreams) return 'instance'
    const ofCaller = Math.max(READERS_PER_CALLER, READERS_PER_LIVE_STREAM * limits.chatMaxStreamsPerUser)
    if (caller !== null && this.#ofCaller.of(caller) >= ofCaller) return 'caller'
    this.#taken++
    if (caller !== null) this.#ofCaller.add(caller, 1)
    let stream: string | null = null
    let isHeld = true
    return {
      follow: streamId => {
        if (this.#ofStream.of(streamId) >= READERS_PER_STREAM) return false
        stream = streamId
        this.#ofStream.add(streamId, 1)
        return true
      },
      release: () => {
        if (!isHeld) return
        isHeld = false
        this.#taken--
        if (caller !== null) this.#ofCaller.add(caller, -1)
        if (stream !== null) this.#ofStream.add(stream, -1)
      },
    }
  }
}
