// Whom records are about: a subject is a salt, a reference (the commitment to its first name) and lookups that find it.
import { commitmentTo, freshSalt, lookupOf, type SubjectName } from './commitment.js'
import type { Database } from './database.js'

/** `salt` null: the subject was erased. */
export type Subject = { readonly ref: string; readonly salt: Uint8Array | null }

/** How often the time of last use is written. */
const LAST_USED_STEP_MS = 3_600_000

export type Subjects = {
  /** The subject of these names, made when there is none; the first name decides. */
  of(names: readonly [SubjectName, ...SubjectName[]], atMs: number): Subject
  byRef(ref: string): Subject
  /** The references of everybody who goes by this name. */
  find(name: SubjectName): readonly string[]
  /** Deletes salt and lookups: what is left of the subject cannot be linked to anybody. */
  erase(ref: string): void
  /** Deletes those whose last use was before and of whom no record is left. */
  sweep(beforeMs: number): number
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
      const salt = found?.salt ?? freshSalt()
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
