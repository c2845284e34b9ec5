// The audit trail as a database: adds records in transactions, keeps the chain, ends streams that a crash left open,
// removes what is too old behind a signed checkpoint, and erases subjects. Synchronous; when a call returns, what it did
// is on the disk; when it throws, nothing of it happened.
import { macOf, signatureOf, type Unsealed } from './chain.js'
import { signCheckpoint } from './check-chain.js'
import { commitmentTo, type SubjectName } from './commitment.js'
import { openForWriting } from './database.js'
import { canonicalJson, type Draft, ownDraft } from './draft.js'
import { AuditError } from './errors.js'
import { createRecords, type Link, type Records } from './records.js'
import { createSubjects, type Subject } from './subjects.js'

export type Swept = { readonly records: number; readonly subjects: number }
export type Erased = { readonly subjects: number; readonly records: number }

export type AuditStore = {
  readonly records: Records
  append(drafts: readonly Draft[]): void
  /** Gives every stream that has no end one, with reason `crashed`. Returns how many. */
  endOpenStreams(atMs: number): number
  /** Removes at most `limit` of the records before `beforeMs`. 0 records: there is nothing more to remove. */
  sweep(beforeMs: number, atMs: number, limit: number): Swept
  /** Forgets whoever goes by one of these names, and records that it did. */
  erase(names: readonly SubjectName[], atMs: number): Erased
  close(): void
}

/** Throws AuditError `wrong_key`, or what SQLite says. */
export function openStore(path: string, key: Uint8Array): AuditStore {
  const database = openForWriting(path)
  try {
    checkKey()
  } catch (error) {
    database.close()
    throw error
  }
  const records = createRecords(database)
  const subjects = createSubjects(database, key)
  const insert = database.command(
    'INSERT INTO records (seq, at_ms, operation, stream_id, subject, details, mac) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const keep = database.command('INSERT INTO kept (seq, name, value) VALUES (?, ?, ?)')
  const openStream = database.command('INSERT OR IGNORE INTO open_streams (stream_id) VALUES (?)')
  const endStream = database.command('DELETE FROM open_streams WHERE stream_id = ?')
  const stillOpen = database.query<{ readonly streamId: string }>(
    'SELECT stream_id AS streamId FROM open_streams ORDER BY stream_id',
  )
  const keptOfSubject = database.command(
    'DELETE FROM kept WHERE seq IN (SELECT seq FROM records WHERE subject = ?)',
  )
  const countOfSubject = database.query<{ readonly count: number }>(
    'SELECT count(*) AS count FROM records WHERE subject = ?',
  )
  const oldest = database.query<{ readonly seq: number }>('SELECT seq FROM records ORDER BY seq LIMIT 1')
  const firstKept = database.query<{ readonly seq: number }>(
    'SELECT seq FROM records WHERE at_ms >= ? ORDER BY seq LIMIT 1',
  )
  const macAt = database.query<{ readonly mac: string }>('SELECT mac FROM records WHERE seq = ?')
  const setCheckpoint = database.command(
    'INSERT OR REPLACE INTO checkpoint (one, through_seq, mac, at_ms, signature) VALUES (1, ?, ?, ?, ?)',
  )
  const deleteRecords = database.command('DELETE FROM records WHERE seq <= ?')
  const deleteKept = database.command('DELETE FROM kept WHERE seq <= ?')

  function checkKey(): void {
    const mark = signatureOf(key, 'key', [])
    database.command("INSERT OR IGNORE INTO meta (name, value) VALUES ('key', ?)")(mark)
    const row = database
      .query<{ readonly value: string }>("SELECT value FROM meta WHERE name = 'key'")
      .first()
    if (row?.value !== mark) {
      throw new AuditError(
        'wrong_key',
        `the audit trail ${path} was written with another key (G6_AUDIT_KEY, else the file ${path}.key)`,
      )
    }
  }

  /** What follows a start belongs to whom the start belonged to, also when that subject was erased meanwhile. */
  function subjectOf({ streamId, operation, subject: [first, ...more], atMs }: Draft): Subject | null {
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
      }),
    }
    const mac = macOf(key, previous.mac, unsealed)
    insert(seq, atMs, operation, streamId, unsealed.subject, unsealed.details, mac)
    for (const name of keptNames) keep(seq, name, secrets[name] ?? '')
    if (streamId !== null && operation === 'stream.start') openStream(streamId)
    if (streamId !== null && operation === 'stream.end') endStream(streamId)
    return { seq, mac }
  }

  /** In a transaction, so that nobody else adds one in between. */
  function addAll(drafts: readonly Draft[]): void {
    drafts.reduce((previous: Link, draft) => add(draft, previous), records.last())
  }

  /** What is deleted is overwritten in the database; the write-ahead log still has it until it is begun anew. */
  function startLogAnew(): void {
    // A reader (`g6 audit verify`) may hold on to the log for long; batches must not wait for that.
    database.exec('PRAGMA busy_timeout = 500; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 5000')
  }

  return {
    records,
    append: drafts => database.transaction(() => addAll(drafts)),
    endOpenStreams: atMs => {
      const left = stillOpen.all()
      if (left.length === 0) return 0
      const ends = left.map(
        ({ streamId }): Draft => ({
          atMs,
          operation: 'stream.end',
          streamId,
          subject: [],
          secrets: {},
          kept: [],
          details: { reason: 'crashed' },
        }),
      )
      database.transaction(() => addAll(ends))
      return left.length
    },
    sweep: (beforeMs, atMs, limit) => {
      const swept = database.transaction(() => {
        const first = oldest.first()
        const through =
          first === null
            ? 0
            : Math.min((firstKept.first(beforeMs)?.seq ?? records.last().seq + 1) - 1, first.seq + limit - 1)
        const mac = macAt.first(through)?.mac
        let removed = 0
        if (mac !== undefined) {
          const point = signCheckpoint(key, { throughSeq: through, mac, atMs })
          setCheckpoint(point.throughSeq, point.mac, point.atMs, point.signature)
          removed = deleteRecords(through)
          deleteKept(through)
        }
        return { records: removed, subjects: subjects.sweep(beforeMs) }
      })
      if (swept.records > 0) startLogAnew()
      return swept
    },
    erase: (names, atMs) => {
      const erased = database.transaction(() => {
        const refs = [...new Set(names.flatMap(name => subjects.find(name)))]
        let count = 0
        for (const ref of refs) {
          const ofSubject = countOfSubject.first(ref)?.count ?? 0
          count += ofSubject
          keptOfSubject(ref)
          subjects.erase(ref)
          addAll([ownDraft('audit.erase', atMs, { erased: ref, records: ofSubject })])
        }
        return { subjects: refs.length, records: count }
      })
      startLogAnew()
      return erased
    },
    close: () => {
      try {
        startLogAnew()
      } catch {
        // A full disk, say: the next opening takes it from the log.
      }
      database.close()
    },
  }
}
