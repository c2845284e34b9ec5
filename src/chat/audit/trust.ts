// On whom `export` and `erase` act: the subjects with a name, when every row that says so is as the trail wrote it. Where a row of
// the person was changed from outside, nothing is done: it could be done to somebody else.
import type { Database } from '../../files/sqlite.js'
import { type AuditRecord, isSameMac, macOf } from './chain.js'
import { hasSeals } from './database.js'
import { AuditError } from './files.js'
import { createMeta } from './meta.js'
import { createRecords, type KeptValue, type Records } from './records.js'
import { commitmentTo, createSubjects, lookupOf, type SubjectName } from './subjects.js'

/** What this program itself reads again of a record's details. */
export type Details = {
  readonly commitments?: Readonly<Record<string, string>>
  readonly kept?: readonly string[]
  readonly erased?: string
  readonly subjectMac?: string
  readonly why?: string
  readonly lastSeq?: number
  /** Of a witness: which server it was, and the heads of the others. */
  readonly by?: string
  readonly heads?: readonly string[]
}

/** Of a record that is as it was sealed: JSON. */
export const detailsOf = (record: AuditRecord): Details => JSON.parse(record.details) as Details

/** What is wrong with the values stored plainly for a record; null: nothing. `salt` null: its subject was erased. */
export function keptFaultOf(
  { seq }: AuditRecord,
  { kept: names = [], commitments }: Details,
  salt: Uint8Array | null,
  values: readonly KeptValue[],
): string | null {
  const kept = new Map(values.map(({ name, value }) => [name, value]))
  for (const name of names) {
    const value = kept.get(name)
    kept.delete(name)
    if (salt === null && value !== undefined) {
      return `the ${name} of record ${seq} is still stored though its subject was erased`
    }
    if (salt !== null && value === undefined) return `the stored ${name} of record ${seq} is missing`
    if (salt !== null && commitmentTo(value ?? '', salt) !== commitments?.[name]) {
      return `the stored ${name} of record ${seq} was changed`
    }
  }
  for (const name of kept.keys()) return `the stored ${name} is not part of record ${seq}`
  return null
}

/** References of the subjects that a record says were erased. */
export function erasedRefs(database: Database): ReadonlySet<string> {
  const rows = database
    .query<{ readonly details: string }>("SELECT details FROM records WHERE operation = 'audit.erase'")
    .all()
  return new Set(rows.flatMap(({ details }) => (JSON.parse(details) as Details).erased ?? []))
}

/** Gets what in the trail is not as it was written and may concern the person all the same. */
export type Warn = (text: string) => void

function refused(why: string): AuditError {
  return new AuditError('changed', `nothing was done: ${why}; run g6 audit verify`)
}

/** The references of all subjects with one of these names. Throws AuditError `changed`. */
export function findTrusted(
  database: Database,
  key: Uint8Array,
  names: readonly SubjectName[],
  warn: Warn,
): readonly string[] {
  return findByLookups(
    database,
    key,
    names.map(name => lookupOf(key, name)),
    warn,
  )
}

/** The same by the lookups of the names. */
export function findByLookups(
  database: Database,
  key: Uint8Array,
  lookups: readonly string[],
  warn: Warn,
): readonly string[] {
  if (!hasSeals(database) || !createMeta(database, key).has('sealed')) {
    throw refused(
      'the rows that find a person have no MACs (a server that opens a database of an earlier version adds them)',
    )
  }
  const subjects = createSubjects(database, key)
  const records = createRecords(database)
  const refs = [...new Set(lookups.flatMap(subjects.findBy))]
  const changed = subjects.changed()
  const erased = erasedRefs(database)
  for (const ref of refs) {
    if (changed.has(ref)) throw refused('rows that find this person were changed from outside')
    if (erased.has(ref)) throw refused('rows of this person are there again after they were erased')
    const why = recordsFaultOf(records, key, ref, subjects.byRef(ref).salt, subjects.sealOf(ref))
    if (why !== null) throw refused(why)
  }
  if (refs.length === 0 && changed.size > 0) {
    throw refused(
      `nobody of that name is found, but the rows of ${changed.size} persons were changed from outside`,
    )
  }
  if (changed.size > 0) warn(`the rows of ${changed.size} other persons were changed from outside`)
  if (records.hasGap()) warn('records are missing from the trail; they may be of this person')
  return refs
}

/** Null: every record of the subject is sealed, and what is stored next to it fits. */
function recordsFaultOf(
  records: Records,
  key: Uint8Array,
  ref: string,
  salt: Uint8Array | null,
  seal: string | null,
): string | null {
  let lastSeal: string | undefined
  for (const record of records.ofSubject(ref)) {
    const before = records.before(record.seq)
    if (before === null || !isSameMac(macOf(key, before, record), record.mac)) {
      return `record ${record.seq} of this person, or the one before it, was changed from outside`
    }
    const details = detailsOf(record)
    const why = keptFaultOf(record, details, salt, records.kept(record.seq))
    if (why !== null) return why
    lastSeal = details.subjectMac ?? lastSeal
  }
  return lastSeal === undefined || lastSeal === seal
    ? null
    : 'rows that find this person were put back to an earlier state'
}
