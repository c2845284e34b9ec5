// The subjects of records. What could identify somebody is stored as a commitment: HMAC-SHA-256 under the salt of the subject.
// With the salt one can prove which value was meant; once the salt is deleted nobody can, not even with the key. A subject is
// a salt, a reference (the commitment to its first name) and lookups that find it.
import { createHmac, randomBytes } from 'node:crypto'
import type { Database } from './database.js'

/** A name that finds a subject. A person has a `person` key and `name`s: subject claim and email. */
export type SubjectName = {
  readonly kind: 'person' | 'name' | 'stream' | 'address'
  readonly text: string
}

/** `salt` null: the subject was erased. */
export type Subject = { readonly ref: string; readonly salt: Uint8Array | null }

export type Subjects = {
  /** The subject with the first name, created when there is none; it gets all the names. */
  of(names: readonly [SubjectName, ...SubjectName[]], atMs: number): Subject
  byRef(ref: string): Subject
  /** The references of all subjects with this name. */
  find(name: SubjectName): readonly string[]
  /** Deletes salt and lookups, so that nobody can link the remaining records to the subject. */
  erase(ref: string): void
  /** Deletes subjects last used before that time that have no records left. */
  sweep(beforeMs: number): number
}

const SALT_BYTES = 32
/** How often the time of last use is written. */
const LAST_USED_STEP_MS = 3_600_000

/** Hex. */
export function commitmentTo(value: string, salt: Uint8Array): string {
  return createHmac('sha256', salt).update(value).digest('hex')
}

/** Finds a subject's salt without storing the name; deleted together with the salt. Hex. */
function lookupOf(key: Uint8Array, { kind, text }: SubjectName): string {
  const spelled = kind === 'name' ? text.trim().toLowerCase() : text
  return createHmac('sha256', key).update(`g6-audit-lookup\0${kind}\0${spelled}`).digest('hex')
}

export function createSubjects(database: Database, key: Uint8Array): Subjects {
  type Row = { readonly ref: string; readonly salt: Uint8Array; readonly lastUsedMs: number }
  const byLookup = database.query<Row>(
    `SELECT s.ref, s.salt, s.last_used_ms AS lastUsedMs FROM lookups l JOIN subjects s ON s.ref = l.ref
     WHERE l.lookup = ? ORDER BY s.last_used_ms DESC LIMIT 1`,
  )
  const saltOf = database.query<{ readonly salt: Uint8Array }>('SELECT salt FROM subjects WHERE ref = ?')
  const refsOf = database.query<{ readonly ref: string }>('SELECT ref FROM lookups WHERE lookup = ?')
  const add = database.command('INSERT INTO subjects (ref, salt, last_used_ms) VALUES (?, ?, ?)')
  const use = database.command('UPDATE subjects SET last_used_ms = ? WHERE ref = ?')
  const addLookup = database.command('INSERT OR IGNORE INTO lookups (lookup, ref) VALUES (?, ?)')
  const deleteLookups = database.command('DELETE FROM lookups WHERE ref = ?')
  const deleteSubject = database.command('DELETE FROM subjects WHERE ref = ?')
  const unused = database.query<{ readonly ref: string }>(
    `SELECT ref FROM subjects WHERE last_used_ms < ?
     AND NOT EXISTS (SELECT 1 FROM records WHERE records.subject = subjects.ref)`,
  )

  function erase(ref: string): void {
    deleteLookups(ref)
    deleteSubject(ref)
  }

  return {
    of: (names, atMs) => {
      const [first] = names
      const found = byLookup.first(lookupOf(key, first))
      const salt = found?.salt ?? randomBytes(SALT_BYTES)
      const ref = found?.ref ?? commitmentTo(first.text, salt)
      if (found === null) add(ref, salt, atMs)
      else if (atMs - found.lastUsedMs > LAST_USED_STEP_MS) use(atMs, ref)
      for (const name of names) addLookup(lookupOf(key, name), ref)
      return { ref, salt }
    },
    byRef: ref => ({ ref, salt: saltOf.first(ref)?.salt ?? null }),
    find: name => refsOf.all(lookupOf(key, name)).map(({ ref }) => ref),
    erase,
    sweep: beforeMs => {
      const refs = unused.all(beforeMs)
      for (const { ref } of refs) erase(ref)
      return refs.length
    },
  }
}
