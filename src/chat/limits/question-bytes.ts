// Limits the bytes of questions that are on their way: a body is in memory from its first byte until its last, and a client may
// take its time. Counted by what a request announces; one that announces nothing counts as the longest that is allowed.

/** Times the longest body. */
const LONGEST_PER_CALLER = 4
const LONGEST_IN_ALL = 32

export class QuestionBytes {
  #inAll = 0
  readonly #byCaller = new Map<string, number>()

  constructor(
    readonly longest: number,
    readonly longestPerCaller = LONGEST_PER_CALLER,
    readonly longestInAll = LONGEST_IN_ALL,
  ) {}

  get announced(): number {
    return this.#inAll
  }

  /** Returns what releases them, idempotent; or which limit they are over. `caller` null: only the limit of the instance applies. */
  take(caller: string | null, announced: number | null): (() => void) | 'caller' | 'instance' {
    const bytes = Math.min(announced ?? this.longest, this.longest)
    const key = caller ?? ''
    const ofCaller = this.#byCaller.get(key) ?? 0
    if (this.#inAll + bytes > this.longestInAll * this.longest) return 'instance'
    if (caller !== null && ofCaller + bytes > this.longestPerCaller * this.longest) return 'caller'
    this.#inAll += bytes
    this.#byCaller.set(key, ofCaller + bytes)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#inAll -= bytes
      const left = (this.#byCaller.get(key) ?? bytes) - bytes
      if (left === 0) this.#byCaller.delete(key)
      else this.#byCaller.set(key, left)
    }
  }
}
