// Guard 8: how many streams may be open at once, in all and per address. A slot is taken by the connection that becomes a
// stream and given back when that connection closes, whatever closed it; giving back twice does nothing.

export type StreamLimits = {
  readonly maxStreams: number
  /** 0 = no limit. */
  readonly maxPerAddress: number
}

export type Slot = { release(): void }
export type SlotRefusal = 'too_many_streams' | 'too_many_streams_of_address'

export class StreamSlots {
  #open = 0
  readonly #byAddress = new Map<string, number>()

  get open(): number {
    return this.#open
  }

  /** A slot, or why there is none. */
  take(addressKey: string, limits: StreamLimits): Slot | SlotRefusal {
    if (this.#open >= limits.maxStreams) return 'too_many_streams'
    const ofAddress = this.#byAddress.get(addressKey) ?? 0
    if (limits.maxPerAddress > 0 && ofAddress >= limits.maxPerAddress) return 'too_many_streams_of_address'
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
