// Bytes as they go on each kind of connection, made once for all connections of that kind and kept as long as its owner.
// Compressing megabytes would hold the event loop, so much is compressed on another thread.
import type { Wire } from './transport.js'
import { bytesToWire, compressedSoon, wireKey } from './wire.js'

/** 256 KiB take about 8 ms to compress. */
const MAX_AT_ONCE_BYTES = 256 * 1024

type OnReady = (fault: Error | null) => void
type Making = { readonly waiting: OnReady[] }

export class WireBytes<Owner extends object> {
  readonly #made = new WeakMap<Owner, Map<string, Buffer | Making>>()

  constructor(
    readonly bytesOf: (owner: Owner) => Buffer,
    readonly maxAtOnceBytes = MAX_AT_ONCE_BYTES,
  ) {}

  /** Null while they are being compressed; `onReady` is then called once, with why they cannot be made if so. */
  of(owner: Owner, wire: Wire, onReady: OnReady): Buffer | null {
    const made = this.#made.get(owner) ?? new Map<string, Buffer | Making>()
    this.#made.set(owner, made)
    const key = wireKey(wire)
    const known = made.get(key)
    if (Buffer.isBuffer(known)) return known
    if (known !== undefined) {
      known.waiting.push(onReady)
      return null
    }
    const bytes = this.bytesOf(owner)
    if (wire.encoding === 'plain' || bytes.length <= this.maxAtOnceBytes) {
      const onWire = bytesToWire(bytes, wire)
      made.set(key, onWire)
      return onWire
    }
    const making: Making = { waiting: [onReady] }
    made.set(key, making)
    compressedSoon(bytes, wire, (fault, onWire) => {
      if (fault === null) made.set(key, onWire)
      else made.delete(key)
      for (const each of making.waiting) each(fault)
    })
    return null
  }
}
