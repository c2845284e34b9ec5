// `g6 audit verify`: checks the chain, and that the plainly stored values and the salts match it.
import { type AuditRecord, type ChainFault, checkChain, type Fault, type Head, type Intact } from './chain.js'
import { type Database, openForReading } from './database.js'
import { readHead } from './files.js'
import { createRecords, type Records } from './store.js'
import { commitmentTo } from './subjects.js'

type SideFault = 'head_mismatch' | 'vanished' | 'kept' | 'salt'
export type TrailVerdict = Intact | Fault<ChainFault | SideFault>

type Details = {
  readonly commitments?: Readonly<Record<string, string>>
  readonly kept?: readonly string[]
  readonly erased?: string
  readonly why?: string
  readonly lastSeq?: number
}

/** `head`: one kept elsewhere, instead of the head file. Throws AuditError and SQLite errors. */
export async function verifyTrail(path: string, key: Uint8Array, head?: Head | null): Promise<TrailVerdict> {
  const database = openForReading(path)
  try {
    const evidence = head ?? (await readHead(path))
    // One state of the database, however much is written meanwhile.
    database.exec('BEGIN')
    const records = createRecords(database)
    const check = createSideCheck(database, records)
    const verdict = checkChain({
      key,
      checkpoint: records.checkpoint(),
      head: evidence,
      records: check.watch(records.from(Number.MIN_SAFE_INTEGER)),
    })
    return verdict.ok ? (check.fault() ?? verdict) : verdict
  } finally {
    database.close()
  }
}

/** Checks each record that passes against what is stored outside the chain, and remembers the first fault. */
function createSideCheck(database: Database, records: Records) {
  const salts = database.query<{ readonly salt: Uint8Array }>('SELECT salt FROM subjects WHERE ref = ?')
  let first: Fault<SideFault> | null = null
  /** References without a salt → the first record of each. */
  const saltless = new Map<string, number>()
  const erased = new Set<string>()

  function note(fault: SideFault, seq: number, message: string): void {
    if (first === null || seq < first.seq) first = { ok: false, fault, seq, message }
  }

  function check(record: AuditRecord): void {
    const { seq, operation, subject } = record
    // The chain is checked first, so the details are what was sealed: JSON.
    const details = JSON.parse(record.details) as Details
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
    const salt = subject === null ? null : (salts.first(subject)?.salt ?? null)
    if (subject !== null && salt === null && !saltless.has(subject)) saltless.set(subject, seq)
    const kept = new Map(records.kept(seq).map(({ name, value }) => [name, value]))
    for (const name of details.kept ?? []) {
      const value = kept.get(name)
      kept.delete(name)
      if (salt === null && value !== undefined) {
        note('kept', seq, `the ${name} of record ${seq} is still stored though its subject was erased`)
      } else if (salt !== null && value === undefined) {
        note('kept', seq, `the stored ${name} of record ${seq} is missing`)
      } else if (salt !== null && commitmentTo(value ?? '', salt) !== details.commitments?.[name]) {
        note('kept', seq, `the stored ${name} of record ${seq} was changed`)
      }
    }
    for (const name of kept.keys()) note('kept', seq, `the stored ${name} is not part of record ${seq}`)
  }

  /** Checks a record after the chain has accepted it. */
  function* watch(all: Iterable<AuditRecord>): Generator<AuditRecord, void, undefined> {
    for (const record of all) {
      yield record
      check(record)
    }
  }

  return {
    watch,
    fault: (): Fault<SideFault> | null => {
      for (const [ref, seq] of saltless) {
        if (!erased.has(ref))
          note('salt', seq, `the salt of the subject of record ${seq} is missing without an erasure`)
      }
      return first
    },
  }
}
