// Reads the records of the database, the checkpoint, and the values stored plainly.
import type { Database } from '../../files/sqlite.js'
import { type AuditRecord, type Checkpoint, GENESIS_MAC } from './chain.js'

const COLUMNS = 'seq, at_ms AS atMs, operation, stream_id AS streamId, subject, details, mac'
/** Rows fetched at once. */
const PAGE = 500

export type KeptValue = { readonly name: string; readonly value: string }

/** The number and MAC that a record follows. */
export type Link = { readonly seq: number; readonly mac: string }

export type Records = {
  /** What the next record follows. */
  last(): Link
  checkpoint(): Checkpoint | null
  /** All from `seq` on, in order. */
  from(seq: number): Generator<AuditRecord, void, undefined>
  /** The newest, oldest of them first. */
  newest(count: number): readonly AuditRecord[]
  ofSubject(ref: string): readonly AuditRecord[]
  ofOperation(operation: string): readonly AuditRecord[]
  /** What the record with this number follows; null: that record is missing. */
  before(seq: number): string | null
  /** Numbers are missing between the first and the last. */
  hasGap(): boolean
  /** A record says that the rows of subjects have MACs. */
  knowsSeals(): boolean
  /** The subject of the stream's start; undefined: no start is known. */
  subjectOfStream(streamId: string): string | null | undefined
  kept(seq: number): readonly KeptValue[]
}

export function createRecords(database: Database): Records {
  const records = (rest: string) => database.query<AuditRecord>(`SELECT ${COLUMNS} FROM records ${rest}`)
  const lastRow = database.query<Link>('SELECT seq, mac FROM records ORDER BY seq DESC LIMIT 1')
  const point = database.query<Checkpoint>(
    'SELECT through_seq AS throughSeq, mac, at_ms AS atMs, signature FROM checkpoint',
  )
  const page = records(`WHERE seq >= ? ORDER BY seq LIMIT ${PAGE}`)
  const newest = records('ORDER BY seq DESC LIMIT ?')
  const ofSubject = records('WHERE subject = ? ORDER BY seq')
  const ofOperation = records('WHERE operation = ? ORDER BY seq')
  const start = database.query<{ readonly subject: string | null }>(
    "SELECT subject FROM records WHERE stream_id = ? AND operation = 'stream.start' LIMIT 1",
  )
  const macAt = database.query<{ readonly mac: string }>('SELECT mac FROM records WHERE seq = ?')
  const range = database.query<{ readonly count: number; readonly last: number | null }>(
    'SELECT count(*) AS count, max(seq) AS last FROM records',
  )
  // Inside a text of JSON the quotes would be escaped.
  const sealed = database.query(
    `SELECT seq FROM records WHERE operation = 'audit.sealed' OR details LIKE '%"subjectMac":%' LIMIT 1`,
  )
  const keptOf = database.query<KeptValue>('SELECT name, value FROM kept WHERE seq = ? ORDER BY name')

  function* from(seq: number): Generator<AuditRecord, void, undefined> {
    for (let next = seq; ; ) {
      const rows = page.all(next)
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      next = last.seq + 1
    }
  }

  return {
    last: () => {
      const row = lastRow.first()
      if (row !== null) return row
      const { throughSeq = 0, mac = GENESIS_MAC } = point.first() ?? {}
      return { seq: throughSeq, mac }
    },
    checkpoint: () => point.first(),
    from,
    newest: count => newest.all(count).toReversed(),
    ofSubject: ref => ofSubject.all(ref),
    ofOperation: operation => ofOperation.all(operation),
    subjectOfStream: streamId => start.first(streamId)?.subject,
    before: seq => {
      const { throughSeq = 0, mac = GENESIS_MAC } = point.first() ?? {}
      return seq === throughSeq + 1 ? mac : (macAt.first(seq - 1)?.mac ?? null)
    },
    hasGap: () => {
      const { count = 0, last = null } = range.first() ?? {}
      return last !== null && count !== last - (point.first()?.throughSeq ?? 0)
    },
    knowsSeals: () => sealed.first() !== null,
    kept: seq => keptOf.all(seq),
  }
}
