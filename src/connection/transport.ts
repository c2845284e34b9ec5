// What a connection needs from the network: socket-transport.ts implements it over a socket; tests script it.

export interface Transport {
  /** The bytes must not change afterwards. False: write nothing more until `onDrain`. */
  write(bytes: Buffer): boolean
  /** Any number that changes when the peer takes bytes; read only while the connection is blocked or ending. */
  progress(): number
  /** Of a TCP connection: the port of its peer. Null where the system's queues are not known. */
  readonly farPort: number | null
  /** Of a TCP connection: its ends, as `endsOf` names them; null once it has none. */
  ends(): string | null
  /** Bytes handed to the system so far; what it may count from is its own matter. */
  sent(): number
  /** Writes these last bytes (may be empty) and ends the connection in order. */
  end(lastBytes: Buffer): void
  /**
   * Writes what is waiting, then breaks the connection off. `byReset`: where the end of the connection is that of the body, so that
   * only a reset shows the difference.
   */
  breakOff(byReset: boolean): void
  /** Ends it now. */
  destroy(): void
  /** Called once; `onClose` must come exactly once, however the connection ends. */
  attach(events: { onDrain(): void; onClose(): void }): void
}

/** How bytes look on one connection: compressed or not, HTTP/1.1 chunks or bare (HTTP/1.0). */
export type Wire = { readonly encoding: 'plain' | 'gzip'; readonly framing: 'chunked' | 'raw' }
