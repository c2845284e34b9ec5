// One connection to Redis as the rest of the room sees it, and what can go wrong with a command.
export type Argument = string | number | Buffer

export type Command = readonly [name: string, ...args: Argument[]]

/** Used once: when it has closed, another one is opened. */
export interface Connection {
  /** Resolves when it can be used: connected, logged in, the database chosen. Rejects when it closes before. */
  readonly ready: Promise<void>
  /** The reply, with strings as text, or as bytes. Rejects with the error reply, or when the connection closes. */
  send(command: Command, as: 'text' | 'bytes'): Promise<unknown>
  /** Every message of a subscription. */
  onMessage: (channel: string, message: string) => void
  /** Called once, however it ends. */
  onClosed: () => void
  /** Closes the socket now, without waiting for the other side. Idempotent. */
  destroy(): void
}

/**
 * `gone`: there is no connection, or it closed before the answer: the command may have been carried out.
 * `late`: no answer in time, the same. `refused`: Redis answered with an error. `busy`: too many commands wait.
 */
export type EngineFault = 'gone' | 'late' | 'refused' | 'busy'

export class EngineError extends Error {
  override readonly name = 'EngineError'

  constructor(
    readonly fault: EngineFault,
    message: string,
  ) {
    super(message)
  }

  /** Memory is full. */
  get isFull(): boolean {
    return this.fault === 'refused' && /\bOOM\b/.test(this.message)
  }
}
