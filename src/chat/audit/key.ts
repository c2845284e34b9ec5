// The key of the chain: `G6_AUDIT_KEY`, else a random one that is made once and kept beside the database, for its owner only.

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { AuditError, codeOf } from './errors.js'

const KEY_BYTES = 32

export const keyFileOf = (databasePath: string): string => `${databasePath}.key`

/** Makes the file of a new database or key readable for its owner only, and the folder too where it is missing. */
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

function keyFrom(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'hex')
  if (key.length < KEY_BYTES) throw new AuditError('missing', 'the key file of the audit trail is damaged')
  return key
}

export type AuditKey = {
  readonly key: Buffer
  /** Where it was made just now; null when it was there. */
  readonly madeAt: string | null
}

/** The key, made when there is none. Throws what the file system says. */
export function loadOrMakeKey(databasePath: string, configured: string | null): AuditKey {
  const existing = loadKey(databasePath, configured)
  if (existing !== null) return { key: existing, madeAt: null }
  const path = keyFileOf(databasePath)
  const key = randomBytes(KEY_BYTES)
  createPrivately(path, `${key.toString('hex')}\n`)
  return { key, madeAt: path }
}

/** Null: there is none. */
export function loadKey(databasePath: string, configured: string | null): Buffer | null {
  if (configured !== null) return Buffer.from(configured)
  try {
    return keyFrom(readFileSync(keyFileOf(databasePath), 'utf8'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
