// `g6 audit verify`: checks the chain, and that every other table matches it or its MACs.
//
//   records               in the chain
//   kept                  the commitments in the chain
//   subjects, lookups     the MAC of each subject, and the newest of these MACs in the chain
//   open_streams          starts without an end in the chain
//   meta, checkpoint      signed
import type { Database } from '../../files/sqlite.js'
import { type AuditRecord, type ChainFault, checkChain, type Fault, type Head, type Intact } from './chain.js'
import { hasSeals, openForReading } from './database.js'
import { readHead } from './files.js'
import { createMeta } from './meta.js'
import { createRecords, type Records } from './records.js'
import { createSubjects } from './subjects.js'
import { detailsOf, keptFaultOf } from './trust.js'

type SideFault = 'head_mismatch' | 'vanished' | 'kept' | 'salt' | 'subject' | 'open_streams' | 'meta'
/** `unsealed`: of an earlier version, before a server opened it: the rows that find persons are not covered yet. */
export type TrailVerdict = (Intact & { readonly unsealed?: true }) | Fault<ChainFault | SideFault>

/** `head`: one kept elsewhere, instead of the head file. Throws AuditError and SQLite errors. */
export async function verifyTrail(path: string, key: Uint8Array, head?: Head | null): Promise<TrailVerdict> {
  const database = openForReading(path)
  try {
    const evidence = head ?? (await readHead(path))
    // One state of the database, however much is written meanwhile.
    database.exec('BEGIN')
    const records = createRecords(database)
    const isSealed = hasSeals(database) && createMeta(database, key).has('sealed')
    const isUnsealed = !isSealed && !records.knowsSeals()
    const check = createSideCheck(database, key, records, isUnsealed)
    const verdict = checkChain({
      key,
      checkpoint: records.checkpoint(),
      head: evidence,
      records: check.watch(records.from(Number.MIN_SAFE_INTEGER)),
    })
    if (!verdict.ok) return verdict
    return check.fault(verdict.lastSeq) ?? (isUnsealed ? { ...verdict, unsealed: true } : verdict)
  } finally {
    database.close()
  }
}

type SideCheck = {
  /** Checks each record after the chain has accepted it. */
  watch(all: Iterable<AuditRecord>): Generator<AuditRecord, void, undefined>
  /** After the last record: what of the tables does not match; the one at the lowest record. */
  fault(lastSeq: number): Fault<SideFault> | null
}

function createSideCheck(
  database: Database,
  key: Uint8Array,
  records: Records,
  isUnsealed: boolean,
): SideCheck {
  const salts = database.query<{ readonly salt: Uint8Array }>('SELECT salt FROM subjects WHERE ref = ?')
  let first: Fault<SideFault> | null = null
  /** References → the first record of each. */
  const firstOf = new Map<string, number>()
  const saltless = new Set<string>()
  const erased = new Set<string>()
  /** The newest MAC of each subject that a record has. */
  const seals = new Map<string, string>()
  /** Streams without an end → their start. */
  const open = new Map<string, number>()

  function note(fault: SideFault, seq: number, message: string): void {
    if (first === null || seq < first.seq) first = { ok: false, fault, seq, message }
  }

  function check(record: AuditRecord): void {
    const { seq, operation, subject, streamId } = record
    // The chain is checked first, so the details are what was sealed.
    const details = detailsOf(record)
    if (operation === 'audit.erase' && details.erased !== undefined) erased.add(details.erased)
    if (operation === 'audit.head_mismatch') {
      note('head_mismatch', seq, `record ${seq}: the head was ${details.why ?? 'bad'} when a server started`)
    }
    if (operation === 'audit.vanished') {
      const why = 'the database vanished while a server wrote it, and was begun again'
      note(
        'vanished',
        seq,
        `record ${seq}: ${why}; the last record before was ${details.lastSeq ?? 'unknown'}`,
      )
    }
    if (streamId !== null && operation === 'stream.start') open.set(streamId, seq)
    if (streamId !== null && operation === 'stream.end') open.delete(streamId)
    const salt = subject === null ? null : (salts.first(subject)?.salt ?? null)
    if (subject !== null) {
      if (!firstOf.has(subject)) firstOf.set(subject, seq)
      if (salt === null) saltless.add(subject)
      if (details.subjectMac !== undefined) seals.set(subject, details.subjectMac)
    }
    const why = keptFaultOf(record, details, salt, records.kept(seq))
    if (why !== null) note('kept', seq, why)
  }

  function checkSubjects(lastSeq: number): void {
    const seqOf = (ref: string): number => firstOf.get(ref) ?? lastSeq
    const whose = (ref: string): string => `the subject ${ref.slice(0, 8)} (record ${seqOf(ref)})`
    for (const ref of saltless) {
      if (!erased.has(ref)) {
        note(
          'salt',
          seqOf(ref),
          `the salt of the subject of record ${seqOf(ref)} is missing without an erasure`,
        )
      }
    }
    if (isUnsealed) return
    if (!hasSeals(database)) {
      note('subject', lastSeq, 'the MACs of the table subjects were removed')
      return
    }
    const subjects = createSubjects(database, key)
    for (const ref of subjects.changed()) {
      note('subject', seqOf(ref), `the rows of ${whose(ref)} in subjects or lookups were changed`)
    }
    for (const [ref, mac] of seals) {
      if (!saltless.has(ref) && !erased.has(ref) && subjects.sealOf(ref) !== mac) {
        note('subject', seqOf(ref), `the rows of ${whose(ref)} were put back to an earlier state`)
      }
    }
    for (const ref of erased) {
      if (subjects.byRef(ref).salt !== null) {
        note('subject', seqOf(ref), `the rows of ${whose(ref)} are there again after they were erased`)
      }
    }
  }

  function checkTables(lastSeq: number): void {
    const [extra] = database
      .query<{ readonly seq: number }>(
        'SELECT seq FROM kept WHERE seq NOT IN (SELECT seq FROM records) ORDER BY seq LIMIT 1',
      )
      .all()
    if (extra !== undefined)
      note('kept', extra.seq, `a value is stored for record ${extra.seq}, which is not there`)
    const rows = database.query<{ readonly id: string }>('SELECT stream_id AS id FROM open_streams').all()
    for (const { id } of rows) {
      if (!open.delete(id))
        note('open_streams', lastSeq, 'open_streams has a stream that no record left open')
    }
    for (const seq of open.values()) {
      note('open_streams', seq, `the stream of record ${seq} has no end, and is not in open_streams`)
    }
    const why = isUnsealed ? null : createMeta(database, key).fault()
    if (why !== null) note('meta', lastSeq, why)
  }

  return {
    *watch(all) {
      for (const record of all) {
        yield record
        check(record)
      }
    },
    fault: lastSeq => {
      checkSubjects(lastSeq)
      checkTables(lastSeq)
      return first
    },
  }
}
