// The signed head beside the database: it tells how far the records went, so that a tail that was cut off is seen.
import { readFile } from 'node:fs/promises'
import { writeAtomically } from '../../files/atomic.js'
import type { Head } from './check-chain.js'

export const headFileOf = (databasePath: string): string => `${databasePath}.head`

const MAX_HEAD_LENGTH = 4096

/** Null: no head in it. */
export function parseHead(text: string): Head | null {
  if (text.length > MAX_HEAD_LENGTH) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Not JSON, so not a head; whoever asked tells so.
    return null
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

/** Rejects with what the file system says; the head there is then the one before. */
export function writeHead(databasePath: string, head: Head): Promise<void> {
  return writeAtomically(headFileOf(databasePath), `${JSON.stringify(head)}\n`)
}
