// What the hub needs of a connection. The network side implements it over a socket; tests script it.

export interface Transport {
  /** Hands over bytes that nobody changes afterwards. False: nothing more until `onDrain`. */
  write(bytes: Buffer): boolean
  /** Any number that changes when the peer takes bytes; only looked at while the reader is blocked. */
  progress(): number
  /** Writes these last bytes (may be empty) and ends the connection in order. */
  end(lastBytes: Buffer): void
  /** Ends it now. */
  destroy(): void
  /** Called by the hub once; `onClose` must come exactly once, however the connection ends. */
  attach(events: { onDrain(): void; onClose(): void }): void
}

/** How bytes look on one connection: compressed or not, HTTP/1.1 chunks or bare (HTTP/1.0). */
export type Wire = { readonly encoding: 'plain' | 'gzip'; readonly framing: 'chunked' | 'raw' }
