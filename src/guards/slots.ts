// How many of something may be open at once, in all and per key: connections of a port per address, answers of the relay per
// caller. (Streams count in connection/connections.ts; guard 8 asks `overLimit`.)

/** `perKey` 0: no limit. */
export type SlotLimits = { readonly inAll: number; readonly perKey: number }

export type Slot = {
  /** Idempotent. */
  release(): void
}

/** Which limit allows no more. */
export type OverLimit = 'all' | 'key'

export function overLimit(open: number, ofKey: number, { inAll, perKey }: SlotLimits): OverLimit | null {
  if (open >= inAll) return 'all'
  return perKey > 0 && ofKey >= perKey ? 'key' : null
}

export class Slots {
  #open = 0
  readonly #byKey = new Map<string, number>()

  get open(): number {
    return this.#open
  }

  /** A slot, or which limit has none left. */
  take(key: string, limits: SlotLimits): Slot | OverLimit {
    const ofKey = this.#byKey.get(key) ?? 0
    const over = overLimit(this.#open, ofKey, limits)
    if (over !== null) return over
    this.#open += 1
    this.#byKey.set(key, ofKey + 1)
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      this.#open -= 1
      const left = (this.#byKey.get(key) ?? 1) - 1
      if (left === 0) this.#byKey.delete(key)
      else this.#byKey.set(key, left)
    }
    return { release }
  }
}
