// Reading and adding rows of the chain.
import { type AuditRecord, GENESIS_MAC } from './chain.js'
import type { Checkpoint } from './check-chain.js'
import type { Database } from './database.js'

const COLUMNS = 'seq, at_ms AS atMs, operation, stream_id AS streamId, subject, details, mac'

/** Rows are fetched so many at a time. */
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
  /** The subject of the stream's start; undefined: no start is known. */
  subjectOfStream(streamId: string): string | null | undefined
  kept(seq: number): readonly KeptValue[]
}

export function createRecords(database: Database): Records {
  const lastRow = database.query<{ readonly seq: number; readonly mac: string }>(
    'SELECT seq, mac FROM records ORDER BY seq DESC LIMIT 1',
  )
  const point = database.query<Checkpoint>(
    'SELECT through_seq AS throughSeq, mac, at_ms AS atMs, signature FROM checkpoint',
  )
  const page = database.query<AuditRecord>(
    `SELECT ${COLUMNS} FROM records WHERE seq >= ? ORDER BY seq LIMIT ${PAGE}`,
  )
  const newest = database.query<AuditRecord>(`SELECT ${COLUMNS} FROM records ORDER BY seq DESC LIMIT ?`)
  const ofSubject = database.query<AuditRecord>(
    `SELECT ${COLUMNS} FROM records WHERE subject = ? ORDER BY seq`,
  )
  const start = database.query<{ readonly subject: string | null }>(
    "SELECT subject FROM records WHERE stream_id = ? AND operation = 'stream.start' LIMIT 1",
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
      const checkpoint = point.first()
      return { seq: checkpoint?.throughSeq ?? 0, mac: checkpoint?.mac ?? GENESIS_MAC }
    },
    checkpoint: () => point.first(),
    from,
    newest: count => newest.all(count).toReversed(),
    ofSubject: ref => ofSubject.all(ref),
    subjectOfStream: streamId => start.first(streamId)?.subject,
    kept: seq => keptOf.all(seq),
  }
}
