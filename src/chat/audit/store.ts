// The audit trail as a database: adds records in transactions, keeps the chain, ends streams that a crash left open, removes
// old records up to a signed checkpoint, and erases subjects. Synchronous: when a call returns, its work is on the disk; when
// it throws, nothing was changed.
import { randomUUID } from 'node:crypto'
import { macOf, signCheckpoint, type Unsealed } from './chain.js'
import { openForWriting } from './database.js'
import { canonicalJson, type Draft, ownDraft } from './draft.js'
import {
  type CarriedOut,
  type ErasureRequest,
  isSigned,
  openErasureRequests,
  signRequest,
} from './erasure-requests.js'
import { AuditError } from './files.js'
import { createMeta } from './meta.js'
import { createRecords, type Link, type Records } from './records.js'
import { commitmentTo, createSubjects, type Found, lookupOf, type SubjectName } from './subjects.js'
import { findByLookups, type Warn } from './trust.js'

/** How many subjects and records were removed or erased. */
export type Removed = { readonly subjects: number; readonly records: number }

/** `request`: the others of the fleet are asked too; its id. */
export type Erased = Removed & { readonly request?: string }

export type AuditStore = {
  readonly records: Records
  append(drafts: readonly Draft[]): void
  /**
   * Gives the rows of subjects their MACs where they have none yet: in a new database, and once in one of an earlier version,
   * whose chain then says since when. `removed`: they had them, and the mark of that is gone.
   */
  seal(atMs: number): 'sealed' | 'removed'
  /** Ends every open stream with reason `crashed`. Returns how many. */
  endOpenStreams(atMs: number): number
  /** Removes at most `limit` records from before `beforeMs`. 0 records: nothing is left to remove. */
  sweep(beforeMs: number, atMs: number, limit: number): Removed
  /**
   * Erases the subjects with these names, and records that; where the trail is shared it is a request to all servers. Throws
   * AuditError `changed` when their rows cannot be trusted.
   */
  erase(names: readonly SubjectName[], atMs: number, warn?: Warn): Erased
  /** What the servers of the fleet may still have to carry out. */
  requests(nowMs: number): readonly ErasureRequest[]
  /** Carries out those that were not carried out here, each at once and with its record; an answer for each. */
  carryOut(requests: readonly ErasureRequest[], nowMs: number): readonly CarriedOut[]
  close(): void
}

/** Throws AuditError `wrong_key` and SQLite errors. */
export function openStore(path: string, key: Uint8Array, isShared = false): AuditStore {
  const database = openForWriting(path)
  const meta = createMeta(database, key)
  try {
    checkKey()
  } catch (error) {
    database.close()
    throw error
  }
  const records = createRecords(database)
  const subjects = createSubjects(database, key)
  const erasures = openErasureRequests(database, isShared)
  const insert = database.command(
    'INSERT INTO records (seq, at_ms, operation, stream_id, subject, details, mac) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const keep = database.command('INSERT INTO kept (seq, name, value) VALUES (?, ?, ?)')
  const addOpen = database.command('INSERT OR IGNORE INTO open_streams (stream_id) VALUES (?)')
  const removeOpen = database.command('DELETE FROM open_streams WHERE stream_id = ?')
  const stillOpen = database.query<{ readonly streamId: string }>(
    'SELECT stream_id AS streamId FROM open_streams ORDER BY stream_id',
  )
  const deleteKeptOf = database.command(
    'DELETE FROM kept WHERE seq IN (SELECT seq FROM records WHERE subject = ?)',
  )
  const countOf = database.query<{ readonly count: number }>(
    'SELECT count(*) AS count FROM records WHERE subject = ?',
  )
  const oldest = database.query<{ readonly seq: number }>('SELECT seq FROM records ORDER BY seq LIMIT 1')
  const firstSince = database.query<{ readonly seq: number }>(
    'SELECT seq FROM records WHERE at_ms >= ? ORDER BY seq LIMIT 1',
  )
  const macAt = database.query<{ readonly mac: string }>('SELECT mac FROM records WHERE seq = ?')
  const setCheckpoint = database.command(
    'INSERT OR REPLACE INTO checkpoint (one, through_seq, mac, at_ms, signature) VALUES (1, ?, ?, ?, ?)',
  )
  const deleteRecords = database.command('DELETE FROM records WHERE seq <= ?')
  const deleteKept = database.command('DELETE FROM kept WHERE seq <= ?')
  const deleteOpen = database.command(
    "DELETE FROM open_streams WHERE stream_id IN (SELECT stream_id FROM records WHERE seq <= ? AND operation = 'stream.start')",
  )

  function checkKey(): void {
    const isNew = database.query("SELECT name FROM meta WHERE name = 'key'").first() === null
    if (isNew) meta.set('key')
    if (!meta.has('key')) {
      throw new AuditError(
        'wrong_key',
        `the audit trail ${path} was written with another key (G6_AUDIT_KEY, else the file ${path}.key)`,
      )
    }
  }

  /** Later records of a stream have the subject of its start, also when that subject was erased meanwhile. */
  function subjectOf({ streamId, operation, subject: [first, ...more], atMs }: Draft): Found | null {
    if (streamId !== null && operation !== 'stream.start') {
      const ref = records.subjectOfStream(streamId)
      if (ref !== undefined) return ref === null ? null : subjects.byRef(ref)
    }
    return first === undefined ? null : subjects.of([first, ...more], atMs)
  }

  /** In a transaction; returns what the next record follows. */
  function add(draft: Draft, previous: Link): Link {
    const { atMs, operation, streamId, secrets, kept, details } = draft
    const seq = previous.seq + 1
    const subject = subjectOf(draft)
    const salt = subject?.salt ?? null
    const seal = subject?.mac ?? null
    const commitments =
      salt === null
        ? {}
        : Object.fromEntries(
            Object.entries(secrets).map(([name, value]) => [name, commitmentTo(value, salt)]),
          )
    const keptNames = salt === null ? [] : kept.filter(name => secrets[name] !== undefined)
    const unsealed: Unsealed = {
      seq,
      atMs,
      operation,
      streamId,
      subject: subject?.ref ?? null,
      details: canonicalJson({
        ...details,
        ...(Object.keys(commitments).length > 0 ? { commitments } : {}),
        ...(keptNames.length > 0 ? { kept: keptNames } : {}),
        ...(seal === null ? {} : { subjectMac: seal }),
      }),
    }
    const mac = macOf(key, previous.mac, unsealed)
    insert(seq, atMs, operation, streamId, unsealed.subject, unsealed.details, mac)
    for (const name of keptNames) keep(seq, name, secrets[name] ?? '')
    if (streamId !== null && operation === 'stream.start') addOpen(streamId)
    if (streamId !== null && operation === 'stream.end') removeOpen(streamId)
    return { seq, mac }
  }

  /** In a transaction, so that no other writer adds one in between. */
  function addAll(drafts: readonly Draft[]): void {
    subjects.begin()
    drafts.reduce((previous: Link, draft) => add(draft, previous), records.last())
  }

  /** In a transaction. */
  function eraseAll(lookups: readonly string[], atMs: number, warn: Warn): Removed {
    const refs = findByLookups(database, key, lookups, warn)
    let count = 0
    for (const ref of refs) {
      const ofSubject = countOf.first(ref)?.count ?? 0
      count += ofSubject
      deleteKeptOf(ref)
      subjects.erase(ref)
      addAll([ownDraft('audit.erase', atMs, { erased: ref, records: ofSubject })])
    }
    return { subjects: refs.length, records: count }
  }

  /** In a transaction, so that it is carried out and recorded once. */
  function carryOut(request: ErasureRequest, atMs: number, warn: Warn): Removed {
    const removed = eraseAll(request.lookups, atMs, warn)
    erasures?.add(request, atMs)
    addAll([ownDraft('audit.erase_request', atMs, { request: request.id, ...removed })])
    return removed
  }

  /** SQLite overwrites what is deleted in the database, but the write-ahead log has it until it is truncated. */
  function truncateLog(): void {
    // A reader (`g6 audit verify`) may keep the log in use for long; batches must not wait for that.
    database.exec('PRAGMA busy_timeout = 500; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 5000')
  }

  return {
    records,
    append: drafts => database.transaction(() => addAll(drafts)),
    seal: atMs =>
      database.transaction(() => {
        if (meta.has('sealed')) return 'sealed'
        if (records.knowsSeals()) return 'removed'
        const count = subjects.sealAll()
        meta.set('sealed')
        if (records.last().seq > 0) addAll([ownDraft('audit.sealed', atMs, { subjects: count })])
        return 'sealed'
      }),
    endOpenStreams: atMs => {
      const left = stillOpen.all()
      const ends = left.map(({ streamId }): Draft => {
        return { ...ownDraft('stream.end', atMs, { reason: 'crashed' }), streamId }
      })
      if (ends.length > 0) database.transaction(() => addAll(ends))
      return left.length
    },
    sweep: (beforeMs, atMs, limit) => {
      const swept = database.transaction(() => {
        const first = oldest.first()?.seq
        const kept = firstSince.first(beforeMs)?.seq ?? records.last().seq + 1
        const through = first === undefined ? 0 : Math.min(kept - 1, first + limit - 1)
        const mac = macAt.first(through)?.mac
        let removed = 0
        if (mac !== undefined) {
          const point = signCheckpoint(key, { throughSeq: through, mac, atMs })
          setCheckpoint(point.throughSeq, point.mac, point.atMs, point.signature)
          deleteOpen(through)
          removed = deleteRecords(through)
          deleteKept(through)
        }
        return { records: removed, subjects: subjects.sweep(beforeMs) }
      })
      if (swept.records > 0) truncateLog()
      return swept
    },
    erase: (names, atMs, warn = () => {}) => {
      const lookups = names.map(name => lookupOf(key, name))
      const erased = database.transaction((): Erased => {
        if (erasures === null) return eraseAll(lookups, atMs, warn)
        const request = signRequest(key, { id: randomUUID(), atMs, lookups })
        return { ...carryOut(request, atMs, warn), request: request.id }
      })
      truncateLog()
      return erased
    },
    requests: nowMs => erasures?.valid(nowMs) ?? [],
    carryOut: (requests, nowMs) => {
      let erased = 0
      const answers = requests.map((request): CarriedOut => {
        if (erasures === null || erasures.isKnown(request, nowMs)) return 'known'
        if (!isSigned(key, request)) return 'foreign'
        try {
          erased += database.transaction(() => carryOut(request, nowMs, () => {})).subjects
          return 'done'
        } catch (error) {
          if (error instanceof AuditError && error.code === 'changed') return 'changed'
          throw error
        }
      })
      if (erased > 0) truncateLog()
      return answers
    },
    close: () => {
      try {
        truncateLog()
      } catch {
        // With a full disk, for example: SQLite recovers the log when the database is opened again.
      }
      database.close()
    },
  }
}
