// `g6 audit verify`: the chain, and that what stands beside it (values that are kept, salts) agrees with it.
import type { AuditRecord } from './chain.js'
import { type ChainVerdict, checkChain, type Head } from './check-chain.js'
import { commitmentTo } from './commitment.js'
import { type Database, openForReading } from './database.js'
import { readHead } from './head-file.js'
import { createRecords, type Records } from './records.js'

export type TrailVerdict =
  | Extract<ChainVerdict, { ok: true }>
  | {
      readonly ok: false
      readonly fault: Extract<ChainVerdict, { ok: false }>['fault'] | 'head_mismatch' | 'kept' | 'salt'
      readonly seq: number
      readonly message: string
    }

type Details = {
  readonly commitments?: Readonly<Record<string, string>>
  readonly kept?: readonly string[]
  readonly erased?: string
  readonly why?: string
}

/** `head`: one that was kept elsewhere, instead of the one beside the database. Throws AuditError and what SQLite says. */
export async function verifyTrail(path: string, key: Uint8Array, head?: Head | null): Promise<TrailVerdict> {
  const database = openForReading(path)
  try {
    const evidence = head ?? (await readHead(path))
    // One state of the database, however much is written meanwhile.
    database.exec('BEGIN')
    const records = createRecords(database)
    const beside = createBeside(database, records)
    const checkpoint = records.checkpoint()
    const verdict = checkChain({
      key,
      checkpoint,
      head: evidence,
      records: beside.watch(records.from(Number.MIN_SAFE_INTEGER)),
    })
    return verdict.ok ? (beside.fault() ?? verdict) : verdict
  } finally {
    database.close()
  }
}

/** Looks at the records that pass by, and remembers the first thing beside them that does not agree. */
function createBeside(database: Database, records: Records) {
  const salts = database.query<{ readonly salt: Uint8Array }>('SELECT salt FROM subjects WHERE ref = ?')
  let first: Extract<TrailVerdict, { ok: false }> | null = null
  /** References without a salt → the first record of each. */
  const saltless = new Map<string, number>()
  const erased = new Set<string>()

  function note(fault: 'head_mismatch' | 'kept' | 'salt', seq: number, message: string): void {
    if (first === null || seq < first.seq) first = { ok: false, fault, seq, message }
  }

  function look(record: AuditRecord): void {
    const { seq, operation, subject } = record
    // The chain is checked first: what reads as no JSON is named there.
    const details = JSON.parse(record.details) as Details
    if (operation === 'audit.erase' && details.erased !== undefined) erased.add(details.erased)
    if (operation === 'audit.head_mismatch') {
      note('head_mismatch', seq, `record ${seq} says that the head was ${details.why ?? 'bad'} at a start`)
    }
    const salt = subject === null ? null : (salts.first(subject)?.salt ?? null)
    if (subject !== null && salt === null && !saltless.has(subject)) saltless.set(subject, seq)
    const kept = new Map(records.kept(seq).map(({ name, value }) => [name, value]))
    for (const name of details.kept ?? []) {
      const value = kept.get(name)
      kept.delete(name)
      if (salt === null && value !== undefined) {
        note('kept', seq, `the ${name} of record ${seq} is kept though its subject was erased`)
      } else if (salt !== null && value === undefined) {
        note('kept', seq, `the ${name} of record ${seq} was kept and is missing`)
      } else if (salt !== null && commitmentTo(value ?? '', salt) !== details.commitments?.[name]) {
        note('kept', seq, `the ${name} of record ${seq} is not the one it was written with`)
      }
    }
    for (const name of kept.keys())
      note('kept', seq, `record ${seq} knows nothing of the ${name} kept for it`)
  }

  function* watch(all: Iterable<AuditRecord>): Generator<AuditRecord, void, undefined> {
    let before: AuditRecord | null = null
    for (const record of all) {
      // A record is looked at once the chain has passed it.
      if (before !== null) look(before)
      before = record
      yield record
    }
    if (before !== null) look(before)
  }

  return {
    watch,
    fault: (): TrailVerdict | null => {
      for (const [ref, seq] of saltless) {
        if (!erased.has(ref))
          note('salt', seq, `the subject of record ${seq} has lost its salt without an erasure`)
      }
      return first
    },
  }
}
