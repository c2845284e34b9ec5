// SQLite as the audit trail uses it: one file, write-ahead log, every commit synced to the disk before it returns. The
// driver is synchronous; the server runs it in a thread (background.ts).
import { existsSync, lstatSync } from 'node:fs'
import { type Database, holdLock, lockFileOf, openSqlite, otherNameOf } from '../../files/sqlite.js'
import { AuditError, createPrivately } from './files.js'

/** How long to wait for another process's write, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000

// FULL: every commit syncs the write-ahead log. secure_delete: deleting overwrites.
const SETTINGS = `
  PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
`

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, operation TEXT NOT NULL, stream_id TEXT, subject TEXT,
    details TEXT NOT NULL, mac TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS records_subject ON records (subject);
  CREATE INDEX IF NOT EXISTS records_stream ON records (stream_id) WHERE stream_id IS NOT NULL;
  -- One row a subject; deleting it erases the subject. The MAC covers the row and its lookups.
  CREATE TABLE IF NOT EXISTS subjects (
    ref TEXT PRIMARY KEY, salt BLOB NOT NULL, last_used_ms INTEGER NOT NULL, mac TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lookups (
    lookup TEXT NOT NULL, ref TEXT NOT NULL, PRIMARY KEY (lookup, ref)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS lookups_ref ON lookups (ref);
  -- Values stored plainly: the record in the chain holds their commitment only.
  CREATE TABLE IF NOT EXISTS kept (
    seq INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (seq, name)
  ) STRICT, WITHOUT ROWID;
  -- Streams with a start and no end yet; those here at start-up were ended by a crash.
  CREATE TABLE IF NOT EXISTS open_streams (stream_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1), through_seq INTEGER NOT NULL, mac TEXT NOT NULL, at_ms INTEGER NOT NULL,
    signature TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER IF NOT EXISTS records_are_not_changed BEFORE UPDATE ON records
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  CREATE TRIGGER IF NOT EXISTS records_leave_by_retention BEFORE DELETE ON records
    WHEN OLD.seq > coalesce((SELECT through_seq FROM checkpoint), 0)
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
`

/** A file that is missing is created. Throws AuditError `other_name`. */
export function ensureOneName(path: string): void {
  if (!existsSync(path)) createPrivately(path)
  const other = otherNameOf(path)
  if (other === null) return
  throw new AuditError(
    'other_name',
    `the audit trail ${path} (G6_AUDIT_DB) ${other}: SQLite keeps its log next to each name, and two programs would ` +
      'overwrite each other; leave it one name, and mount its folder instead of the file',
  )
}

/** Opens the database for writing; creates a missing one. Throws AuditError `other_name`. */
export function openForWriting(path: string): Database {
  ensureOneName(path)
  const database = openSqlite(path, BUSY_TIMEOUT_MS)
  try {
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(SETTINGS)
    database.exec(SCHEMA)
    if (!hasSeals(database)) database.exec('ALTER TABLE subjects ADD COLUMN mac TEXT')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** False: a database of an earlier version, whose subjects have no MACs. */
export function hasSeals(database: Database): boolean {
  return database.query("SELECT 1 FROM pragma_table_info('subjects') WHERE name = 'mac'").first() !== null
}

/** Opens an existing database for reading; a server may be writing it meanwhile. */
export function openForReading(path: string): Database {
  if (!existsSync(path)) {
    throw new AuditError('missing', `there is no audit trail at ${path} (G6_AUDIT_DB)`)
  }
  const database = openSqlite(path, BUSY_TIMEOUT_MS)
  try {
    database.exec(SETTINGS)
    database.exec('PRAGMA query_only = ON')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Takes the lock of the process that writes the trail; the operating system releases it when the process ends. Returns the
 * function that releases it. Throws AuditError `in_use`.
 */
export function holdWriterLock(path: string): () => void {
  const place = lockFileOf(path)
  if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    throw new AuditError(
      'other_name',
      `${place} is a link; it must be a file of the audit trail's own: remove it`,
    )
  }
  const unlock = holdLock(place)
  if (unlock === null)
    throw new AuditError('in_use', `another server writes the audit trail ${path} (G6_AUDIT_DB)`)
  return unlock
}
