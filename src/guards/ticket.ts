// Tickets: what `EventSource`, which cannot send headers, brings instead of a token. A ticket is made for a holder of a
// token, used within 60 s, and by its first use bound to one stream. While that stream lives nobody else can use it; when it
// is cut, it may come back with the same ticket for another 60 s. So a ticket that ends up in a log is soon worth nothing.
//
// A state machine per ticket: fresh(until) → live → cut(until) → live → … → gone. Time comes in as a number.
import { createHash, randomBytes } from 'node:crypto'

export const TICKET_TTL_MS = 60_000
/** Tickets not in use at the moment; past it the oldest goes. (Those in use are bounded by the streams.) */
const MAX_IDLE = 10_000
const LONGEST_TICKET = 64

type Ticket = {
  /** Owner mark of the token that asked for it; null when none was needed. */
  readonly owner: string | null
  /** End of its usable time; null while its stream lives. */
  validUntilMs: number | null
}

export type TicketUse = {
  readonly owner: string | null
  /** The stream was cut (or never came to be): the ticket may be used again for a while. */
  cut(nowMs: number): void
}

/** 192 random bits, URL-safe. */
function freshTicket(): string {
  return randomBytes(24).toString('base64url')
}

/** Kept by digest: finding one by equality of digests tells nothing about the tickets themselves. */
function keyOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64')
}

export class Tickets {
  readonly #idle = new Map<string, Ticket>()
  readonly #live = new Map<string, Ticket>()

  constructor(
    readonly maxIdle: number = MAX_IDLE,
    readonly fresh: () => string = freshTicket,
  ) {}

  get size(): number {
    return this.#idle.size + this.#live.size
  }

  issue(owner: string | null, nowMs: number): string {
    const ticket = this.fresh()
    this.#rest(keyOf(ticket), { owner, validUntilMs: null }, nowMs)
    return ticket
  }

  /** Whose it is, when it could be used now; null for unknown, expired, or in use. Changes nothing. */
  look(ticket: string, nowMs: number): { readonly owner: string | null } | null {
    const known = ticket.length > LONGEST_TICKET ? undefined : this.#idle.get(keyOf(ticket))
    if (known === undefined || (known.validUntilMs ?? 0) < nowMs) return null
    return { owner: known.owner }
  }

  /** Binds it to the stream that is about to open; null as in `look`. */
  use(ticket: string, nowMs: number): TicketUse | null {
    if (this.look(ticket, nowMs) === null) return null
    const key = keyOf(ticket)
    const known = this.#idle.get(key)
    if (known === undefined) return null
    this.#idle.delete(key)
    known.validUntilMs = null
    this.#live.set(key, known)
    const cut = (cutAtMs: number): void => {
      if (this.#live.delete(key)) this.#rest(key, known, cutAtMs)
    }
    return { owner: known.owner, cut }
  }

  #rest(key: string, ticket: Ticket, nowMs: number): void {
    ticket.validUntilMs = nowMs + TICKET_TTL_MS
    this.#idle.set(key, ticket)
    // All live equally long from their last entry here, so the map is in order of expiry.
    for (const [old, { validUntilMs }] of this.#idle) {
      if ((validUntilMs ?? 0) >= nowMs && this.#idle.size <= this.maxIdle) return
      this.#idle.delete(old)
    }
  }
}
