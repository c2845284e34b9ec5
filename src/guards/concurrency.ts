// How many of something may be open at once, in all and per address: connections of a port, answers of the relay. (Streams count
// in connection/connections.ts; guard 8 is `streamRefusal`.) Releasing a slot twice does nothing.

export type StreamLimits = {
  readonly maxStreams: number
  /** 0 = no limit. */
  readonly maxPerAddress: number
}

export type Slot = { release(): void }
export type SlotRefusal = 'too_many_streams' | 'too_many_streams_of_address'

/** Guard 8: why one more stream may not open, or null. */
export function streamRefusal(
  open: number,
  ofAddress: number,
  { maxStreams, maxPerAddress }: StreamLimits,
): SlotRefusal | null {
  if (open >= maxStreams) return 'too_many_streams'
  return maxPerAddress > 0 && ofAddress >= maxPerAddress ? 'too_many_streams_of_address' : null
}

export class StreamSlots {
  #open = 0
  readonly #byAddress = new Map<string, number>()

  get open(): number {
    return this.#open
  }

  /** A slot, or why there is none. */
  take(addressKey: string, limits: StreamLimits): Slot | SlotRefusal {
    const ofAddress = this.#byAddress.get(addressKey) ?? 0
    const refusal = streamRefusal(this.#open, ofAddress, limits)
    if (refusal !== null) return refusal
    this.#open += 1
    this.#byAddress.set(addressKey, ofAddress + 1)
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      this.#open -= 1
      const left = (this.#byAddress.get(addressKey) ?? 1) - 1
      if (left === 0) this.#byAddress.delete(addressKey)
      else this.#byAddress.set(addressKey, left)
    }
    return { release }
  }
}
