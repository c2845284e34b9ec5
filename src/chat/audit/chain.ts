// The chain: every record carries a MAC over the previous MAC and over itself. Changing, removing or moving a record breaks
// every link after it, and without the key nobody can repair them. Pure: anything that yields records can be checked.
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
  /** Commitment to the subject, hex; links the records of one subject. */
  readonly subject: string | null
  /** Canonical JSON of the rest; holds commitments, never the committed values. */
  readonly details: string
}

/** `mac`: 32 bytes as hex. */
export type AuditRecord = Unsealed & { readonly mac: string }

/** The MAC before the first record. */
export const GENESIS_MAC = '0'.repeat(64)

/** An array, so that no member can be mistaken for another. */
function canonical({ seq, atMs, operation, streamId, subject, details }: Unsealed): string {
  return JSON.stringify(['g6-audit-1', seq, atMs, operation, streamId, subject, details])
}

export function macOf(key: Uint8Array, previousMac: string, record: Unsealed): string {
  return createHmac('sha256', key)
    .update(Buffer.from(previousMac, 'hex'))
    .update(canonical(record))
    .digest('hex')
}

/** Signs something other than a record with the same key; `purpose` keeps the kinds apart. */
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

/** Signed: how far the records went, whatever the database holds now. */
export type Head = {
  /** The number of the last record; without gaps this is the count of all records ever written. */
  readonly count: number
  readonly mac: string
  /** Epoch milliseconds. */
  readonly atMs: number
  readonly signature: string
}

/** Signed: retention removed the records up to `throughSeq`; `mac` is that of the last one. */
export type Checkpoint = {
  readonly throughSeq: number
  readonly mac: string
  readonly atMs: number
  readonly signature: string
}

export function signHead(key: Uint8Array, head: Omit<Head, 'signature'>): Head {
  return { ...head, signature: signatureOf(key, 'head', [head.count, head.mac, head.atMs]) }
}

export function signCheckpoint(key: Uint8Array, point: Omit<Checkpoint, 'signature'>): Checkpoint {
  return { ...point, signature: signatureOf(key, 'checkpoint', [point.throughSeq, point.mac, point.atMs]) }
}

/**
 * `changed`: a record is not the sealed one, or is out of place. `missing`: a record is missing at the beginning or in
 * between. `cut_off`: the newest records are missing. `head`, `checkpoint`: missing, forged, or of another chain.
 */
export type ChainFault = 'changed' | 'missing' | 'cut_off' | 'head' | 'checkpoint'

/** `seq`: the first bad record. */
export type Fault<F extends string> = {
  readonly ok: false
  readonly fault: F
  readonly seq: number
  readonly message: string
}

export type Intact = {
  readonly ok: true
  readonly records: number
  readonly firstSeq: number | null
  readonly lastSeq: number
  /** Records newer than the head: a batch is being written, or a crash came between batch and head. */
  readonly afterHead: number
}

export type Evidence = {
  readonly key: Uint8Array
  readonly checkpoint: Checkpoint | null
  /** Must be read before the records, so that it is not ahead of them. */
  readonly head: Head | null
  /** By `seq`, ascending. */
  readonly records: Iterable<AuditRecord>
}

/** Walks the chain and names the first bad record. */
export function checkChain({ key, checkpoint, head, records }: Evidence): Intact | Fault<ChainFault> {
  const bad = (fault: ChainFault, seq: number, message: string): Fault<ChainFault> => ({
    ok: false,
    fault,
    seq,
    message,
  })
  if (checkpoint !== null && !isSameMac(signCheckpoint(key, checkpoint).signature, checkpoint.signature)) {
    const message = 'the checkpoint of the retention is not signed with this key'
    return bad('checkpoint', checkpoint.throughSeq, message)
  }
  const from = (checkpoint?.throughSeq ?? 0) + 1
  let expected = from
  let mac = checkpoint?.mac ?? GENESIS_MAC
  /** The MAC that the head should have. */
  let atHead = head !== null && head.count === from - 1 ? mac : null
  for (const record of records) {
    if (record.seq > expected) return bad('missing', expected, `record ${expected} is missing`)
    if (!isSameMac(macOf(key, mac, record), record.mac)) {
      return bad('changed', record.seq, `record ${record.seq} was changed`)
    }
    mac = record.mac
    if (record.seq === head?.count) atHead = mac
    expected += 1
  }
  const lastSeq = expected - 1
  if (head === null) return bad('head', lastSeq, 'the head file of the database is missing or unreadable')
  if (!isSameMac(signHead(key, head).signature, head.signature)) {
    return bad('head', lastSeq, 'the head is not signed with this key')
  }
  if (head.count > lastSeq) {
    return bad('cut_off', expected, `records ${expected} to ${head.count} are missing at the end`)
  }
  if (atHead !== null && !isSameMac(atHead, head.mac)) {
    return bad('head', head.count, `the head was signed for another record ${head.count}`)
  }
  return {
    ok: true,
    records: expected - from,
    firstSeq: expected === from ? null : from,
    lastSeq,
    afterHead: lastSeq - Math.max(head.count, from - 1),
  }
}
