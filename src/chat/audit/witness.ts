// The servers of a fleet witness each other's trails: each writes the signed heads of the others into its own chain. A file that is cut
// later, with a head that was kept from then, verifies by itself; with the chain of a witness next to it the cut is found. Pure.
import type { Fault, Head } from './chain.js'

/** `instance`: host and port of the server that signed it. */
export type SeenHead = Head & { readonly instance: string }

const HEAD = /^([!-~]{1,200}) (\d{1,15}) (\d{1,15}) ([0-9a-f]{64}) ([0-9a-f]{64})$/

/** As a witness stores it. */
export function seenText({ instance, count, atMs, mac, signature }: SeenHead): string {
  return [instance, count, atMs, mac, signature].join(' ')
}

/** Null: the text is no head. */
export function parseSeen(text: string): SeenHead | null {
  const [, instance, count, atMs, mac, signature] = HEAD.exec(text) ?? []
  if (instance === undefined || mac === undefined || signature === undefined) return null
  return { instance, count: Number(count), atMs: Number(atMs), mac, signature }
}

/** A head, and the record that says so. */
export type Witnessed = {
  readonly head: SeenHead
  readonly by: string
  readonly database: string
  readonly seq: number
}

export type WitnessedChain = {
  readonly database: string
  /** Of the servers that wrote it, as its own records say. */
  readonly instances: ReadonlySet<string>
  readonly lastSeq: number
  isSigned(head: Head): boolean
  /** The MAC of this record; null: it is missing; undefined: the retention removed it. */
  macAt(seq: number): string | null | undefined
}

export type WitnessVerdict = {
  /** By database. */
  readonly faults: ReadonlyMap<string, Fault<'witness'>>
  /** The newest head of each server whose database is not among these. */
  readonly absent: readonly Witnessed[]
}

/** Compares what was witnessed with the chains. */
export function checkWitnesses(
  chains: readonly WitnessedChain[],
  witnessed: readonly Witnessed[],
): WitnessVerdict {
  const faults = new Map<string, Fault<'witness'>>()
  const absent = new Map<string, Witnessed>()
  // The newest first, so that a cut is named with all that is missing.
  for (const each of witnessed.toSorted((a, b) => b.head.count - a.head.count)) {
    const { head } = each
    if (head.count === 0 || chains.some(chain => chain.macAt(head.count) === head.mac)) continue
    const owners = chains.filter(({ instances }) => instances.has(head.instance))
    if (owners.some(chain => chain.macAt(head.count) === undefined)) continue
    if (owners.length === 0 && !absent.has(head.instance)) absent.set(head.instance, each)
    for (const chain of owners)
      if (!faults.has(chain.database)) faults.set(chain.database, faultOf(chain, each))
  }
  return { faults, absent: [...absent.values()] }
}

function faultOf(chain: WitnessedChain, { head, by, database, seq }: Witnessed): Fault<'witness'> {
  const { count, instance } = head
  const source = `${by} witnessed record ${count} of ${instance} (record ${seq} of ${database})`
  const bad = (at: number, what: string): Fault<'witness'> => {
    return { ok: false, fault: 'witness', seq: at, message: `${what}: ${source}` }
  }
  if (!chain.isSigned(head)) {
    return bad(
      count,
      'the database was replaced, or another program wrote to Redis; its key did not sign this head',
    )
  }
  return chain.macAt(count) === null
    ? bad(chain.lastSeq + 1, `records ${chain.lastSeq + 1} to ${count} are missing at the end`)
    : bad(count, `record ${count} is another one than before`)
}
