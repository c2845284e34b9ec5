// `g6 audit verify` of several databases: each by itself, then what the servers of a fleet witnessed of each other.
import { type AuditRecord, type Fault, isSameMac, signHead } from './chain.js'
import { openForReading } from './database.js'
import { createRecords } from './records.js'
import { detailsOf } from './trust.js'
import { type TrailVerdict, verifyTrail } from './verify.js'
import { checkWitnesses, parseSeen, type Witnessed, type WitnessedChain } from './witness.js'

export type GivenTrail = { readonly path: string; readonly key: Uint8Array }

export type FleetVerdict = {
  readonly trails: readonly {
    readonly database: string
    readonly verdict: TrailVerdict | Fault<'witness'>
  }[]
  readonly absent: readonly Witnessed[]
}

/** Throws AuditError and SQLite errors. */
export async function verifyTrails(given: readonly GivenTrail[]): Promise<FleetVerdict> {
  const databases = given.map(({ path, key }) => ({ path, key, database: openForReading(path) }))
  try {
    // All witnesses before any chain: servers may be writing, and a head is committed before another server sees it.
    const opened = databases.map(({ path, key, database }) => {
      const records = createRecords(database)
      const found = records.ofOperation('audit.witness')
      return { path, key, records, ...readWitnesses(path, found) }
    })
    const own = []
    for (const { path, key } of given) own.push({ database: path, verdict: await verifyTrail(path, key) })
    const chains = opened.map(({ path, key, records, instances }): WitnessedChain => {
      const { throughSeq = 0, mac = null } = records.checkpoint() ?? {}
      return {
        database: path,
        instances,
        lastSeq: records.last().seq,
        isSigned: head => isSameMac(signHead(key, head).signature, head.signature),
        macAt: seq => {
          if (seq < throughSeq) return undefined
          return seq === throughSeq ? mac : records.before(seq + 1)
        },
      }
    })
    const { faults, absent } = checkWitnesses(
      chains,
      opened.flatMap(({ witnessed }) => witnessed),
    )
    const trails = own.map(({ database, verdict }) => {
      // What is wrong with the chain by itself says more.
      return { database, verdict: verdict.ok ? (faults.get(database) ?? verdict) : verdict }
    })
    return { trails, absent }
  } finally {
    for (const { database } of databases) database.close()
  }
}

function readWitnesses(path: string, records: readonly AuditRecord[]) {
  const instances = new Set<string>()
  const witnessed: Witnessed[] = []
  for (const record of records) {
    const { by, heads = [] } = detailsOf(record)
    if (by === undefined) continue
    instances.add(by)
    for (const text of heads) {
      const head = parseSeen(text)
      if (head !== null) witnessed.push({ head, by, database: path, seq: record.seq })
    }
  }
  return { instances, witnessed }
}
