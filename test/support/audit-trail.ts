// Shared by the audit trail's tests: a trail in its own folder, entries to write, and readers of the records.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type AuditDesk, type Opened, openDesk } from '../../src/chat/audit/desk.js'
import { draftOf } from '../../src/chat/audit/draft.js'
import { loadKey } from '../../src/chat/audit/key.js'
import { newestRecords, type ShownRecord } from '../../src/chat/audit/read.js'
import { verifyTrail } from '../../src/chat/audit/verify.js'
import type { AuditEntry, Person } from '../../src/chat/seams.js'

export const DAY_MS = 86_400_000
export const NOW_MS = 1_700_000_000_000
export const ALICE: Person = {
  key: 'iss|alice',
  email: 'Alice@Example.org',
  role: 'member',
  tokenId: 't-alice',
}
export const BOB: Person = { key: 'iss|bob', email: null, role: null, tokenId: 't-bob' }

export const start = (streamId: string, person: Person | null = null, atMs = NOW_MS): AuditEntry => ({
  operation: 'stream.start',
  streamId,
  connectionId: `c-${streamId}`,
  requestId: `r-${streamId}`,
  person,
  query: `the question of ${streamId}`,
  sessionId: 'session-1',
  upstream: 'http://rag',
  atMs,
})
export const end = (streamId: string, person: Person | null = null, atMs = NOW_MS): AuditEntry => ({
  operation: 'stream.end',
  streamId,
  connectionId: `c-${streamId}`,
  requestId: `r-${streamId}`,
  person,
  reason: 'complete',
  tokens: 3,
  bytes: 12,
  firstTokenMs: 40.4,
  durationMs: 100.6,
  upstreams: ['http://rag'],
  atMs,
})
export const refused = (address: string, person: Person | null = null, atMs = NOW_MS): AuditEntry => ({
  operation: 'security.forbidden',
  address,
  requestId: 'r-0',
  person,
  code: 'cross_site',
  atMs,
})

export class AuditTrailRig {
  path = ''
  desk: AuditDesk | null = null

  async open(asServer = true, key: string | null = null): Promise<Opened> {
    const { desk, opened } = await openDesk({ path: this.path, key, asServer }, () => NOW_MS)
    this.desk = desk
    return opened
  }

  async close(): Promise<void> {
    await this.desk?.close()
    this.desk = null
  }

  async write(entries: readonly AuditEntry[], storeEmail = false): Promise<void> {
    await this.desk?.append(entries.map(entry => draftOf(entry, { storeEmail })))
  }

  keyOf(): Uint8Array {
    return loadKey(this.path, null) ?? Buffer.alloc(0)
  }

  verify() {
    return verifyTrail(this.path, this.keyOf())
  }

  shownAll(): readonly ShownRecord[] {
    return newestRecords(this.path, 1_000)
  }
}

/** A trail for each test of the file; closed and removed after it. */
export function auditTrail(): AuditTrailRig {
  const rig = new AuditTrailRig()
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'g6-audit-'))
    rig.path = join(folder, 'audit.db')
  })
  afterEach(async () => {
    await rig.close()
    rmSync(folder, { recursive: true })
  })
  return rig
}
