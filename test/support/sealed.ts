// A chain of audit records made in one go.
import { type AuditRecord, macOf, type Unsealed } from '../../src/chat/audit/chain.js'

/** The records that follow `previousMac`, sealed. */
export function seal(
  key: Uint8Array,
  previousMac: string,
  records: readonly Unsealed[],
): readonly AuditRecord[] {
  let mac = previousMac
  return records.map(record => {
    mac = macOf(key, mac, record)
    return { ...record, mac }
  })
}
