// The files next to the database, for its owner only: the key of the chain (`G6_AUDIT_KEY` replaces it) and the signed head,
// which shows that a tail was cut off. And the errors of the trail.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { blockingEdge, writeAtomically } from '../../files/atomic.js'
import type { Head } from './chain.js'

/**
 * `in_use`: another server writes this database. `other_name`: it has a second name, under which it must not be written. `wrong_key`: the records were written with another key. `missing`: there is
 * no database or no key. `changed`: rows were changed from
 * outside. `vanished`: the database was deleted, replaced or cut while it was written. `writer_ended`: the thread that writes has ended.
 */
export type AuditErrorCode =
  | 'in_use'
  | 'other_name'
  | 'wrong_key'
  | 'missing'
  | 'changed'
  | 'vanished'
  | 'writer_ended'

/** The message says what to change. */
export class AuditError extends Error {
  override readonly name = 'AuditError'
  constructor(
    readonly code: AuditErrorCode,
    message: string,
  ) {
    super(message)
  }
}

/** The code of anything thrown, for logs: messages of libraries might quote their input. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

const KEY_BYTES = 32
const MAX_HEAD_LENGTH = 4096

export const keyFileOf = (databasePath: string): string => `${databasePath}.key`
export const headFileOf = (databasePath: string): string => `${databasePath}.head`

/** Creates the file, readable for its owner only, and its folder when that is missing. */
export function createPrivately(path: string, content = ''): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** What tells a file from another one under its name, and how long it was. */
export type FileMark = { readonly id: string; readonly bytes: number }

/** Null: there is none. */
export function markOf(path: string): FileMark | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : { id: `${stat.dev} ${stat.ino}`, bytes: Number(stat.size) }
}

/** Renames a damaged database and what SQLite keeps next to it; nothing of it is deleted. */
export function setAside(path: string, atMs: number): void {
  for (const each of [path, `${path}-wal`, `${path}-shm`]) {
    if (markOf(each) !== null) renameSync(each, `${each}.damaged-${atMs}`)
  }
}

export type AuditKey = {
  readonly key: Buffer
  /** Where the key was created just now; null when it existed. */
  readonly madeAt: string | null
}

/** Creates the key when there is none, from `known` where that is given. Throws file system errors. */
export function loadOrMakeKey(
  databasePath: string,
  configured: string | null,
  known: Buffer | null = null,
): AuditKey {
  const existing = loadKey(databasePath, configured)
  if (existing !== null) return { key: existing, madeAt: null }
  const path = keyFileOf(databasePath)
  const key = known ?? randomBytes(KEY_BYTES)
  createPrivately(path, `${key.toString('hex')}\n`)
  return { key, madeAt: path }
}

/** Null: there is none. */
export function loadKey(databasePath: string, configured: string | null): Buffer | null {
  if (configured !== null) return Buffer.from(configured)
  const path = keyFileOf(databasePath)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  const key = Buffer.from(text.trim(), 'hex')
  if (key.length < KEY_BYTES) {
    throw new AuditError('missing', `the key file ${path} is damaged; it must hold ${KEY_BYTES} bytes as hex`)
  }
  return key
}

/** Null: the text holds no head. */
export function parseHead(text: string): Head | null {
  if (text.length > MAX_HEAD_LENGTH) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null // not JSON; the caller reports it
  }
  if (typeof value !== 'object' || value === null) return null
  const { count, mac, atMs, signature } = value as Readonly<Record<string, unknown>>
  if (typeof count !== 'number' || typeof atMs !== 'number') return null
  if (typeof mac !== 'string' || typeof signature !== 'string') return null
  return { count, mac, atMs, signature }
}

/** Null: missing or unreadable. */
export async function readHead(databasePath: string): Promise<Head | null> {
  const text = await readFile(headFileOf(databasePath), 'utf8').catch(() => null)
  return text === null ? null : parseHead(text)
}

/** Rejects with file system errors; the previous head then remains. */
export function writeHead(databasePath: string, head: Head): Promise<void> {
  return writeAtomically(headFileOf(databasePath), `${JSON.stringify(head)}\n`, blockingEdge)
}
