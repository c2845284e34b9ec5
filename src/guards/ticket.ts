// Tickets: `EventSource` cannot send headers, so it sends a ticket instead of a token. The server keeps none of them: a ticket carries
// its time of issue and a random id, signed with a key made from the token. So every node with the same token accepts it, also after
// a restart, and it ends with its token. A client must connect within 60 s; a client that was connected may come back for hours.
import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'

/** How long a first connection may take. */
export const TICKET_TTL_MS = 60_000
/** Nodes' clocks may differ by this much. */
const CLOCK_TOLERANCE_MS = 10_000

const VERSION = 1
const TIME_BYTES = 6
const ID_BYTES = 15
const MAC_BYTES = 32
const SIGNED_BYTES = 1 + TIME_BYTES + ID_BYTES
/** These 54 bytes: bytes in threes have one spelling only, so no part of a ticket can be changed. */
const FORM = /^[A-Za-z0-9_-]{72}$/

/**
 * A ticket in a log must not help to guess the token: each guess costs some milliseconds. The salt is fixed, because all nodes need
 * the same key.
 */
const SALT = 'g6-stream ticket 1'
const COST = { N: 4_096, r: 8, p: 1 }

/** Signs the tickets of one token. */
export type TicketKey = {
  /** Owner mark of the token; null when none is needed. */
  readonly owner: string | null
  /** Made when it is first needed. */
  bytes(): Buffer
}

/** Of the tokens in force. Without any, a ticket opens nothing that is not open anyway. */
export function ticketKeys(
  tokens: readonly { readonly owner: string; readonly token: string }[],
): readonly TicketKey[] {
  const all = tokens.length === 0 ? [{ owner: null, token: '' }] : tokens
  return all.map(({ owner, token }) => {
    let made: Buffer | null = null
    return {
      owner,
      bytes: () => {
        made ??= scryptSync(token, SALT, MAC_BYTES, COST)
        return made
      },
    }
  })
}

function macOf(key: TicketKey, signed: Buffer): Buffer {
  return createHmac('sha256', key.bytes()).update(signed).digest()
}

/** `nowMs`: epoch milliseconds, here and below. */
export function issueTicket(key: TicketKey, nowMs: number): string {
  const signed = Buffer.alloc(SIGNED_BYTES)
  signed.writeUInt8(VERSION, 0)
  signed.writeUIntBE(Math.trunc(nowMs), 1, TIME_BYTES)
  randomBytes(ID_BYTES).copy(signed, 1 + TIME_BYTES)
  return Buffer.concat([signed, macOf(key, signed)]).toString('base64url')
}

export type Ticket = {
  /** 120 random bits; the same for every connection with this ticket. */
  readonly id: string
  readonly owner: string | null
  readonly issuedAtMs: number
}

/** Null: not one of these keys' tickets. Says nothing about its time. */
export function readTicket(text: string, keys: readonly TicketKey[]): Ticket | null {
  if (!FORM.test(text)) return null
  const bytes = Buffer.from(text, 'base64url')
  const signed = bytes.subarray(0, SIGNED_BYTES)
  const mac = bytes.subarray(SIGNED_BYTES)
  const key = keys.filter(each => timingSafeEqual(macOf(each, signed), mac))[0]
  if (key === undefined || signed[0] !== VERSION) return null
  return {
    id: signed.toString('base64url', 1 + TIME_BYTES),
    owner: key.owner,
    issuedAtMs: signed.readUIntBE(1, TIME_BYTES),
  }
}

/** `isReturn`: the client was connected with it before. */
export function isInTime(
  { issuedAtMs }: Ticket,
  { isReturn, returnMs }: { readonly isReturn: boolean; readonly returnMs: number },
  nowMs: number,
): boolean {
  const ageMs = nowMs - issuedAtMs
  const limitMs = isReturn ? Math.max(TICKET_TTL_MS, returnMs) : TICKET_TTL_MS
  return ageMs >= -CLOCK_TOLERANCE_MS && ageMs <= limitMs
}
