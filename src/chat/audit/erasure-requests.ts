// Requests to erase a person that every server of a fleet carries out, once each. A request has the lookups of the person's names: HMACs
// under the key of the trail, so only servers with the same key find anybody by it, and it holds no name. The table of the requests that
// this trail carried out is what it knows of the past: it is there only where a server shares its trail.
import type { Database } from '../../files/sqlite.js'
import { isSameMac, signatureOf } from './chain.js'

export type ErasureRequest = {
  readonly id: string
  /** Epoch milliseconds, by the clock of the server that was asked. */
  readonly atMs: number
  readonly lookups: readonly string[]
  readonly signature: string
}

/**
 * `foreign`: it is not signed with the key of this trail. `changed`: rows that find the person were changed from outside. Both are
 * tried again later. `known`: it was carried out before, or is too old.
 */
export type CarriedOut = 'done' | 'known' | 'foreign' | 'changed'

const DAY_MS = 86_400_000
/** Older requests are not carried out. */
const VALID_MS = 90 * DAY_MS
/** Longer than that, so that no request is carried out twice when a clock is set. */
const KEPT_MS = 97 * DAY_MS
/** Some 300 bytes each. */
const MOST = 1_000

const TABLE = `
  CREATE TABLE IF NOT EXISTS erasures (
    id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, lookups TEXT NOT NULL, signature TEXT NOT NULL
  ) STRICT, WITHOUT ROWID
`

const REQUEST = /^([0-9a-f-]{36}) (\d{1,15}) ((?:[0-9a-f]{64},?){1,8}) ([0-9a-f]{64})$/

export function requestText({ id, atMs, lookups, signature }: ErasureRequest): string {
  return [id, atMs, lookups.join(','), signature].join(' ')
}

/** Null: the text is no request. */
export function parseRequest(text: string): ErasureRequest | null {
  const [, id, atMs, lookups, signature] = REQUEST.exec(text) ?? []
  if (id === undefined || lookups === undefined || signature === undefined) return null
  return { id, atMs: Number(atMs), lookups: lookups.split(','), signature }
}

export function signRequest(key: Uint8Array, request: Omit<ErasureRequest, 'signature'>): ErasureRequest {
  const { id, atMs, lookups } = request
  return { ...request, signature: signatureOf(key, 'erasure', [id, atMs, ...lookups]) }
}

export function isSigned(key: Uint8Array, request: ErasureRequest): boolean {
  return isSameMac(signRequest(key, request).signature, request.signature)
}

export type ErasureRequests = {
  /** Those that the others may still have to carry out, the newest of them. */
  valid(nowMs: number): readonly ErasureRequest[]
  isKnown(request: ErasureRequest, nowMs: number): boolean
  add(request: ErasureRequest, nowMs: number): void
}

/** Null: no server shares this trail. `makes`: this one does. */
export function openErasureRequests(database: Database, makes: boolean): ErasureRequests | null {
  if (makes) database.exec(TABLE)
  else if (database.query("SELECT 1 FROM pragma_table_info('erasures')").first() === null) return null
  const newest = database.query<{ readonly text: string }>(
    `SELECT id || ' ' || at_ms || ' ' || lookups || ' ' || signature AS text FROM erasures
     WHERE at_ms > ? ORDER BY at_ms DESC LIMIT ${MOST}`,
  )
  const one = database.query('SELECT 1 FROM erasures WHERE id = ?')
  const insert = database.command('INSERT INTO erasures (id, at_ms, lookups, signature) VALUES (?, ?, ?, ?)')
  const deleteOld = database.command('DELETE FROM erasures WHERE at_ms < ?')
  return {
    valid: nowMs => newest.all(nowMs - VALID_MS).flatMap(({ text }) => parseRequest(text) ?? []),
    isKnown: ({ id, atMs }, nowMs) => atMs <= nowMs - VALID_MS || one.first(id) !== null,
    add: ({ id, atMs, lookups, signature }, nowMs) => {
      deleteOld(nowMs - KEPT_MS)
      insert(id, atMs, lookups.join(','), signature)
    },
  }
}
