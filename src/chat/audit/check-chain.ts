// Walks the chain and names the first record that is not what was written. Pure: anything that gives records in their
// order can be checked, and the law is tested without a database.
import { type AuditRecord, GENESIS_MAC, isSameMac, macOf, signatureOf } from './chain.js'

/** Signed: up to which record there were records, whatever the database says. */
export type Head = {
  /** The number of the last record; as there are no gaps, of all that were ever written. */
  readonly count: number
  readonly mac: string
  /** Epoch milliseconds. */
  readonly atMs: number
  readonly signature: string
}

/** Signed: the records up to `throughSeq` were removed because of their age; `mac` is the last one's. */
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

export type ChainFault =
  /** The record is not what was sealed; or it stands where another one stood. */
  | 'changed'
  /** A record is missing between others, or at the beginning. */
  | 'missing'
  /** The newest records are missing. */
  | 'cut_off'
  /** The head is missing, forged, or tells of another chain. */
  | 'head'
  /** The checkpoint is forged. */
  | 'checkpoint'

export type ChainVerdict =
  | {
      readonly ok: true
      readonly records: number
      readonly firstSeq: number | null
      readonly lastSeq: number
      /** Records newer than the head: a batch under way, or a crash between batch and head. */
      readonly afterHead: number
    }
  | {
      readonly ok: false
      readonly fault: ChainFault
      /** The first bad record. */
      readonly seq: number
      readonly message: string
    }

export type Evidence = {
  readonly key: Uint8Array
  readonly checkpoint: Checkpoint | null
  /** Read before the records, so that it is never ahead of them by chance. */
  readonly head: Head | null
  /** By `seq`, ascending. */
  readonly records: Iterable<AuditRecord>
}

const bad = (fault: ChainFault, seq: number, message: string): ChainVerdict => ({
  ok: false,
  fault,
  seq,
  message,
})

export function checkChain({ key, checkpoint, head, records }: Evidence): ChainVerdict {
  if (checkpoint !== null && !isSameMac(signCheckpoint(key, checkpoint).signature, checkpoint.signature)) {
    return bad(
      'checkpoint',
      checkpoint.throughSeq,
      'the checkpoint of the retention is not signed by the key',
    )
  }
  const from = (checkpoint?.throughSeq ?? 0) + 1
  let expected = from
  let mac = checkpoint?.mac ?? GENESIS_MAC
  /** What the chain says the head's MAC should be. */
  let atHead = head !== null && head.count === from - 1 ? mac : null
  for (const record of records) {
    if (record.seq > expected) return bad('missing', expected, `record ${expected} is missing`)
    if (!isSameMac(macOf(key, mac, record), record.mac)) {
      return bad('changed', record.seq, `record ${record.seq} is not what was written there`)
    }
    mac = record.mac
    if (record.seq === head?.count) atHead = mac
    expected += 1
  }
  const lastSeq = expected - 1
  if (head === null) return bad('head', lastSeq, 'the head beside the database is missing or unreadable')
  if (!isSameMac(signHead(key, head).signature, head.signature)) {
    return bad('head', lastSeq, 'the head beside the database is not signed by the key')
  }
  if (head.count > lastSeq) {
    return bad('cut_off', expected, `records ${expected} to ${head.count} are missing at the end`)
  }
  if (atHead !== null && !isSameMac(atHead, head.mac)) {
    return bad('head', head.count, `record ${head.count} is not the one the head was signed for`)
  }
  return {
    ok: true,
    records: expected - from,
    firstSeq: expected === from ? null : from,
    lastSeq,
    afterHead: lastSeq - Math.max(head.count, from - 1),
  }
}
