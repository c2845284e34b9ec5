// The file of far history: made, checked, locked for one server, and set aside where it is damaged. A file that is no history of this
// program is never touched.
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Database, holdLock, lockFileOf, openSqlite, otherNameOf } from '../../files/sqlite.js'
import { FarError } from './messages.js'

/** `G6HI`, in the header of the file. */
const APPLICATION_ID = 0x47_36_48_49
const VERSION = 1
const BUSY_TIMEOUT_MS = 2_000
/** Two hours of a series fit into a page with room to spare; with smaller pages half of each would be empty. */
const PAGE_BYTES = 8_192

// Minutes are collected in one row each, so that writing one costs two pages and not one for each series; an hour later they are put
// into one row for each series, so that reading a series does not read the others. NORMAL: a crash of the machine may lose the last minutes.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS series (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, last_hour INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS minutes (minute INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS hours (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS verdicts (
    no INTEGER PRIMARY KEY, word TEXT NOT NULL, reasons TEXT NOT NULL, from_ms REAL NOT NULL, to_ms REAL, lasted_ms REAL NOT NULL
  ) STRICT;
`

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')
const APPLICATION_ID_AT = 68
const HEADER_BYTES = 100

export const ASIDE = '.damaged'

/** Whether the header is that of a history, of whatever version. */
function isOurs(path: string): boolean {
  const header = Buffer.alloc(HEADER_BYTES)
  const file = openSync(path, 'r')
  try {
    const length = readSync(file, header, 0, HEADER_BYTES, 0)
    if (length < HEADER_BYTES) return length === 0
  } finally {
    closeSync(file)
  }
  return (
    header.subarray(0, MAGIC.length).equals(MAGIC) &&
    header.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID
  )
}

/** Takes the lock of the server that writes it. Throws FarError. */
export function lockHistory(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600))
  const other = otherNameOf(path)
  if (other !== null)
    throw new FarError(
      'other_name',
      `the history ${path} (G6_HISTORY_DB) ${other}: SQLite keeps its log next to each name, and two programs would overwrite each other; leave it one name, and mount its folder instead of the file`,
    )
  if (!isOurs(path))
    throw new FarError(
      'foreign',
      `${path} (G6_HISTORY_DB) is no history of this program, and is not touched; name another file, or remove it`,
    )
  const unlock = holdLock(lockFileOf(path))
  if (unlock === null)
    throw new FarError(
      'in_use',
      `another server writes the history ${path} (G6_HISTORY_DB); give each server a file of its own`,
    )
  return unlock
}

/** Throws FarError, and errors of SQLite. */
export function openHistory(path: string): Database {
  const database = openSqlite(path, BUSY_TIMEOUT_MS)
  try {
    const version = database.query<{ readonly user_version: number }>('PRAGMA user_version').first()
    if (version !== null && version.user_version > VERSION)
      throw new FarError(
        'newer',
        `the history ${path} (G6_HISTORY_DB) is of a later version of this program; name another file, or use that version`,
      )
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}`)
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = NORMAL')
    database.exec(SCHEMA)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** What SQLite says of a file whose bytes make no sense. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')
}

/** Puts a damaged file where it can be looked at, in place of the one before it. Returns its new name. */
export function setAside(path: string): string {
  const aside = `${path}${ASIDE}`
  for (const end of ['', '-wal', '-shm']) {
    rmSync(`${aside}${end}`, { force: true })
    if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${aside}${end}`)
  }
  closeSync(openSync(path, 'wx', 0o600))
  return aside
}

/** What tells this file from another one under its name. */
export function identityOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? 'none' : `${stat.dev} ${stat.ino}`
}
