// Answers that are still in our memory because their clients do not read: how long each may take, and how much memory all of them
// may hold. Streams are not counted here: they have limits of their own.
import type { Socket } from 'node:net'

/** A large answer may take longer: as if read at this speed. */
const MIN_BYTES_PER_SEC = 16 * 1024
/** All together; above it, connections are closed until the rest fits. */
const MAX_BYTES = 64 * 1024 * 1024

export type UnreadAnswer = { readonly address: string; readonly bytes: number }

/** How long the client may take for an answer of this size. */
export function answerTimeMs(bytes: number, baseMs: number): number {
  return baseMs + (bytes / MIN_BYTES_PER_SEC) * 1000
}

/** The oldest answer of the address that holds most memory, so that clients with little are not closed because of others. */
export function firstToClose<A extends UnreadAnswer>(answers: Iterable<A>): A | null {
  const oldest = new Map<string, { answer: A; bytes: number }>()
  for (const answer of answers) {
    const known = oldest.get(answer.address)
    if (known === undefined) oldest.set(answer.address, { answer, bytes: answer.bytes })
    else known.bytes += answer.bytes
  }
  let most: { answer: A; bytes: number } | null = null
  for (const each of oldest.values()) if (most === null || each.bytes > most.bytes) most = each
  return most?.answer ?? null
}

type Held = UnreadAnswer & { readonly socket: Socket; readonly timer: NodeJS.Timeout }

export class UnreadAnswers {
  /** Oldest first. */
  readonly #held = new Map<Socket, Held>()
  #bytes = 0

  constructor(
    readonly baseMs: number,
    /** The answer was not read in time, or there is no room for it; its connection is closed. */
    readonly onClosed: (socket: Socket) => void,
    readonly maxBytes: number = MAX_BYTES,
  ) {}

  get bytes(): number {
    return this.#bytes
  }

  /** The answer is complete; `socket.writableLength` of it are still in our memory. */
  add(socket: Socket, address: string): void {
    const bytes = socket.writableLength
    if (bytes === 0) return
    const timer = setTimeout(() => this.#close(socket), answerTimeMs(bytes, this.baseMs)).unref()
    this.#held.set(socket, { address, bytes, socket, timer })
    this.#bytes += bytes
    // One answer larger than the limit may stay alone.
    while (this.#bytes > this.maxBytes && this.#held.size > 1) {
      const first = firstToClose(this.#held.values())
      if (first !== null) this.#close(first.socket)
    }
  }

  /** The answer has left our memory, or its connection has ended. */
  remove(socket: Socket): void {
    const held = this.#held.get(socket)
    if (held === undefined) return
    clearTimeout(held.timer)
    this.#held.delete(socket)
    this.#bytes -= held.bytes
  }

  #close(socket: Socket): void {
    this.remove(socket)
    socket.destroy()
    this.onClosed(socket)
  }
}
