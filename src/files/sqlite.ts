// SQLite as this program uses it: for the audit trail, the keys of the relay, and history. The driver is synchronous.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Sqlite from 'libsql'

export type Value = string | number | null | Uint8Array

/** A prepared statement; `T` is the row that its SQL selects. A blob is an ArrayBuffer in the rows of `all`. */
export type Query<T> = {
  first(...values: readonly Value[]): T | null
  all(...values: readonly Value[]): readonly T[]
}

export type Database = {
  exec(sql: string): void
  query<T>(sql: string): Query<T>
  /** Returns the number of changed rows. */
  command(sql: string): (...values: readonly Value[]) => number
  /** All or nothing, committed and synced when it returns. Takes the write lock first. */
  transaction<T>(work: () => T): T
  close(): void
}

/** `busyMs`: how long to wait for another process's write. The file is made when it is missing. */
export function openSqlite(path: string, busyMs: number): Database {
  const sqlite = new Sqlite(path, { timeout: busyMs })
  function transaction<T>(work: () => T): T {
    sqlite.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      sqlite.exec('COMMIT')
      return result
    } catch (error) {
      // With a full disk SQLite has rolled it back already.
      if (sqlite.inTransaction) sqlite.exec('ROLLBACK')
      throw error
    }
  }
  return {
    exec: sql => void sqlite.exec(sql),
    query: <T>(sql: string): Query<T> => {
      const statement = sqlite.prepare<Value[]>(sql)
      // One of its own: `get` finds nothing where `all` found nothing before it (libsql 0.5).
      let ofAll: typeof statement | null = null
      // The border: a row is what the SQL selects.
      return {
        first: (...values) => (statement.get(...values) as T | undefined) ?? null,
        all: (...values) => {
          ofAll ??= sqlite.prepare<Value[]>(sql)
          return ofAll.all(...values) as T[]
        },
      }
    },
    command: sql => {
      const statement = sqlite.prepare<Value[]>(sql)
      return (...values) => statement.run(...values).changes
    },
    transaction,
    close: () => {
      // Statements live until they are garbage-collected, and would keep an open transaction.
      if (sqlite.inTransaction) sqlite.exec('ROLLBACK')
      sqlite.close()
    },
  }
}

/**
 * Why two programs might open this file under different names: SQLite keeps its log next to each name, and they would overwrite
 * each other. Null: it has one name.
 */
export function otherNameOf(path: string): string | null {
  const { nlink } = statSync(path)
  if (nlink > 1) return `has ${nlink} names (hard links)`
  return isMounted(realpathSync.native(path)) ? 'is mounted as a single file' : null
}

/** Whether something is mounted exactly there (Linux; elsewhere a single file is not mounted). */
function isMounted(realPath: string): boolean {
  let mounts: string
  try {
    mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
  // The fifth field, with blanks and backslashes in octal.
  return mounts.split('\n').some(line => {
    const point = line.split(' ')[4] ?? ''
    return (
      point.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))) === realPath
    )
  })
}

/** The lock of this database, whatever link, relative path or mounted folder leads to it. */
export function lockFileOf(path: string): string {
  const real = existsSync(path)
    ? realpathSync.native(path)
    : join(realpathSync.native(dirname(path)), basename(path))
  return `${real}.lock`
}

/**
 * Locks this file for the process that writes a database; the operating system releases it when the process ends. Returns the function
 * that releases it; null: another process holds it.
 */
export function holdLock(lockFile: string): (() => void) | null {
  const sqlite = new Sqlite(lockFile, { timeout: 0 })
  try {
    sqlite.exec('PRAGMA locking_mode = EXCLUSIVE')
    sqlite.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    sqlite.close()
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return null
    throw error
  }
  return () => void sqlite.close()
}
