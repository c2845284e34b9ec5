// The chain: every record carries a MAC over the MAC before it and over itself, so that changing, removing or moving one
// breaks every link from there on, and nobody without the key can mend them. Pure: text in, text out.
//
//   mac(n) = HMAC-SHA-256(key, mac(n-1) ‖ canonical(n)),   mac(0) = 32 zero bytes
import { createHmac, timingSafeEqual } from 'node:crypto'

/** A record without its MAC. */
export type Unsealed = {
  /** From 1, without gaps. */
  readonly seq: number
  /** Epoch milliseconds. */
  readonly atMs: number
  readonly operation: string
  readonly streamId: string | null
  /** Commitment to whom it concerns, hex; what links one subject's records. */
  readonly subject: string | null
  /** Canonical JSON of the rest; holds commitments, never what they commit to. */
  readonly details: string
}

/** `mac`: 32 bytes as hex. */
export type AuditRecord = Unsealed & { readonly mac: string }

/** What stands before the first record. */
export const GENESIS_MAC = '0'.repeat(64)

/** One spelling for one record; an array, so that no member can be taken for another. */
function canonical({ seq, atMs, operation, streamId, subject, details }: Unsealed): string {
  return JSON.stringify(['g6-audit-1', seq, atMs, operation, streamId, subject, details])
}

export function macOf(key: Uint8Array, previousMac: string, record: Unsealed): string {
  return createHmac('sha256', key)
    .update(Buffer.from(previousMac, 'hex'))
    .update(canonical(record))
    .digest('hex')
}

/** The records that follow `previousMac`, sealed. */
export function seal(
  key: Uint8Array,
  previousMac: string,
  records: readonly Unsealed[],
): readonly AuditRecord[] {
  let mac = previousMac
  return records.map(record => {
    mac = macOf(key, mac, record)
    return { ...record, mac }
  })
}

/** A signature under the same key for something else than a record; `purpose` keeps the kinds apart. */
export function signatureOf(key: Uint8Array, purpose: string, parts: readonly (string | number)[]): string {
  return createHmac('sha256', key)
    .update(`g6-audit-${purpose}\0${JSON.stringify(parts)}`)
    .digest('hex')
}

/** Compares two hex digests in constant time. */
export function isSameMac(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
