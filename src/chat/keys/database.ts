// The database of the relay's own keys (G6_KEYS_DB): who they are, as the SHA-256 of each, and the tokens they used a day. The
// commands write keys; a server reads them and adds what was used. It reads keys/live.ts, which loads this file late.
import { existsSync } from 'node:fs'
import { type Database, openSqlite, otherNameOf } from '../../files/sqlite.js'
import { codeOf, createPrivately } from '../audit/files.js'
import type { RelayKey } from '../ports.js'

/** The message says what to change. */
export class KeysError extends Error {
  override readonly name = 'KeysError'
}

/** A key as it is stored. */
export type StoredKey = RelayKey & {
  readonly digest: Buffer
  readonly createdAtMs: number
  readonly revokedAtMs: number | null
}

/** Tokens of one key and day. */
export type DayUse = {
  readonly keyId: string
  /** Days since 1970 in UTC. */
  readonly day: number
  readonly in: number
  readonly out: number
  /** Of both, those that the upstream did not count. */
  readonly estimated: number
  readonly answers: number
}

export type KeysDatabase = {
  /** Those in force (the expired ones too), or all that ever were; by name. */
  keys(which: 'in force' | 'all'): readonly StoredKey[]
  /** Throws KeysError when the name is taken or there are too many. */
  add(key: StoredKey): void
  revoke(name: string, atMs: number): 'revoked' | 'revoked before' | 'unknown'
  usage(fromDay: number): readonly DayUse[]
  /** Adds to what is stored, all or nothing, and removes what is older than 400 days. */
  addUsage(uses: readonly DayUse[]): void
  /** Another value after another program changed something. */
  version(): number
  close(): void
}

/** Keys in force at once. */
export const MAX_KEYS = 10_000
const DIGEST_BYTES = 32
/** Of usage. */
const KEPT_DAYS = 400
/** Of the tables below; a database of a later version is not touched. */
const VERSION = 1
/** For commands; a server does not wait, it tries again. */
const BUSY_TIMEOUT_MS = 5_000

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL,
    expires_ms INTEGER, revoked_ms INTEGER, limit_count INTEGER, limit_window_sec INTEGER, live INTEGER,
    tokens_per_day INTEGER, models TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS usage (
    key_id TEXT NOT NULL, day INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    estimated INTEGER NOT NULL, answers INTEGER NOT NULL, PRIMARY KEY (day, key_id)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`

type KeyRow = {
  readonly id: string
  readonly name: string
  readonly digest: string
  readonly created_ms: number
  readonly expires_ms: number | null
  readonly revoked_ms: number | null
  readonly limit_count: number | null
  readonly limit_window_sec: number | null
  readonly live: number | null
  readonly tokens_per_day: number | null
  /** Names with commas between them, which no name has. */
  readonly models: string | null
}

function keyOfRow(row: KeyRow): StoredKey {
  const digest = Buffer.from(row.digest, 'hex')
  if (digest.length !== DIGEST_BYTES) throw new KeysError(`the digest of the key ${row.name} is damaged`)
  const { limit_count: count, limit_window_sec: windowSec } = row
  return {
    id: row.id,
    name: row.name,
    digest,
    createdAtMs: row.created_ms,
    expiresAtMs: row.expires_ms,
    revokedAtMs: row.revoked_ms,
    limit: count === null || windowSec === null ? null : { count, windowSec },
    live: row.live,
    tokensPerDay: row.tokens_per_day,
    models: row.models === null ? null : row.models.split(','),
  }
}

/** What is wrong with the database at this path, for a log or a person; it quotes nothing from it. */
export function faultText(path: string, error: unknown): string {
  const what = `the database of keys ${path} (G6_KEYS_DB)`
  const code = codeOf(error)
  if (error instanceof KeysError) return error.message
  if (code === 'SQLITE_BUSY') return `${what} is locked by another program; end that program, or wait for it`
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return `${what} is damaged; restore a copy, or move it away and make new keys`
  return `${what} cannot be used (${code}); check its owner, its mode and the disk`
}

/** Opens it for a command; `create`: makes a missing one. Throws KeysError and errors of SQLite and the file system. */
export function openKeys(path: string, create: boolean): KeysDatabase {
  if (!existsSync(path)) {
    if (!create)
      throw new KeysError(`there is no database of keys at ${path} (G6_KEYS_DB); g6 keys add makes one`)
    createPrivately(path)
  }
  return opened(path, BUSY_TIMEOUT_MS, database => {
    if (versionOf(database) > VERSION) return
    database.exec('PRAGMA journal_mode = WAL')
    database.transaction(() => database.exec(SCHEMA))
  })
}

/** Opens an existing one for a server, which never waits for a lock. */
export function openLiveKeys(path: string): KeysDatabase {
  // A commit reaches the system but not the disk: a power cut may lose the tokens of a moment, and nothing waits for it.
  return opened(path, 0, database => database.exec('PRAGMA synchronous = NORMAL'))
}

function versionOf(database: Database): number {
  return database.query<{ readonly user_version: number }>('PRAGMA user_version').first()?.user_version ?? 0
}

function opened(path: string, busyMs: number, prepare: (database: Database) => void): KeysDatabase {
  const other = otherNameOf(path)
  if (other !== null) {
    throw new KeysError(
      `the database of keys ${path} (G6_KEYS_DB) ${other}: SQLite keeps its log next to each name, and two programs would ` +
        'overwrite each other; leave it one name, and mount its folder instead of the file',
    )
  }
  const database = openSqlite(path, busyMs)
  try {
    prepare(database)
    const version = versionOf(database)
    if (version === 0) throw new KeysError(`${path} (G6_KEYS_DB) is no database of keys`)
    if (version > VERSION)
      throw new KeysError(
        `the database of keys ${path} (G6_KEYS_DB) was made by a later version of this program`,
      )
    return keysIn(database)
  } catch (error) {
    database.close()
    throw error
  }
}

function keysIn(database: Database): KeysDatabase {
  const all = database.query<KeyRow>('SELECT * FROM keys ORDER BY name')
  const inForce = database.query<KeyRow>('SELECT * FROM keys WHERE revoked_ms IS NULL ORDER BY name')
  const named = database.query<KeyRow>('SELECT * FROM keys WHERE name = ?')
  const countInForce = database.query<{ readonly count: number }>(
    'SELECT count(*) AS count FROM keys WHERE revoked_ms IS NULL',
  )
  const insert = database.command(
    'INSERT INTO keys (id, name, digest, created_ms, expires_ms, revoked_ms, limit_count, limit_window_sec, live, tokens_per_day, models) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const setRevoked = database.command('UPDATE keys SET revoked_ms = ? WHERE name = ? AND revoked_ms IS NULL')
  const usageFrom = database.query<DayUse>(
    'SELECT key_id AS keyId, day, tokens_in AS "in", tokens_out AS out, estimated, answers FROM usage WHERE day >= ? ORDER BY day, key_id',
  )
  const addUse = database.command(
    'INSERT INTO usage (key_id, day, tokens_in, tokens_out, estimated, answers) VALUES (?, ?, ?, ?, ?, ?) ' +
      'ON CONFLICT DO UPDATE SET tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out, ' +
      'estimated = estimated + excluded.estimated, answers = answers + excluded.answers',
  )
  const removeBefore = database.command('DELETE FROM usage WHERE day < ?')
  const dataVersion = database.query<{ readonly data_version: number }>('PRAGMA data_version')
  return {
    keys: which => (which === 'all' ? all : inForce).all().map(keyOfRow),
    add: key =>
      database.transaction(() => {
        const taken = named.first(key.name)
        if (taken !== null) {
          const state = taken.revoked_ms === null ? 'exists' : 'existed and was revoked'
          throw new KeysError(`a key named ${key.name} ${state}; choose another name`)
        }
        if ((countInForce.first()?.count ?? 0) >= MAX_KEYS)
          throw new KeysError(`there are ${MAX_KEYS} keys, which is the limit; revoke some (g6 keys list)`)
        const { id, name, digest, createdAtMs, expiresAtMs, revokedAtMs, limit, live, tokensPerDay, models } =
          key
        insert(
          id,
          name,
          digest.toString('hex'),
          createdAtMs,
          expiresAtMs,
          revokedAtMs,
          limit?.count ?? null,
          limit?.windowSec ?? null,
          live,
          tokensPerDay,
          models?.join(',') ?? null,
        )
      }),
    revoke: (name, atMs) =>
      database.transaction(() => {
        if (setRevoked(atMs, name) > 0) return 'revoked'
        return named.first(name) === null ? 'unknown' : 'revoked before'
      }),
    usage: fromDay => usageFrom.all(fromDay),
    addUsage: uses =>
      database.transaction(() => {
        for (const use of uses) addUse(use.keyId, use.day, use.in, use.out, use.estimated, use.answers)
        removeBefore(Math.max(...uses.map(({ day }) => day)) - KEPT_DAYS)
      }),
    version: () => dataVersion.first()?.data_version ?? 0,
    close: () => {
      try {
        // So that the file alone is a whole copy.
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // With a full disk, for example: SQLite recovers the log when the database is opened again.
      }
      database.close()
    },
  }
}
