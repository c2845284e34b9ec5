// What the commands show: the newest records, and all records of one subject.
import type { Database } from '../../files/sqlite.js'
import type { AuditRecord } from './chain.js'
import { openForReading } from './database.js'
import { createRecords, type Records } from './records.js'
import type { SubjectName } from './subjects.js'
import { findTrusted, type Warn } from './trust.js'

export type ShownRecord = {
  readonly seq: number
  /** ISO 8601. */
  readonly at: string
  readonly operation: string
  readonly streamId: string | null
  readonly subject: string | null
  readonly details: unknown
  readonly mac: string
  /** Values stored plainly: the address of a refusal, the email when `G6_AUDIT_STORE_EMAIL` is on. */
  readonly kept: Readonly<Record<string, string>>
}

function shown(records: Records, record: AuditRecord): ShownRecord {
  const { seq, atMs, operation, streamId, subject, details, mac } = record
  const at = new Date(atMs).toISOString()
  const kept = Object.fromEntries(records.kept(seq).map(({ name, value }) => [name, value]))
  return { seq, at, operation, streamId, subject, details: JSON.parse(details), mac, kept }
}

function reading<T>(path: string, work: (database: Database) => T): T {
  const database = openForReading(path)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** The newest `count`, oldest first. Throws AuditError `missing`. */
export function newestRecords(path: string, count: number): readonly ShownRecord[] {
  return reading(path, database => {
    const records = createRecords(database)
    return records.newest(count).map(record => shown(records, record))
  })
}

export type OpenTrail = {
  /** Those after `seq`, at most `limit`. */
  after(seq: number, limit: number): readonly ShownRecord[]
  close(): void
}

/** Keeps one connection for repeated reading. Throws AuditError `missing`. */
export function openTrail(path: string): OpenTrail {
  const database = openForReading(path)
  const records = createRecords(database)
  return {
    after: (seq, limit) => {
      const found: ShownRecord[] = []
      for (const record of records.from(seq + 1)) {
        if (found.push(shown(records, record)) >= limit) break
      }
      return found
    },
    close: () => database.close(),
  }
}

/** All records of the subjects with one of these names, in order. Throws AuditError `changed` when their rows cannot be trusted. */
export function recordsOf(
  path: string,
  key: Uint8Array,
  names: readonly SubjectName[],
  warn: Warn = () => {},
): readonly ShownRecord[] {
  return reading(path, database => {
    // One state of the database, however much is written meanwhile.
    database.exec('BEGIN')
    const records = createRecords(database)
    return findTrusted(database, key, names, warn)
      .flatMap(ref => records.ofSubject(ref))
      .sort((a, b) => a.seq - b.seq)
      .map(record => shown(records, record))
  })
}
