// The subjects of records. What could identify somebody is stored as a commitment: HMAC-SHA-256 under the salt of the subject.
// With the salt one can prove which value was meant; once the salt is deleted nobody can, not even with the key. A subject is
// a salt, a reference (the commitment to its first name) and lookups that find it.
//
// These rows decide on whom `export` and `erase` act, and they change and leave, so they are not in the chain themselves: each
// subject has a MAC over its row and all its lookups, under a key of its own, and the record that changed them has that MAC.
import { createHmac, randomBytes } from 'node:crypto'
import type { Database } from '../../files/sqlite.js'
import { isSameMac } from './chain.js'

/** A name that finds a subject. A person has a `person` key and `name`s: subject claim and email. */
export type SubjectName = {
  readonly kind: 'person' | 'name' | 'stream' | 'address'
  readonly text: string
}

/** `salt` null: the subject was erased. */
export type Subject = { readonly ref: string; readonly salt: Uint8Array | null }

/** `mac`: the new MAC of its rows, when they were changed by this; null otherwise. */
export type Found = Subject & { readonly mac: string | null }

export type Subjects = {
  /** A transaction began: until the next, nobody else changes the rows that were read. */
  begin(): void
  /** The subject with the first name, created when there is none; it gets all the names. Rows with a wrong MAC find nobody. */
  of(names: readonly [SubjectName, ...SubjectName[]], atMs: number): Found
  byRef(ref: string): Found
  /** The references of all subjects with this name. */
  find(name: SubjectName): readonly string[]
  /** The same by the lookup of the name. */
  findBy(lookup: string): readonly string[]
  /** Deletes salt and lookups, so that nobody can link the remaining records to the subject. */
  erase(ref: string): void
  /** Deletes subjects last used before that time that have no records left. */
  sweep(beforeMs: number): number
  /** Gives every subject its MAC, whatever it has. Returns how many. */
  sealAll(): number
  /** The MAC of the subject's rows where it is the right one, else null. */
  sealOf(ref: string): string | null
  /** All with a wrong MAC, and those that only lookups name. */
  changed(): ReadonlySet<string>
}

const SALT_BYTES = 32
/** How often the time of last use is written. */
const LAST_USED_STEP_MS = 3_600_000

/** Hex. */
export function commitmentTo(value: string, salt: Uint8Array): string {
  return createHmac('sha256', salt).update(value).digest('hex')
}

/**
 * Finds a subject's salt without storing the name, the same in every trail with this key; deleted together with the salt. Hex.
 */
export function lookupOf(key: Uint8Array, { kind, text }: SubjectName): string {
  const spelled = kind === 'name' ? text.trim().toLowerCase() : text
  return createHmac('sha256', key).update(`g6-audit-lookup\0${kind}\0${spelled}`).digest('hex')
}

/** Rows fetched at once. */
const PAGE = 500

export function createSubjects(database: Database, key: Uint8Array): Subjects {
  type Row = {
    readonly ref: string
    readonly salt: Uint8Array
    readonly lastUsedMs: number
    readonly mac: string | null
  }
  type Ref = { readonly ref: string }
  const byLookup = database.query<Ref>(
    `SELECT s.ref FROM lookups l JOIN subjects s ON s.ref = l.ref WHERE l.lookup = ? ORDER BY s.last_used_ms DESC`,
  )
  const byRef = database.query<Row>(
    'SELECT ref, salt, last_used_ms AS lastUsedMs, mac FROM subjects WHERE ref = ?',
  )
  const page = database.query<Ref>(`SELECT ref FROM subjects WHERE ref > ? ORDER BY ref LIMIT ${PAGE}`)
  const refsOf = database.query<Ref>('SELECT ref FROM lookups WHERE lookup = ?')
  const lookupsOf = database.query<{ readonly lookup: string }>(
    'SELECT lookup FROM lookups WHERE ref = ? ORDER BY lookup',
  )
  const orphans = database.query<Ref>(
    'SELECT DISTINCT ref FROM lookups WHERE ref NOT IN (SELECT ref FROM subjects)',
  )
  const add = database.command("INSERT INTO subjects (ref, salt, last_used_ms, mac) VALUES (?, ?, ?, '')")
  const use = database.command('UPDATE subjects SET last_used_ms = ? WHERE ref = ?')
  const setMac = database.command('UPDATE subjects SET mac = ? WHERE ref = ?')
  const addLookup = database.command('INSERT OR IGNORE INTO lookups (lookup, ref) VALUES (?, ?)')
  const deleteLookups = database.command('DELETE FROM lookups WHERE ref = ?')
  const deleteSubject = database.command('DELETE FROM subjects WHERE ref = ?')
  const unused = database.query<Ref>(
    `SELECT ref FROM subjects WHERE last_used_ms < ?
     AND NOT EXISTS (SELECT 1 FROM records WHERE records.subject = subjects.ref)`,
  )
  const sealKey = createHmac('sha256', key).update('g6-audit-subjects-key').digest()

  function macOfRows({ ref, salt, lastUsedMs }: Row): string {
    const lookups = lookupsOf.all(ref).map(({ lookup }) => lookup)
    const rows = ['g6-audit-subject-1', ref, Buffer.from(salt).toString('hex'), lastUsedMs, lookups]
    return createHmac('sha256', sealKey).update(JSON.stringify(rows)).digest('hex')
  }
  /** Null: missing, or with a wrong MAC. */
  function sealed(ref: string): Row | null {
    const row = byRef.first(ref)
    return row?.mac != null && isSameMac(row.mac, macOfRows(row)) ? row : null
  }

  const findBy = (lookup: string): readonly string[] => refsOf.all(lookup).map(({ ref }) => ref)

  /** Rows that were checked in this transaction. */
  const checked = new Map<string, Row>()

  function checkedOnce(ref: string): Row | null {
    const row = checked.get(ref) ?? sealed(ref)
    if (row !== null) checked.set(ref, row)
    return row
  }

  function seal(ref: string): string | null {
    checked.delete(ref)
    const row = byRef.first(ref)
    if (row === null) return null
    const mac = macOfRows(row)
    setMac(mac, ref)
    return mac
  }

  function* all(): Generator<string, void, undefined> {
    for (let after = ''; ; ) {
      const refs = page.all(after).map(({ ref }) => ref)
      yield* refs
      const last = refs.at(-1)
      if (last === undefined || refs.length < PAGE) return
      after = last
    }
  }

  function erase(ref: string): void {
    checked.delete(ref)
    deleteLookups(ref)
    deleteSubject(ref)
  }

  return {
    begin: () => checked.clear(),
    of: (names, atMs) => {
      const [first] = names
      const found =
        byLookup
          .all(lookupOf(key, first))
          .map(({ ref }) => checkedOnce(ref))
          .find(row => row !== null) ?? null
      const salt = found?.salt ?? randomBytes(SALT_BYTES)
      const ref = found?.ref ?? commitmentTo(first.text, salt)
      let isChanged = found === null || atMs - found.lastUsedMs > LAST_USED_STEP_MS
      if (found === null) add(ref, salt, atMs)
      else if (isChanged) use(atMs, ref)
      for (const name of names) if (addLookup(lookupOf(key, name), ref) > 0) isChanged = true
      return { ref, salt, mac: isChanged ? seal(ref) : null }
    },
    byRef: ref => ({ ref, salt: checkedOnce(ref)?.salt ?? null, mac: null }),
    find: name => findBy(lookupOf(key, name)),
    findBy,
    erase,
    sweep: beforeMs => {
      const refs = unused.all(beforeMs)
      for (const { ref } of refs) erase(ref)
      return refs.length
    },
    sealAll: () => {
      let count = 0
      for (const ref of all()) if (seal(ref) !== null) count++
      return count
    },
    sealOf: ref => sealed(ref)?.mac ?? null,
    changed: () => {
      const refs = new Set(orphans.all().map(({ ref }) => ref))
      for (const ref of all()) if (sealed(ref) === null) refs.add(ref)
      return refs
    },
  }
}
