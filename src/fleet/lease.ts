// The lease in Redis names the one publisher of the fleet's board: `<term>:<node>`. A term is one acquisition of it; terms grow.
export type Lease = {
  readonly term: number
  readonly node: string
  /** As it is in Redis: what scripts compare with. */
  readonly text: string
}

const LEASE = /^(\d{1,15}):([!-~]{1,300})$/

/** Null: nobody has it. Undefined: it is not a lease of ours. */
export function parseLease(text: string): Lease | null | undefined {
  if (text === '') return null
  const [, term, node] = LEASE.exec(text) ?? []
  return term === undefined || node === undefined ? undefined : { term: Number(term), node, text }
}
