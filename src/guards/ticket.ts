// Tickets: `EventSource` cannot send headers, so it sends a ticket instead of a token. A client with a token gets a ticket and must
// use it within 60 s; its first use binds it to one stream. While that stream is open, no other request can use it; after the
// stream is cut, the client may come back with the same ticket for another 60 s. So a ticket in a log is soon worthless.
//
// A state machine per ticket: fresh(until) → live → cut(until) → live → … → gone. Time comes in as a number.
import { createHash, randomBytes } from 'node:crypto'

export const TICKET_TTL_MS = 60_000
/** Tickets not in use; above this limit, drop the oldest. (The limit of streams bounds those in use.) */
const MAX_IDLE = 10_000
const LONGEST_TICKET = 64

/** One that is not in use. */
type Ticket = {
  /** Owner mark of the token that it was issued for; null when none was needed. */
  readonly owner: string | null
  readonly validUntilMs: number
}

export type TicketUse = {
  readonly owner: string | null
  /** The stream was cut (or never opened): the ticket may be used again for a while. */
  cut(nowMs: number): void
}

/** 192 random bits, URL-safe. */
function freshTicket(): string {
  return randomBytes(24).toString('base64url')
}

/** Stored by digest, so that the time of a lookup reveals nothing about the tickets. */
function keyOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64')
}

export class Tickets {
  readonly #idle = new Map<string, Ticket>()
  readonly #live = new Set<string>()

  constructor(
    readonly maxIdle: number = MAX_IDLE,
    readonly fresh: () => string = freshTicket,
  ) {}

  get size(): number {
    return this.#idle.size + this.#live.size
  }

  issue(owner: string | null, nowMs: number): string {
    const ticket = this.fresh()
    this.#setIdle(keyOf(ticket), owner, nowMs)
    return ticket
  }

  /** Its owner, when it can be used now; null for unknown, expired, or in use. Changes nothing. */
  look(ticket: string, nowMs: number): { readonly owner: string | null } | null {
    const found = this.#find(ticket, nowMs)
    return found === null ? null : { owner: found.owner }
  }

  /** Binds it to the stream that is about to open; null as in `look`. */
  use(ticket: string, nowMs: number): TicketUse | null {
    const found = this.#find(ticket, nowMs)
    if (found === null) return null
    const { key, owner } = found
    this.#idle.delete(key)
    this.#live.add(key)
    const cut = (cutAtMs: number): void => {
      if (this.#live.delete(key)) this.#setIdle(key, owner, cutAtMs)
    }
    return { owner, cut }
  }

  #find(ticket: string, nowMs: number): { readonly key: string; readonly owner: string | null } | null {
    if (ticket.length > LONGEST_TICKET) return null
    const key = keyOf(ticket)
    const known = this.#idle.get(key)
    return known === undefined || known.validUntilMs < nowMs ? null : { key, owner: known.owner }
  }

  #setIdle(key: string, owner: string | null, nowMs: number): void {
    this.#idle.set(key, { owner, validUntilMs: nowMs + TICKET_TTL_MS })
    // All expire equally long after they were added, so the map is in order of expiry.
    for (const [old, { validUntilMs }] of this.#idle) {
      if (validUntilMs >= nowMs && this.#idle.size <= this.maxIdle) return
      this.#idle.delete(old)
    }
  }
}
